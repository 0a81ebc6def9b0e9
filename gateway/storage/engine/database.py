"""What the rest of the room asks of a database engine: sqlite.py and postgres.py answer."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.storage.engine.driver import Connection, Cursor, Row, Statement


class Database(ABC):
    """One database. `boot` names this opening of it: claims and leases carry it, so that those
    of a process that died can be told from those of one that works."""

    begin_migration: ClassVar[str]
    inline: ClassVar[bool]
    """The engine runs in this process: short statements take microseconds, without a network,
    and only a sync is slow. No thread is needed for the rest."""

    def __init__(self, engine: sa.Engine, *, name: str, read_only: bool) -> None:
        self.engine = engine
        self.name = name  # fit for messages: no password
        self.read_only = read_only
        self.boot = secrets.token_hex(8)
        dbapi = (
            engine.dialect.import_dbapi() if engine.dialect.dbapi is None else engine.dialect.dbapi
        )
        self.error: type[Exception] = dbapi.Error
        self.conflict: type[Exception] = dbapi.IntegrityError
        self.rejected: tuple[type[Exception], ...] = (
            dbapi.IntegrityError,
            dbapi.DataError,
            dbapi.ProgrammingError,
        )
        """Errors about the values of a statement, not about the state of the database."""

    def statement(self, clause: sa.ClauseElement) -> Statement:
        return Statement(clause, self.engine.dialect)

    def upsert(
        self,
        table: sa.Table,
        *,
        keys: Sequence[str],
        change: Sequence[str] = (),
        latest: Sequence[str] = (),
        plus: Sequence[str] = (),
        where: sa.ColumnElement[bool] | None = None,
    ) -> Statement:
        """Insert a row; if its `keys` are there, overwrite the columns `change` (where `where`
        holds), raise the columns `latest` and add to the columns `plus`; without any, leave the
        row alone."""
        insert = sqlite.insert if self.engine.dialect.name == "sqlite" else postgresql.insert
        clause = insert(table)
        if not (change or latest or plus):
            return self.statement(clause.on_conflict_do_nothing(index_elements=keys))
        new = clause.excluded
        newer = {
            name: sa.case((new[name] > table.c[name], new[name]), else_=table.c[name])
            for name in latest
        } | {name: table.c[name] + new[name] for name in plus}
        return self.statement(
            clause.on_conflict_do_update(
                index_elements=keys, set_={name: new[name] for name in change} | newer, where=where
            )
        )

    def send(self, cursor: Cursor, batches: Iterable[tuple[str, Sequence[Row]]]) -> list[int]:
        """Run each statement with each of its rows; how many rows each of them changed."""
        changed = []
        for sql, rows in batches:
            if len(rows) == 1:
                cursor.execute(sql, rows[0])
            else:
                cursor.executemany(sql, rows)
            changed.append(cursor.rowcount)
        return changed

    @abstractmethod
    def connect_writer(self) -> Connection:
        """The one connection that writes; it also shows others that `boot` lives."""

    @abstractmethod
    def connect_reader(self) -> Connection: ...

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Held while migrating: no other process opens or writes."""

    @abstractmethod
    def try_turn(self) -> bool:
        """Take the turn to write, which only one process has at a time, or say that another
        has it."""

    @abstractmethod
    def take_turn(self) -> None:
        """Wait for the turn to write."""

    @abstractmethod
    def end_turn(self) -> None: ...

    @abstractmethod
    def begin(self, cursor: Cursor, *, wait: bool) -> bool:
        """Begin a transaction in which nobody else can append to the log. False, where one
        shall not wait for it: another connection is writing."""

    @abstractmethod
    def is_alive(self, cursor: Cursor, boot: str) -> bool:
        """Whether the process that opened the database as `boot` still has it open. Inside a
        transaction of the writer."""

    @abstractmethod
    def tidy(self, cursor: Cursor) -> None:
        """Maintenance between transactions, after about every thousand writes."""

    @abstractmethod
    def check_space(self) -> None:
        """Raises DatabaseUnusable when the disk is nearly full, where that can be known."""

    @abstractmethod
    def close(self) -> None:
        """After both kinds of connections are closed."""
