"""SQLite: one file in WAL mode, every commit synced.

Any number of processes may open it. Their writing transactions and WAL checkpoints take turns
under a lock file: SQLite before 3.51.3 can corrupt a database when two connections write or
checkpoint at the same instant (https://sqlite.org/wal.html, "The WAL-Reset Bug").

Beside the database lie `…-lock`, locked by whoever has the turn to write, and one
`…-boot-<instance id>` for each process, locked for as long as that process runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Connection, Cursor

_BUSY_MS = 10_000
"""Milliseconds to wait for a lock of a program that does not use the lock file."""
_MIN_FREE_BYTES = 32 << 20
"""Bytes. With less free space on its disk, the gateway reports that it is not ready."""
_COMMON_PRAGMAS = (f"PRAGMA busy_timeout={_BUSY_MS}", "PRAGMA temp_store=MEMORY")
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=1",
    "PRAGMA wal_autocheckpoint=0",  # tidy() does it, during this process's turn
    "PRAGMA journal_size_limit=67108864",  # bytes of WAL that are kept after a checkpoint
    "PRAGMA recursive_triggers=1",  # else REPLACE bypasses the triggers that guard the log
    "PRAGMA cache_size=-32768",  # 32 MiB
)
_READER_PRAGMAS = ("PRAGMA query_only=1",)


class SqliteDatabase(Database):
    """The gateway's database in the SQLite file `path`."""

    begin_migration = "BEGIN IMMEDIATE"
    inline = True

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path = path
        if not read_only:
            _create_private_file(path)
        elif not path.exists():
            raise DatabaseUnusable(str(path), "is missing", "Start the gateway once to make it")
        engine = sa.create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        super().__init__(engine, name=str(path), read_only=read_only)
        self._lock = -1 if read_only else _open_lock_file(self._beside("lock"))
        self._instance_lock = -1

    def connect_writer(self) -> Connection:
        connection = self._connect()
        for pragma in _WRITER_PRAGMAS:
            connection.execute(pragma)
        connection.execute("PRAGMA busy_timeout=0")  # begin() sets it when it may wait
        if self._instance_lock < 0:
            with self.exclusive():
                self._remove_files_of_dead_instances()
                self._instance_lock = _open_lock_file(self._beside(f"boot-{self.instance_id}"))
                fcntl.flock(self._instance_lock, fcntl.LOCK_EX)
        return connection

    def connect_reader(self) -> Connection:
        connection = self._connect()
        for pragma in _READER_PRAGMAS:
            connection.execute(pragma)
        return connection

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        if self._lock < 0:
            yield
            return
        self.take_turn()
        try:
            yield
        finally:
            self.end_turn()

    def try_turn(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take_turn(self) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def end_turn(self) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def begin(self, cursor: Cursor, *, wait: bool) -> bool:
        """Begin a transaction. Programs that do not use the lock file may be writing too, so
        SQLite's own lock counts as well."""
        if wait:
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not wait and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return False
            raise
        finally:
            if wait:
                cursor.execute("PRAGMA busy_timeout=0")
        return True

    def is_alive(self, cursor: Cursor, instance_id: str) -> bool:
        if instance_id == self.instance_id:
            return True
        return _is_locked(self._beside(f"boot-{instance_id}"))

    def tidy(self, cursor: Cursor) -> None:
        with self.exclusive():
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            cursor.fetchall()

    def check_space(self) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if free < _MIN_FREE_BYTES:
            raise DatabaseUnusable(
                self.name, f"its disk has {free >> 20} MiB left", "Free some space"
            )

    def close(self) -> None:
        if self._instance_lock >= 0:
            with self.exclusive():
                self._beside(f"boot-{self.instance_id}").unlink(missing_ok=True)
            os.close(self._instance_lock)
        if self._lock >= 0:
            os.close(self._lock)
        self._instance_lock = self._lock = -1

    def _connect(self) -> sqlite3.Connection:
        connection = open_sqlite_file(self._path, read_only=self.read_only)
        for pragma in _COMMON_PRAGMAS:
            connection.execute(pragma)
        return connection

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(f"{self._path.name}-{suffix}")

    def _remove_files_of_dead_instances(self) -> None:
        """Remove the instance files of processes that ended without `close`."""
        for path in self._path.parent.glob(f"{self._path.name}-boot-*"):
            if not _is_locked(path):
                path.unlink(missing_ok=True)


def open_sqlite_file(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a connection to an existing SQLite file. It is in autocommit mode, where transactions
    begin and end explicitly, and may be used by one thread after another."""
    mode = "ro" if read_only else "rw"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def _create_private_file(path: Path) -> None:
    """Create an empty file with mode 0600; SQLite gives its WAL the same mode. An existing file
    is not opened: closing it again would drop SQLite's own locks of this process
    (https://sqlite.org/howtocorrupt.html, 2.2). Raises DatabaseUnusable."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise DatabaseUnusable(
            str(path), f"cannot be made ({error.strerror})", "Name a folder you may write"
        ) from error


def _open_lock_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(
            str(path), f"cannot be made ({error.strerror})", "Let its owner run the gateway"
        ) from error


def _is_locked(path: Path) -> bool:
    """Whether any process has this file locked; False when it is missing."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
