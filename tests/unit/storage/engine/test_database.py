from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.storage.engine.driver import Cursor, Row
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.tables import ContactRow, table

CONTACT = table(ContactRow)


@pytest.fixture
def database(url: str, path: Path) -> Iterator[SqliteDatabase]:
    with closing(SqliteDatabase(path, read_only=False)) as made:
        yield made


@pytest.fixture
def cursor(database: SqliteDatabase) -> Iterator[Cursor]:
    with closing(database.connect_writer()) as connection:
        yield connection.cursor()


def _put(
    cursor: Cursor,
    database: SqliteDatabase,
    first: int,
    last: int,
    *,
    change: Sequence[str] = (),
    latest: Sequence[str] = (),
    where: sa.ColumnElement[bool] | None = None,
) -> tuple[int, list[Row]]:
    statement = database.upsert(CONTACT, keys=["id"], change=change, latest=latest, where=where)
    values = {"id": b"i", "subject": b"s", "first_at": first, "last_message_at": last}
    cursor.execute(statement.sql, statement.row(values))
    count = cursor.rowcount
    cursor.execute("SELECT first_at, last_message_at FROM contact")
    return count, cursor.fetchall()


def test_a_row_that_is_there_is_left_alone(database: SqliteDatabase, cursor: Cursor) -> None:
    assert _put(cursor, database, 1, 1) == (1, [(1, 1)])
    assert _put(cursor, database, 2, 2) == (0, [(1, 1)])


def test_the_latest_time_wins(database: SqliteDatabase, cursor: Cursor) -> None:
    for last, kept in ((5, 5), (9, 9), (7, 9)):
        assert _put(cursor, database, 1, last, latest=["last_message_at"]) == (1, [(1, kept)])


def test_columns_are_overwritten_where_that_is_allowed(
    database: SqliteDatabase, cursor: Cursor
) -> None:
    allowed = CONTACT.c.first_at < 5
    change = ["first_at", "last_message_at"]
    for first, answer in ((1, (1, 1)), (6, (1, 6)), (2, (0, 6))):
        count, rows = _put(cursor, database, first, first, change=change, where=allowed)
        assert (count, rows) == (answer[0], [(answer[1], answer[1])])


def test_every_opening_has_a_name_of_its_own(path: Path, url: str) -> None:
    databases = [SqliteDatabase(path, read_only=False) for _ in range(3)]
    assert len({one.instance_id for one in databases}) == 3
    for one in databases:
        one.close()


def test_statements_speak_the_dialect(database: SqliteDatabase) -> None:
    assert "?" in database.statement(sa.select(CONTACT).where(CONTACT.c.id == b"x")).sql
