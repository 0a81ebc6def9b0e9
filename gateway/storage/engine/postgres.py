"""PostgreSQL, through psycopg 3 (extra `postgres`).

Advisory locks (https://www.postgresql.org/docs/current/explicit-locking.html) take the place of
SQLite's lock files: one for the transaction that appends to the log, so that entries are numbered
without gaps whichever process writes, and one for each process that lives.

The turn to write is a lock of the transaction itself, so a process that lost it (it stalled, and
the server or an operator cut its connection) has lost what it was writing with it: there is no
moment at which somebody who lost the turn can still commit.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Connection, Cursor, Row

_LOG_LOCK = 0x6176_6774_6C6F_6701  # "avgtlog": one log for each database
_MIGRATION_LOCK = 0x6176_6774_6C6F_6702
_SIGNING_LOCK = 0x6176_6774_6C6F_6703
_SESSION = (
    "SET lock_timeout TO '10s'",
    # Who stalls in the middle of its turn loses it, before those who wait give up.
    "SET idle_in_transaction_session_timeout TO '5s'",
    # Each statement must see what was committed before the turn began.
    "SET default_transaction_isolation TO 'read committed'",
    # A host that vanished is dead to the server in about half a minute.
    "SET tcp_keepalives_idle TO 10",
    "SET tcp_keepalives_interval TO 5",
    "SET tcp_keepalives_count TO 3",
)
_CONNECT = {
    "connect_timeout": 5,
    # And a server that vanished to this process.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_LONG_S = 60
_STATEMENT_S = 12  # messages wait for it; more than a turn to write is waited for
_ANSWER_S = 3  # on the way, beyond the server's own time-out
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class PostgresServer:
    """How to reach the database at `url`. `what` is the setting that it came from."""

    def __init__(self, url: sa.URL, *, what: str = "database_url") -> None:
        try:
            self.engine = sa.create_engine(url, poolclass=NullPool, paramstyle="format")
            self._connection: Any = import_module("gateway.storage.engine.postgres_connection")
        except ImportError as error:
            raise DatabaseUnusable(
                what, "psycopg is not installed", "pip install 'avatar-gateway[postgres]'"
            ) from error
        except SQLAlchemyError as error:
            raise DatabaseUnusable(what, "is not valid", "Mend the URL") from error
        self.name = url.render_as_string()
        dbapi: Any = self.engine.dialect.dbapi
        self.error: type[Exception] = dbapi.Error
        self.lost: tuple[type[Exception], ...] = (dbapi.OperationalError, dbapi.InterfaceError)
        """Errors of a connection that was cut, or could not be made."""

    def connect(self, *, statement_s: int = _LONG_S) -> Any:
        """Autocommit: transactions begin and end where the code says so. A statement that takes
        longer than `statement_s`, or whose answer is lost, is an error."""
        positional, named = self.engine.dialect.create_connect_args(self.engine.url)
        # So that an operator sees in pg_stat_activity whose connection it is.
        who = f"avatar-gateway {os.getpid()}@{socket.gethostname()}"[:63]
        given = {**named, **_CONNECT, "application_name": who}
        connection: Any = self._connection.LimitedConnection.connect(*positional, **given)
        connection.autocommit = True
        connection.limit_s = statement_s + _ANSWER_S
        try:
            limit = f"SET statement_timeout TO '{statement_s}s'"
            connection.execute("; ".join((*_SESSION, limit)))
        except self.error:
            with suppress(self.error):
                connection.close()
            raise
        return connection

    def check_durable(self, connection: Any) -> None:
        """Raises DatabaseUnusable when the server may lose what it said was committed, or is one
        that cannot be written."""
        for name in _DURABLE:
            ((value,),) = connection.execute(f"SHOW {name}").fetchall()
            if value == "off":
                raise DatabaseUnusable(
                    self.name,
                    f"runs with {name} = off, and could lose entries that it confirmed",
                    f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf(); and see that neither "
                    "the role, the database nor the URL sets it otherwise",
                )
            if name == "synchronous_commit":  # as it is found: a later reload changes nothing
                connection.execute(f"SET synchronous_commit TO {value}")
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            raise DatabaseUnusable(
                self.name, "is a standby server", "Name the primary: only that one can be written"
            )


class PostgresDatabase(Database):
    begin_migration = "SELECT 1"
    inline = False

    def __init__(self, url: sa.URL, *, read_only: bool) -> None:
        self._server = PostgresServer(url)
        super().__init__(self._server.engine, name=self._server.name, read_only=read_only)

    def connect_writer(self) -> Connection:
        connection = self.connect_checked(statement_s=_STATEMENT_S)
        try:
            # Shared: after a cut, the server may not have noticed the end of the one before yet.
            connection.execute("SELECT pg_advisory_lock_shared(%s)", (_key(self.boot),))
        except BaseException:
            with suppress(self.error):
                connection.close()
            raise
        return _Living(connection, self.error)

    def connect_checked(self, *, statement_s: int = _LONG_S) -> Any:
        """As the driver has it, to a server whose commits last. Raises DatabaseUnusable."""
        connection = self._server.connect(statement_s=statement_s)
        try:
            self._server.check_durable(connection)
        except BaseException:
            with suppress(self.error):
                connection.close()
            raise
        return connection

    def connect_reader(self) -> Connection:
        connection: Connection = self._server.connect(statement_s=_STATEMENT_S)
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
        connection: Connection = self._server.connect()
        try:
            cursor = connection.cursor()
            cursor.execute("SET lock_timeout TO '60s'")
            cursor.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
            yield
        finally:
            connection.close()

    def begin(self, cursor: Cursor, *, wait: bool) -> bool:
        if wait:
            cursor.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_LOG_LOCK})")  # one round trip
            return True
        cursor.execute("BEGIN")
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


class _Living:
    """A connection whose locks are gone once it is closed, not when the server gets to it."""

    def __init__(self, connection: Connection, error: type[Exception]) -> None:
        self._connection = connection
        self._error = error

    def cursor(self) -> Cursor:
        return self._connection.cursor()

    def close(self) -> None:
        with suppress(self._error):
            self._connection.cursor().execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()


def _key(boot: str) -> int:
    return int.from_bytes(bytes.fromhex(boot)[:8], "big", signed=True)
