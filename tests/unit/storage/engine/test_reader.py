from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.driver import Statement
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.sqlite import SqliteDatabase


@pytest.fixture
def database(url: str, path: Path) -> Iterator[SqliteDatabase]:
    with closing(SqliteDatabase(path, read_only=False)) as made:
        yield made


@pytest.fixture
async def reader(database: SqliteDatabase) -> AsyncIterator[DatabaseReader]:
    made = DatabaseReader(database, threads=2)
    yield made
    await made.close()


@pytest.fixture
def numbers(database: SqliteDatabase) -> Statement:
    clause = sa.text(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
        " SELECT i FROM n"
    )
    return database.statement(clause)


async def test_rows_come_back(reader: DatabaseReader, numbers: Statement) -> None:
    assert await reader.one(numbers, most=1) == (1,)
    assert await reader.few(numbers, most=2) == [(1,), (2,)]
    assert len(await reader.many(numbers, most=1_000)) == 1_000


async def test_no_row_is_none(reader: DatabaseReader, database: SqliteDatabase) -> None:
    assert await reader.one(database.statement(sa.text("SELECT 1 WHERE 0"))) is None


async def test_many_may_read_at_once(reader: DatabaseReader, numbers: Statement) -> None:
    found = await asyncio.gather(*[reader.many(numbers, most=n) for n in range(1, 40)])
    assert [len(rows) for rows in found] == list(range(1, 40))


async def test_a_failure_is_named_and_survived(
    reader: DatabaseReader, database: SqliteDatabase, numbers: Statement
) -> None:
    broken = database.statement(sa.text("SELECT secret FROM nothing"))
    for read in (reader.one, reader.many):
        with pytest.raises(DatabaseUnusable, match="cannot be read") as raised:
            await read(broken)
        assert "secret" not in str(raised.value)
    assert await reader.one(numbers, most=1) == (1,)
    assert await reader.many(numbers, most=1) == [(1,)]


async def test_an_idle_connection_that_was_cut_is_replaced(
    reader: DatabaseReader, numbers: Statement
) -> None:
    await reader.many(numbers, most=1)
    connection = reader._idle.get_nowait()
    connection.close()
    reader._idle.put(connection)
    assert await reader.many(numbers, most=1) == [(1,)]
