"""Subject keys in a PostgreSQL database of their own, for replicas on several hosts.

It must not be the main database: a key that is in the same backups as the texts it seals cannot be
destroyed. PostgreSQL keeps a deleted row until VACUUM runs and its write-ahead log is recycled;
until then only the master key protects it, which wraps every key and is never in this database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa

from gateway.errors import DatabaseUnusable, NotRecorded
from gateway.storage.engine.postgres import PostgresServer
from gateway.storage.vault.key_store import KeyStore, WrappedKey

_SCHEMA_VERSION = 1
"""Of the tables below; a database with a higher one is refused."""
_PAGE_ROWS = 1_000
"""Keys that are read at once when all are listed."""
_TABLES_LOCK = 0x6176_6774_6B65_7901
"""Key of the advisory lock under which tables are made: "avgtkey" and a number."""


class KeyDatabase(KeyStore):
    """The subject keys in the database at `url` (postgresql+psycopg://…). Makes its tables when
    they are missing."""

    def __init__(self, url: sa.URL, *, read_only: bool = False) -> None:
        self._server = PostgresServer(url, what="subject_keys_url")
        super().__init__(name=self._server.name, read_only=read_only)
        self._lock = threading.Lock()
        self._connection: Any = None

    def open(self, check: Callable[[], bytes]) -> bytes:
        with self._translated_errors(), self._lock:
            connection = self._connected()
            if not self.read_only:
                self._server.check_durable(connection)
                self._make_tables(connection, check)
            cursor = connection.execute("SELECT wrapped FROM subject_master")
            row = cursor.fetchone()
        return b"" if row is None else bytes(row[0])

    def insert(self, keys: Sequence[WrappedKey]) -> None:
        def job(connection: Any) -> int:
            cursor = connection.cursor()
            # After a connection that broke during the commit, the rows may be there already.
            cursor.executemany(
                "INSERT INTO subject_key VALUES (%s, %s) ON CONFLICT (id) DO NOTHING", list(keys)
            )
            return len(keys)

        self._write(job)

    def find(self, kid: str) -> bytes | None:
        row = self._fetch_rows("SELECT wrapped FROM subject_key WHERE id = %s", (kid,))
        return bytes(row[0][0]) if row else None

    def destroy(self, kids: Sequence[str]) -> int:
        def job(connection: Any) -> int:
            cursor = connection.execute("DELETE FROM subject_key WHERE id = ANY(%s)", (list(kids),))
            return int(cursor.rowcount)

        destroyed = self._write(job)
        with suppress(self._server.error), self._lock:
            self._connected().execute("VACUUM subject_key")
        return destroyed

    def all(self, *, after: str = "") -> Iterator[WrappedKey]:
        sql = "SELECT id, wrapped FROM subject_key WHERE id > %s ORDER BY id LIMIT %s"
        while rows := self._fetch_rows(sql, (after, _PAGE_ROWS)):
            for kid, wrapped in rows:
                yield kid, bytes(wrapped)
            after = rows[-1][0]

    def close(self) -> None:
        with self._lock:
            self._disconnect()

    def _fetch_rows(self, sql: str, params: Sequence[object]) -> list[Any]:
        """Run a query. The server may have cut the idle connection: after an error, tries again
        on a new one."""
        with self._translated_errors(), self._lock:
            try:
                rows: list[Any] = self._connected().execute(sql, params).fetchall()
            except self._server.error:
                self._disconnect()
                rows = self._connected().execute(sql, params).fetchall()
        return rows

    def _write(self, job: Callable[[Any], int]) -> int:
        """Run `job` in a transaction, a second time when the connection was lost. Raises
        NotRecorded."""
        if self.read_only:
            raise NotRecorded("the subject keys are opened for reading only")
        with self._lock:
            try:
                try:
                    return self._transact(job)
                except self._server.lost:
                    self._disconnect()
                    return self._transact(job)
            except (self._server.error, DatabaseUnusable) as error:
                self._disconnect()
                raise NotRecorded(
                    f"the subject keys could not be written ({type(error).__name__})"
                ) from error

    def _transact(self, job: Callable[[Any], int]) -> int:
        connection = self._connected()
        with connection.transaction():
            return job(connection)

    def _connected(self) -> Any:
        if self._connection is None or self._connection.closed:
            self._connection = self._server.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._server.error):
                connection.close()

    def _make_tables(self, connection: Any, check: Callable[[], bytes]) -> None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TABLES_LOCK,))
            if connection.execute("SELECT to_regclass('audit_entry')").fetchone() != (None,):
                raise DatabaseUnusable(
                    self.name,
                    "holds an audit log",
                    "Keep subject keys in a database of their own, outside its backups",
                )
            if connection.execute("SELECT to_regclass('subject_master')").fetchone() == (None,):
                connection.execute(
                    "CREATE TABLE subject_master (version integer NOT NULL, wrapped bytea NOT NULL)"
                )
                connection.execute(
                    'CREATE TABLE subject_key (id text COLLATE "C" PRIMARY KEY,'
                    " wrapped bytea NOT NULL)"
                )
                connection.execute(
                    "INSERT INTO subject_master VALUES (%s, %s)", (_SCHEMA_VERSION, check())
                )
            ((version,),) = connection.execute("SELECT version FROM subject_master").fetchall()
        if version > _SCHEMA_VERSION:
            raise DatabaseUnusable(
                self.name, "was made by a newer version", "Install that version again"
            )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except self._server.error as error:
            self._disconnect()
            raise DatabaseUnusable(
                self.name,
                f"cannot be used ({type(error).__name__})",
                "See that it is there and can be reached",
            ) from error
