from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import NotRecorded, StateConflict
from gateway.model.record import Change, Entry
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.tables import CreatorRow, table
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter, WriteJob
from gateway.trail.leaf import encode
from tests.stores import Clock


@pytest.fixture
async def writer(url: str, path: Path) -> AsyncIterator[DatabaseWriter]:
    database = SqliteDatabase(path, read_only=False)
    made = DatabaseWriter(database=database, encode=encode)
    await made.start()
    yield made
    await made.close()
    database.close()


@pytest.fixture
def append(clock: Clock) -> Callable[[str], WriteJob[Entry]]:
    def job(subject: str) -> WriteJob[Entry]:
        change = Change(
            actor="ann",
            tenant="acme",
            what="policy",
            subject=subject,
            at=clock(),
            before=None,
            after=None,
        )
        return lambda transaction: transaction.append(change, EntryColumns(decision="policy"))

    return job


def _count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM audit_entry").fetchone()
    return int(count)


async def test_what_waits_goes_out_in_order(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]]
) -> None:
    entries = await asyncio.gather(*[writer.write(append(f"p{n}")) for n in range(300)])
    assert [entry.seq for entry in entries] == list(range(300))


async def test_an_answer_means_that_it_is_there(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]], path: Path
) -> None:
    await writer.write(append("p"))
    assert _count(path) == 1


async def test_a_refusal_before_writing_costs_the_others_nothing(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]]
) -> None:
    ran = []

    def refuse(_: Transaction) -> None:
        ran.append(1)
        raise StateConflict("too late")

    results = await asyncio.gather(
        writer.write(append("a")),
        writer.write(refuse),
        writer.write(append("b")),
        return_exceptions=True,
    )
    assert [type(one) for one in results] == [Entry, StateConflict, Entry]
    assert ran == [1]


async def test_a_failure_after_writing_is_undone_alone(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]], path: Path
) -> None:
    def fail(transaction: Transaction) -> None:
        append("half")(transaction)
        raise ZeroDivisionError

    results = await asyncio.gather(
        *map(writer.write, [append("a"), fail, append("b")]), return_exceptions=True
    )
    assert [type(one) for one in results] == [Entry, ZeroDivisionError, Entry]
    assert [one.seq for one in results if isinstance(one, Entry)] == [0, 1]
    assert _count(path) == 2


async def test_rows_that_the_database_rejects_are_not_recorded(writer: DatabaseWriter) -> None:
    creators = writer._database.statement(sa.insert(table(CreatorRow)))

    def add(transaction: Transaction) -> None:
        transaction.add(creators, tenant="t", id="c", version=1, updated_at=0, settings="{}")

    await writer.write(add)
    with pytest.raises(NotRecorded, match="rejected"):
        await writer.write(add)
    assert writer.problem == ""


async def test_one_who_gave_up_in_time_is_left_out(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]], path: Path
) -> None:
    tasks = [asyncio.ensure_future(writer.write(append(f"p{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert _count(path) == 9


async def test_it_waits_for_programs_that_know_nothing_of_the_turn(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]], path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.ensure_future(writer.write(append("p")))
        await asyncio.sleep(0.05)
        assert not task.done()
        other.execute("ROLLBACK")
    assert (await task).seq == 0


async def test_a_broken_connection_is_replaced(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]]
) -> None:
    await writer.write(append("a"))
    assert writer._connection is not None
    writer._connection.close()
    assert (await writer.write(append("b"))).seq == 1


async def test_closing_writes_what_waits(
    url: str, path: Path, append: Callable[[str], WriteJob[Entry]]
) -> None:
    database = SqliteDatabase(path, read_only=False)
    writer = DatabaseWriter(database=database, encode=encode)
    await writer.start()
    tasks = [asyncio.ensure_future(writer.write(append(f"p{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    await writer.close()
    await asyncio.gather(*tasks)
    assert _count(path) == 20
    with pytest.raises(NotRecorded):
        await writer.write(append("late"))
    await writer.close()
    database.close()


async def test_too_long_a_queue_is_refused(
    writer: DatabaseWriter,
    append: Callable[[str], WriteJob[Entry]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.storage.engine.writer._MAX_QUEUE", 5)
    results = await asyncio.gather(
        *[writer.write(append(f"p{n}")) for n in range(9)], return_exceptions=True
    )
    assert [type(one) for one in results] == [Entry] * 5 + [NotRecorded] * 4


async def test_the_wal_is_checkpointed_by_and_by(
    writer: DatabaseWriter, append: Callable[[str], WriteJob[Entry]], path: Path
) -> None:
    size = path.stat().st_size  # noqa: ASYNC240
    for _ in range(3):
        await asyncio.gather(*[writer.write(append(f"p{n}")) for n in range(400)])
    assert writer._untidied_jobs < 1_200
    assert path.stat().st_size > size + 200_000  # noqa: ASYNC240
