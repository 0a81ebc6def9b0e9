"""PostgreSQL, through psycopg 3 (extra `postgres`).

Advisory locks (https://www.postgresql.org/docs/current/explicit-locking.html) take the place of
SQLite's lock files. One is held by the transaction that appends to the log, so that entries are
numbered without gaps whichever process writes; one by each running process, as its sign of life.

The turn to write is a lock of the transaction itself. A process that loses the lock, because it
stalled and its connection was cut, loses its transaction at the same moment: it cannot commit
after another process has taken the turn.
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

# Keys of advisory locks, 64 bits: "avgtlog" and a number. One log for each database.
_LOG_LOCK = 0x6176_6774_6C6F_6701
_MIGRATION_LOCK = 0x6176_6774_6C6F_6702
_STALL_S = 5
"""Seconds that a process may do nothing in its turn; less than the others' lock_timeout."""
_SESSION_SETTINGS = (
    "SET lock_timeout TO '10s'",
    # A process that stalls in its transaction loses the turn before the others' lock_timeout.
    f"SET idle_in_transaction_session_timeout TO '{_STALL_S}s'",
    # Each statement must see all that was committed before this process got the turn.
    "SET default_transaction_isolation TO 'read committed'",
    # The server drops the connection of a host that vanished within half a minute.
    "SET tcp_keepalives_idle TO 10",
    "SET tcp_keepalives_interval TO 5",
    "SET tcp_keepalives_count TO 3",
)
_CONNECT_OPTIONS = {
    "connect_timeout": 5,
    # This process notices a server that vanished within 20 seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_BEGIN_TURN = f"BEGIN; SELECT pg_advisory_xact_lock({_LOG_LOCK})"
"""One round trip."""
_END_STALLED = """
SELECT pg_terminate_backend(session.pid, 1000)
FROM pg_locks AS turn JOIN pg_stat_activity AS session USING (pid)
WHERE turn.locktype = 'advisory' AND turn.granted AND session.datname = current_database()
AND turn.objsubid = 1 AND (turn.classid::bigint << 32 | turn.objid::bigint) = %s
AND session.state = 'idle in transaction'
AND session.state_change < clock_timestamp() - make_interval(secs => %s)
"""
"""Ends the session that has the turn and does nothing with it. The server's own limit fails behind
a pipeline: psycopg ends one with a Flush, and the server starts its clock at a Sync alone."""
_MAINTENANCE_STATEMENT_S = 60
"""Longest statement of migrations, moves and key stores, in seconds."""
_STATEMENT_S = 12
"""Longest statement of a message, in seconds: more than `lock_timeout` waits for the turn."""
_ANSWER_GRACE_S = 3
"""Seconds that an answer may take on the network, beyond the server's own time-out."""
_DURABILITY_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class PostgresServer:
    """Opens connections to the PostgreSQL database at `url`. `what` is the setting that the URL
    came from, for error texts."""

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
        self.lock_timeout: type[Exception] = dbapi.errors.LockNotAvailable

    def connect(self, *, statement_s: int = _MAINTENANCE_STATEMENT_S) -> Any:
        """Open a connection in autocommit mode. A statement that takes longer than `statement_s`
        seconds, or whose answer does not arrive, raises an error of the driver."""
        positional, named = self.engine.dialect.create_connect_args(self.engine.url)
        # Shows operators in pg_stat_activity whose connection it is.
        who = f"avatar-gateway {os.getpid()}@{socket.gethostname()}"[:63]
        given = {**named, **_CONNECT_OPTIONS, "application_name": who}
        connection: Any = self._connection.LimitedConnection.connect(*positional, **given)
        connection.autocommit = True
        connection.limit_s = statement_s + _ANSWER_GRACE_S
        try:
            limit = f"SET statement_timeout TO '{statement_s}s'"
            connection.execute("; ".join((*_SESSION_SETTINGS, limit)))
        except self.error:
            with suppress(self.error):
                connection.close()
            raise
        return connection

    def check_durable(self, connection: Any) -> None:
        """Check that the server syncs what it commits and can be written. Raises
        DatabaseUnusable."""
        for name in _DURABILITY_SETTINGS:
            ((value,),) = connection.execute(f"SHOW {name}").fetchall()
            if value == "off":
                raise DatabaseUnusable(
                    self.name,
                    f"runs with {name} = off, and could lose entries that it confirmed",
                    f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf(); and see that neither "
                    "the role, the database nor the URL sets it otherwise",
                )
            if name == "synchronous_commit":  # pin it: a later reload must not turn it off
                connection.execute(f"SET synchronous_commit TO {value}")
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            raise DatabaseUnusable(
                self.name, "is a standby server", "Name the primary: only that one can be written"
            )


class PostgresDatabase(Database):
    """The gateway's database on a PostgreSQL server."""

    begin_migration = "SELECT 1"  # SQLAlchemy has begun the transaction already
    inline = False

    def __init__(self, url: sa.URL, *, read_only: bool) -> None:
        self._server = PostgresServer(url)
        super().__init__(self._server.engine, name=self._server.name, read_only=read_only)

    def connect_writer(self) -> Connection:
        connection = self.connect_checked(statement_s=_STATEMENT_S)
        try:
            # Shared: after a reconnection the server may still hold the lock of the lost one.
            connection.execute("SELECT pg_advisory_lock_shared(%s)", (_lock_key(self.instance_id),))
        except BaseException:
            with suppress(self.error):
                connection.close()
            raise
        return _UnlockingConnection(connection, self.error)

    def connect_checked(self, *, statement_s: int = _MAINTENANCE_STATEMENT_S) -> Any:
        """Open a psycopg connection to a server whose commits are durable. Raises
        DatabaseUnusable."""
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
        return True  # `begin` takes the lock

    def take_turn(self) -> None:
        """Nothing to do: `begin` takes the lock."""

    def end_turn(self) -> None:
        """Nothing to do: the end of the transaction releases the lock."""

    def send(self, cursor: Any, batches: Iterable[tuple[str, Sequence[Row]]]) -> list[int]:
        """Send all batches as one pipeline, in one round trip."""
        connection = cursor.connection
        cursors = []
        with connection.pipeline():
            for sql, rows in batches:
                cursors.append(connection.cursor())
                if len(rows) == 1:
                    cursors[-1].execute(sql, rows[0])
                else:
                    cursors[-1].executemany(sql, rows)
        return [sent.rowcount for sent in cursors]

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
            try:
                cursor.execute(_BEGIN_TURN)
            except self._server.lock_timeout:
                cursor.execute("ROLLBACK")
                cursor.execute(_END_STALLED, (_LOG_LOCK, _STALL_S))
                if not cursor.fetchall():
                    raise
                cursor.execute(_BEGIN_TURN)
            return True
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOG_LOCK,))
        if cursor.fetchone() == (True,):
            return True
        cursor.execute("ROLLBACK")
        return False

    def is_alive(self, cursor: Cursor, instance_id: str) -> bool:
        if instance_id == self.instance_id:
            return True
        # The lock lasts until this transaction ends, so that the answer stays true for it.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_lock_key(instance_id),))
        return cursor.fetchone() != (True,)

    def tidy(self, cursor: Cursor) -> None:
        """Nothing to do: the server vacuums by itself."""

    def check_space(self) -> None:
        """Nothing to do: a client cannot see the server's disk."""

    def close(self) -> None:
        self.engine.dispose()


class _UnlockingConnection:
    """A connection that releases its advisory locks when it is closed. Otherwise the server
    releases them only after it has noticed the end of the connection."""

    def __init__(self, connection: Connection, error: type[Exception]) -> None:
        self._connection = connection
        self._error = error

    def cursor(self) -> Cursor:
        return self._connection.cursor()

    def close(self) -> None:
        with suppress(self._error):
            self._connection.cursor().execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()


def _lock_key(instance_id: str) -> int:
    """The key of the advisory lock that shows that a process is alive."""
    return int.from_bytes(bytes.fromhex(instance_id)[:8], "big", signed=True)
