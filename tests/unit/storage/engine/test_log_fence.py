"""Who may write to a log, on SQLite; test_postgres.py has the same across servers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import DatabaseUnusable, KeysInvalid, NotRecorded
from gateway.storage.engine.log_fence import LogFence, LogFenced, LogKeyCheck, fence_problem
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.store import Store
from tests.stores import Place, Samples


def write(path: Path, sql: str, *params: Any) -> None:
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(database.connect_writer()) as connection,
    ):
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(sql, params)
        cursor.execute("COMMIT")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("moved", "was moved to postgresql://there. Set database_url to postgresql://there"),
        ("incoming", "is a copy of postgresql://there that is not complete"),
    ],
)
async def test_what_was_moved_says_where(
    place: Place, samples: Samples, path: Path, state: str, told: str
) -> None:
    store = await place.open()
    write(path, "UPDATE log_state SET state = ?, other = 'postgresql://there'", state)
    with pytest.raises(NotRecorded, match=told):
        await store.ledger.record(samples.record())
    with pytest.raises(DatabaseUnusable, match=told):
        await store.ready()
    with pytest.raises(DatabaseUnusable, match=told):
        await place.open()
    assert await store.log.size() == 0


async def test_the_same_database_can_still_be_read(
    store: Store, place: Place, samples: Samples, path: Path
) -> None:
    entry = await store.ledger.record(samples.record())
    write(path, "UPDATE log_state SET state = 'moved', other = 'there'")
    reading = await place.open(read_only=True)
    assert await reading.log.entries(0, 9) == [entry]


async def test_an_older_epoch_is_over(store: Store, samples: Samples, path: Path) -> None:
    await store.ledger.record(samples.record())
    write(path, "UPDATE log_state SET epoch = 7")
    with pytest.raises(NotRecorded, match="epoch 7, it joined in 1"):
        await store.ledger.record(samples.record())
    assert await store.log.size() == 1


async def test_other_keys_are_refused(store: Store, place: Place) -> None:
    with pytest.raises(KeysInvalid, match=r"same keyring\.json"):
        await place.open(fingerprint_key=b"x" * 32)
    await place.open()


async def test_a_database_without_its_row_is_not_written(
    store: Store, place: Place, samples: Samples, path: Path
) -> None:
    write(path, "DELETE FROM log_state")
    with pytest.raises(NotRecorded, match="restore it"):
        await store.ledger.record(samples.record())
    with pytest.raises(DatabaseUnusable, match="Restore it"):
        await place.open()


async def test_a_mover_that_died_is_no_fence(store: Store, path: Path) -> None:
    with closing(SqliteDatabase(path, read_only=False)) as mover, closing(mover.connect_writer()):
        fence = "UPDATE log_state SET state = 'switching', other = 'x', boot = ?"
        write(path, fence, mover.instance_id)
        with (
            closing(SqliteDatabase(path, read_only=False)) as database,
            closing(database.connect_writer()) as connection,
            pytest.raises(LogFenced, match="is being moved to x"),
        ):
            LogFence(database).pass_through(connection.cursor())
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(database.connect_writer()) as connection,
    ):
        assert LogFence(database).pass_through(connection.cursor())[0] == 0


async def test_where_a_key_file_was_lost_another_may_follow(store: Store, path: Path) -> None:
    with closing(SqliteDatabase(path, read_only=False)) as database:
        member = LogKeyCheck(database, fingerprint_key=b"f" * 32, key_store="another")
        with closing(database.connect_writer()) as connection:
            assert member.check(connection.cursor())
            member.record(connection.cursor())
            assert not member.check(connection.cursor())


def test_problems_say_what_to_do() -> None:
    assert fence_problem("switching", "there").endswith("Ask again in a moment")
