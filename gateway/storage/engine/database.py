"""The interface of a database engine; `sqlite.py` and `postgres.py` implement it."""

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
    """An open database.

    `instance_id` (16 hex digits, column `boot`) is new at each opening. Claims and leases carry
    it, so that those of a dead process can be told from those of a running one.
    """

    begin_migration: ClassVar[str]
    """SQL that begins the transaction of a migration."""
    inline: ClassVar[bool]
    """Whether the engine runs inside this process. Short statements then take microseconds and
    run on the event loop; only syncs need a thread."""

    def __init__(self, engine: sa.Engine, *, name: str, read_only: bool) -> None:
        self.engine = engine
        self.name = name  # fit for messages: no password
        self.read_only = read_only
        self.instance_id = secrets.token_hex(8)
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
        """Compile `clause` for this engine."""
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
        """Compile an insert that updates the row when one with the same `keys` exists.

        The update overwrites the columns `change`, keeps the larger value of the columns `latest`
        and adds to the columns `plus`, all of it only where `where` is true. Without any of the
        three, an existing row stays as it is.
        """
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
        """Run each statement with all of its rows; return for each statement how many rows it
        changed."""
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
        """Open the connection that writes, one for each process. While it is open, other
        processes see `instance_id` as alive."""

    @abstractmethod
    def connect_reader(self) -> Connection:
        """Open a connection that cannot write."""

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Keep all other processes from opening or writing; held while migrating."""

    @abstractmethod
    def try_turn(self) -> bool:
        """Take the turn to write, which one process has at a time. False: another has it."""

    @abstractmethod
    def take_turn(self) -> None:
        """Take the turn to write; blocks until it is free."""

    @abstractmethod
    def end_turn(self) -> None:
        """Give the turn to write back."""

    @abstractmethod
    def begin(self, cursor: Cursor, *, wait: bool) -> bool:
        """Begin a transaction during which no other connection can append to the log. Without
        `wait`, returns False when another connection is writing."""

    @abstractmethod
    def is_alive(self, cursor: Cursor, instance_id: str) -> bool:
        """Whether the process that opened the database under `instance_id` still has it open.
        To be called inside a writing transaction."""

    @abstractmethod
    def tidy(self, cursor: Cursor) -> None:
        """Do the engine's maintenance; the writer calls it between transactions, after some
        hundred writes."""

    @abstractmethod
    def check_space(self) -> None:
        """Raises DatabaseUnusable when the disk is nearly full, if the engine can know."""

    @abstractmethod
    def close(self) -> None:
        """Release locks and files; all connections must be closed before."""
