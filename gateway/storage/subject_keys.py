"""The keys that texts are sealed with: in a file of their own, outside the backups.

Each key belongs to one person (or conversation): destroying it erases their texts wherever these
were copied. Keys are made in advance, a batch in one durable commit, so that the first message of
a conversation waits for no other commit than its own. Each stands wrapped with the master key.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import DatabaseUnusable, KeysInvalid, NotRecorded

_VERSION = 1
_FIRST_BATCH = 16
_BATCH = 256
_LOW = 64
_CACHED = 4_096
_NONCE = 12
_CHECK = b"avatar-gateway subject keys"


@dataclass(frozen=True, slots=True, eq=False)
class SubjectKey:
    id: str
    cipher: AESGCM


class SubjectKeys:
    """The key file `path` (made when missing). Safe for many threads and processes: each takes
    from a batch of its own."""

    def __init__(self, path: Path, *, master_key: bytes, read_only: bool = False) -> None:
        self._path = path
        self._wrap = AESGCM(master_key)
        self._read_only = read_only
        self._lock = threading.Lock()  # around the cache and the connection that reads
        self._write_lock = threading.Lock()
        self._ready: deque[SubjectKey] = deque()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="storage-keys")
        self._making: Future[None] | None = None
        self._known: OrderedDict[str, SubjectKey] = OrderedDict()
        with self._errors():
            self._writes = self._open()
            self._reads = self._connect()
            self._check_master()

    def take(self) -> SubjectKey:
        """A key that was never used, durable already. Raises NotRecorded."""
        while True:
            try:
                key = self._ready.popleft()
                break
            except IndexError:
                self._make_batch(_FIRST_BATCH)
        if len(self._ready) < _LOW and (self._making is None or self._making.done()):
            self._making = self._maker.submit(self._make_batch, _BATCH)
        self._remember(key)
        return key

    def find(self, kid: str) -> SubjectKey | None:
        """None: destroyed. Raises DatabaseUnusable."""
        found = self._known.get(kid)
        if found is not None:
            return found
        with self._errors(), self._lock:
            row = self._reads.execute(
                "SELECT wrapped FROM subject_key WHERE id = ?", (kid,)
            ).fetchone()
        if row is None:
            return None
        try:
            secret = self._wrap.decrypt(row[0][:_NONCE], row[0][_NONCE:], kid.encode())
        except InvalidTag:
            raise KeysInvalid(str(self._path), f"key {kid} is corrupt", "Restore it") from None
        key = SubjectKey(kid, AESGCM(secret))
        self._remember(key)
        return key

    def close(self) -> None:
        self._maker.shutdown()
        with self._lock, self._write_lock:
            self._reads.close()
            self._writes.close()

    def _make_batch(self, size: int) -> None:
        if self._read_only:
            raise NotRecorded("the key file is opened for reading only")
        made = [(secrets.token_hex(12), AESGCM.generate_key(256)) for _ in range(size)]
        rows = [(kid, self._wrapped(secret, kid.encode())) for kid, secret in made]
        try:
            with self._write_lock:
                self._writes.execute("BEGIN IMMEDIATE")
                try:
                    self._writes.executemany("INSERT INTO subject_key VALUES (?, ?)", rows)
                    self._writes.execute("COMMIT")
                finally:
                    if self._writes.in_transaction:
                        self._writes.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise NotRecorded(f"no key could be made ({type(error).__name__})") from error
        self._ready.extend(SubjectKey(kid, AESGCM(secret)) for kid, secret in made)

    def _wrapped(self, secret: bytes, context: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._wrap.encrypt(nonce, secret, context)

    def _remember(self, key: SubjectKey) -> None:
        with self._lock:
            self._known[key.id] = key
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)

    def _open(self) -> sqlite3.Connection:
        if not self._read_only:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):  # opening one that is there would drop SQLite's locks
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = self._connect()
        try:
            if not self._read_only:
                # No WAL, freed pages overwritten: a destroyed key must leave no copy behind.
                connection.execute("PRAGMA journal_mode=TRUNCATE")
                connection.execute("PRAGMA synchronous=EXTRA")
                connection.execute("PRAGMA fullfsync=1")
                connection.execute("PRAGMA secure_delete=ON")
                self._make_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self._read_only else "rw"
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA busy_timeout=10000")
        return connection

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise DatabaseUnusable(
                str(self._path), "was made by a newer version", "Install that version again"
            )
        if version == 0:
            connection.execute("CREATE TABLE master (wrapped BLOB NOT NULL)")
            connection.execute(
                "CREATE TABLE subject_key (id TEXT PRIMARY KEY, wrapped BLOB NOT NULL)"
                " WITHOUT ROWID"
            )
            connection.execute("INSERT INTO master VALUES (?)", (self._wrapped(_CHECK, b""),))
            connection.execute(f"PRAGMA user_version={_VERSION}")
        connection.execute("COMMIT")

    def _check_master(self) -> None:
        row = self._reads.execute("SELECT wrapped FROM master").fetchone()
        try:
            self._wrap.decrypt(row[0][:_NONCE], row[0][_NONCE:], b"")
        except (InvalidTag, TypeError):
            self.close()
            raise KeysInvalid(
                str(self._path),
                "was made with another master key",
                "Restore the keyring.json that belongs to it",
            ) from None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DatabaseUnusable(
                str(self._path), f"cannot be used ({type(error).__name__})", "Restore it"
            ) from error
