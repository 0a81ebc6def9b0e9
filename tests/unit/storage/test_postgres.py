from __future__ import annotations

import os
import time
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable, NotRecorded
from gateway.storage.postgres import PostgresDatabase
from gateway.storage.store import Store
from gateway.storage.transaction import Transaction
from tests.stores import Place, Samples, blank_postgres, new_database, postgres_server

__all__ = ["blank_postgres", "postgres_server"]


@pytest.fixture
def url(postgres_server: Any, blank_postgres: str) -> str:
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


async def test_it_may_not_run_without_fsync(place: Place, postgres_server: Any, url: str) -> None:
    import psycopg

    def set_fsync(value: str) -> None:
        with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET fsync = {value}")
            connection.execute("SELECT pg_reload_conf()")
            while connection.execute("SHOW fsync").fetchone() != (value,):
                time.sleep(0.02)

    set_fsync("off")
    try:
        with pytest.raises(DatabaseUnusable, match="fsync"):
            await place.open()
    finally:
        set_fsync("on")
    await place.open()


async def test_a_server_that_is_not_there_is_named_without_its_password(place: Place) -> None:
    url = "postgresql+psycopg://ann:secret@127.0.0.1:1/gateway"
    with pytest.raises(DatabaseUnusable) as raised:
        await place.open(url=url)
    assert "127.0.0.1" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_locks_have_numbers_that_postgresql_takes() -> None:
    from gateway.storage.postgres import _key

    assert -(2**63) <= _key("ff" * 8) < 0 <= _key("00" * 8) < 2**63
