"""PostgreSQL, through psycopg 3 (extra `postgres`).

Advisory locks (https://www.postgresql.org/docs/current/explicit-locking.html) take the place of
SQLite's lock files: one for the transaction that appends to the log, so that entries are numbered
without gaps whichever process writes, and one for each process that lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gateway.errors import DatabaseUnusable
from gateway.storage.database import Database
from gateway.storage.driver import Connection, Cursor, Row

_LOG_LOCK = 0x6176_6774_6C6F_6701  # "avgtlog": one log for each database
_MIGRATION_LOCK = 0x6176_6774_6C6F_6702
_SESSION = (
    "SET synchronous_commit TO on",
    "SET lock_timeout TO '10s'",
    "SET statement_timeout TO '60s'",
)


class PostgresDatabase(Database):
    begin_migration = "SELECT 1"
    inline = False

    def __init__(self, url: sa.URL, *, read_only: bool) -> None:
        try:
            engine = sa.create_engine(
                url,
                poolclass=NullPool,
                paramstyle="format",
                connect_args={"connect_timeout": 10, "application_name": "avatar-gateway"},
            )
        except ImportError as error:
            raise DatabaseUnusable(
                "database_url",
                "psycopg is not installed",
                "pip install 'avatar-gateway[postgres]'",
            ) from error
        except SQLAlchemyError as error:
            raise DatabaseUnusable("database_url", "is not valid", "Mend the URL") from error
        super().__init__(engine, name=url.render_as_string(), read_only=read_only)

    def connect_writer(self) -> Connection:
        connection = self._connect()
        cursor = connection.cursor()
        cursor.execute("SHOW fsync")
        if cursor.fetchone() != ("on",):
            connection.close()
            raise DatabaseUnusable(
                self.name, "its server runs with fsync off", "Set fsync = on: entries must last"
            )
        cursor.execute("SELECT pg_advisory_lock(%s)", (_key(self.boot),))
        return connection

    def connect_reader(self) -> Connection:
        connection = self._connect()
        connection.cursor().execute("SET default_transaction_read_only TO on")
        return connection

    def try_turn(self) -> bool:
        return True  # begin() takes the lock

    def take_turn(self) -> None:
        """See begin()."""

    def end_turn(self) -> None:
        """See begin()."""

    def send(self, cursor: Any, batches: Iterable[tuple[str, Sequence[Row]]]) -> list[int]:
        """In a pipeline: one round trip for all of it."""
        connection = cursor.connection
        cursors = []
        with connection.pipeline():
            for sql, rows in batches:
                cursors.append(connection.cursor())
                if len(rows) == 1:
                    cursors[-1].execute(sql, rows[0])
                else:
                    cursors[-1].executemany(sql, rows)
        return [one.rowcount for one in cursors]

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        connection = self._connect()
        try:
            cursor = connection.cursor()
            cursor.execute("SET lock_timeout TO '60s'")
            cursor.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
            yield
        finally:
            connection.close()

    def begin(self, cursor: Cursor, *, wait: bool) -> bool:
        cursor.execute("BEGIN")
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOG_LOCK,))
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOG_LOCK,))
        if cursor.fetchone() == (True,):
            return True
        cursor.execute("ROLLBACK")
        return False

    def is_alive(self, cursor: Cursor, boot: str) -> bool:
        if boot == self.boot:
            return True
        # Kept to the end of this transaction: a process that is dead stays dead.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_key(boot),))
        return cursor.fetchone() != (True,)

    def tidy(self, cursor: Cursor) -> None:
        """PostgreSQL looks after itself."""

    def check_space(self) -> None:
        """Not known from here."""

    def close(self) -> None:
        self.engine.dispose()

    def _connect(self) -> Connection:
        """Autocommit: transactions begin and end where the code says so."""
        positional, named = self.engine.dialect.create_connect_args(self.engine.url)
        connection: Any = self.engine.dialect.connect(
            *positional,
            **{**named, "connect_timeout": 10, "application_name": "avatar-gateway"},
        )
        connection.autocommit = True
        try:
            for setting in _SESSION:
                connection.execute(setting)
        except self.error:
            with suppress(self.error):
                connection.close()
            raise
        found: Connection = connection
        return found


def _key(boot: str) -> int:
    return int.from_bytes(bytes.fromhex(boot)[:8], "big", signed=True)
