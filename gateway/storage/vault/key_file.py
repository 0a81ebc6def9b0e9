"""Subject keys in a SQLite file, the default: all processes of one host can use it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.errors import DatabaseUnusable, NotRecorded
from gateway.storage.engine.sqlite import open_sqlite_file
from gateway.storage.vault.key_store import KeyStore, WrappedKey

_SCHEMA_VERSION = 1
"""Of the tables below (SQLite's user_version); a file with a higher one is refused."""
_PAGE_ROWS = 1_000
"""Keys that are read at once when all are listed."""


class KeyFile(KeyStore):
    """The subject keys in the file `path`, which is made when it is missing."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(name=str(path), read_only=read_only)
        self._path = path
        self._read_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._writes: sqlite3.Connection | None = None
        self._reads: sqlite3.Connection | None = None

    def open(self, check: Callable[[], bytes]) -> bytes:
        with self._translated_errors():
            self._writes = self._connect_writer(check)
            self._reads = self._connect()
            row = self._reads.execute("SELECT wrapped FROM master").fetchone()
        return bytes(row[0]) if row and isinstance(row[0], bytes) else b""

    def insert(self, keys: Sequence[WrappedKey]) -> None:
        if self.read_only:
            raise NotRecorded("the key file is opened for reading only")
        self._write("INSERT INTO subject_key VALUES (?, ?)", keys)

    def find(self, kid: str) -> bytes | None:
        with self._translated_errors(), self._read_lock:
            row = self._reading.execute(
                "SELECT wrapped FROM subject_key WHERE id = ?", (kid,)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def destroy(self, kids: Sequence[str]) -> int:
        if self.read_only:
            raise NotRecorded("the key file is opened for reading only")
        return self._write("DELETE FROM subject_key WHERE id = ?", [(kid,) for kid in kids])

    def all(self, *, after: str = "") -> Iterator[WrappedKey]:
        while True:
            with self._translated_errors(), self._read_lock:
                rows = self._reading.execute(
                    "SELECT id, wrapped FROM subject_key WHERE id > ? ORDER BY id LIMIT ?",
                    (after, _PAGE_ROWS),
                ).fetchall()
            if not rows:
                return
            yield from rows
            after = rows[-1][0]

    def close(self) -> None:
        with self._read_lock, self._write_lock:
            for connection in (self._reads, self._writes):
                if connection is not None:
                    connection.close()

    @property
    def _reading(self) -> sqlite3.Connection:
        if self._reads is None:
            raise DatabaseUnusable(self.name, "is not open", "Open it")
        return self._reads

    def _write(self, sql: str, rows: Sequence[tuple[object, ...]]) -> int:
        connection = self._writes
        if connection is None:
            raise NotRecorded("the key file is not open")
        try:
            with self._write_lock:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    changed = connection.executemany(sql, rows).rowcount
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise NotRecorded(
                f"the key file could not be written ({type(error).__name__})"
            ) from error
        return changed

    def _connect_writer(self, check: Callable[[], bytes]) -> sqlite3.Connection:
        if not self.read_only:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):  # opening an existing one would drop SQLite's locks
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = self._connect()
        try:
            if not self.read_only:
                # A destroyed key must leave no copy: no WAL, and freed pages are overwritten.
                connection.execute("PRAGMA journal_mode=TRUNCATE")
                connection.execute("PRAGMA synchronous=EXTRA")
                connection.execute("PRAGMA fullfsync=1")
                connection.execute("PRAGMA secure_delete=ON")
                self._make_tables(connection, check)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = open_sqlite_file(self._path, read_only=self.read_only)
        connection.execute("PRAGMA busy_timeout=10000")
        return connection

    def _make_tables(self, connection: sqlite3.Connection, check: Callable[[], bytes]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise DatabaseUnusable(
                self.name, "was made by a newer version", "Install that version again"
            )
        if version == 0:
            connection.execute("CREATE TABLE master (wrapped BLOB NOT NULL)")
            connection.execute(
                "CREATE TABLE subject_key (id TEXT PRIMARY KEY, wrapped BLOB NOT NULL)"
                " WITHOUT ROWID"
            )
            connection.execute("INSERT INTO master VALUES (?)", (check(),))
            connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        connection.execute("COMMIT")

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DatabaseUnusable(
                self.name, f"cannot be used ({type(error).__name__})", "Restore it"
            ) from error
