"""Subject keys in a PostgreSQL database of their own, for replicas on several hosts.

It must not be the main database: a key that lay in the same backups as the texts it seals could
not be destroyed. PostgreSQL keeps a deleted row until VACUUM and its write-ahead log is replaced,
so what it holds stays wrapped with the master key, which is never in it.
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

_VERSION = 1
_AT_ONCE = 1_000
_LOCK = 0x6176_6774_6B65_7901  # "avgtkey"


class KeyDatabase(KeyStore):
    """The database at `url` (postgresql+psycopg://…); its tables are made when missing."""

    def __init__(self, url: sa.URL, *, read_only: bool = False) -> None:
        self._server = PostgresServer(url, what="subject_keys_url")
        super().__init__(name=self._server.name, read_only=read_only)
        self._lock = threading.Lock()
        self._connection: Any = None

    def open(self, check: Callable[[], bytes]) -> bytes:
        with self._errors(), self._lock:
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
            # A commit that broke after it was done: the same rows may be there already.
            cursor.executemany(
                "INSERT INTO subject_key VALUES (%s, %s) ON CONFLICT (id) DO NOTHING", list(keys)
            )
            return len(keys)

        self._write(job)

    def find(self, kid: str) -> bytes | None:
        row = self._read("SELECT wrapped FROM subject_key WHERE id = %s", (kid,))
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
        while rows := self._read(sql, (after, _AT_ONCE)):
            for kid, wrapped in rows:
                yield kid, bytes(wrapped)
            after = rows[-1][0]

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _read(self, sql: str, params: Sequence[object]) -> list[Any]:
        """A connection that sat idle may have been cut by the server: then once more."""
        with self._errors(), self._lock:
            try:
                found: list[Any] = self._connected().execute(sql, params).fetchall()
            except self._server.error:
                self._drop()
                found = self._connected().execute(sql, params).fetchall()
        return found

    def _write(self, job: Callable[[Any], int]) -> int:
        if self.read_only:
            raise NotRecorded("the subject keys are opened for reading only")
        with self._lock:
            try:
                try:
                    return self._transact(job)
                except self._server.lost:
                    self._drop()
                    return self._transact(job)
            except (self._server.error, DatabaseUnusable) as error:
                self._drop()
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

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._server.error):
                connection.close()

    def _make_tables(self, connection: Any, check: Callable[[], bytes]) -> None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
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
                    "INSERT INTO subject_master VALUES (%s, %s)", (_VERSION, check())
                )
            ((version,),) = connection.execute("SELECT version FROM subject_master").fetchall()
        if version > _VERSION:
            raise DatabaseUnusable(
                self.name, "was made by a newer version", "Install that version again"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._server.error as error:
            self._drop()
            raise DatabaseUnusable(
                self.name,
                f"cannot be used ({type(error).__name__})",
                "See that it is there and can be reached",
            ) from error
