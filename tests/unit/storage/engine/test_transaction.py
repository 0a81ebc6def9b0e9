from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from gateway.errors import NotRecorded, StateConflict
from gateway.model.record import Change, EntryKind, leaf_hash
from gateway.ports import LogEvent
from gateway.storage.engine.driver import Cursor
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.tables import CreatorRow, EntryRuleRow, table
from gateway.storage.engine.transaction import (
    EntryColumns,
    LogWriter,
    RowCountMismatch,
    Transaction,
)
from gateway.trail.leaf import encode
from tests.stores import Clock


@pytest.fixture
def database(url: str, path: Path) -> Iterator[SqliteDatabase]:
    with closing(SqliteDatabase(path, read_only=False)) as made:
        yield made


@pytest.fixture
def cursor(database: SqliteDatabase) -> Iterator[Cursor]:
    with closing(database.connect_writer()) as connection:
        made = connection.cursor()
        made.execute("BEGIN")
        yield made


@pytest.fixture
def transaction(database: SqliteDatabase, cursor: Cursor) -> Transaction:
    log = LogWriter(database=database, encode=encode)
    return Transaction(cursor, log, database, next_seq=0)


@pytest.fixture
def change(clock: Clock) -> Change:
    return Change(
        actor="ann",
        tenant="acme",
        what="policy",
        subject="p",
        at=clock(),
        before=None,
        after=None,
    )


def test_entries_are_numbered_from_what_is_there(transaction: Transaction, change: Change) -> None:
    first, second = (transaction.append(change, EntryColumns()) for _ in range(2))
    assert [first.seq, second.seq] == [0, 1]
    assert orjson.loads(second.body)["seq"] == 1
    assert (first.kind, first.at, first.tenant) == (EntryKind.CHANGE, change.at, "acme")
    assert first.leaf == leaf_hash(first.body)


def test_an_entry_that_cannot_be_encoded_takes_no_number(
    database: SqliteDatabase, cursor: Cursor, change: Change
) -> None:
    refusals = [TypeError("secret text")]

    def encode_once(event: LogEvent, seq: int) -> bytes:
        if refusals:
            raise refusals.pop()
        return encode(event, seq)

    log = LogWriter(database=database, encode=encode_once)
    transaction = Transaction(cursor, log, database, next_seq=0)
    with pytest.raises(NotRecorded) as raised:
        transaction.append(change, EntryColumns())
    assert "secret" not in str(raised.value)
    assert transaction.append(change, EntryColumns()).seq == 0


def test_each_rule_is_noted_once(
    database: SqliteDatabase, transaction: Transaction, change: Change
) -> None:
    transaction.append(change, EntryColumns(rules=["b", "a", "b"]))
    rules = table(EntryRuleRow)
    rows = transaction.fetch(database.statement(sa.select(rules.c.rule_id, rules.c.seq)))
    assert sorted(rows) == [("a", 0), ("b", 0)]


def test_reading_sees_what_waits(database: SqliteDatabase, transaction: Transaction) -> None:
    creators = table(CreatorRow)
    insert, select = sa.insert(creators), sa.select(creators.c.id)
    statement = database.statement(insert)
    for name in ("x", "y"):
        transaction.add(statement, id=name, tenant="t", version=1, updated_at=0, settings="{}")
    assert transaction.writes == 2
    assert transaction.fetch(database.statement(select)) == [("x",), ("y",)]
    assert transaction.run(database.statement(sa.delete(creators))) == 2
    assert transaction.fetch(database.statement(select)) == []


def test_a_row_that_is_not_there_is_a_conflict(
    database: SqliteDatabase, transaction: Transaction
) -> None:
    creators = table(CreatorRow)
    update = database.statement(
        sa.update(creators).where(creators.c.id == sa.bindparam("which")).values(version=2)
    )
    transaction.add(update, which="nobody")
    transaction.flush()
    transaction.add(update, otherwise=StateConflict("gone"), which="nobody")
    with pytest.raises(RowCountMismatch) as raised:
        transaction.flush()
    assert isinstance(raised.value.error, StateConflict)


def test_it_tells_the_living_from_the_dead(
    database: SqliteDatabase, transaction: Transaction
) -> None:
    assert transaction.is_alive(database.instance_id)
    assert not transaction.is_alive("00" * 8)
