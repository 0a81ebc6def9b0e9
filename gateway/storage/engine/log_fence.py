"""The fence: whether this process may write to the log, and with which keys.

The table `log_state` has one row, which every writing transaction reads first. The turn to write
(`database.py`) makes processes write one at a time; the fence keeps a process from writing on
after the log was moved to another database.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from gateway.errors import DatabaseUnusable, GatewayError, KeysInvalid, NotRecorded
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Cursor
from gateway.storage.engine.tables import EntryRow, ErasedKeyRow, LogStateRow, table

# Values of `log_state.state`:
OPEN = "open"
INCOMING = "incoming"
"""The database is a copy that is not complete yet."""
SWITCHING = "switching"
"""A move copies the last rows to another database. Counts only while the moving process lives."""
MOVED = "moved"


class LogFenced(Exception):
    """This process may not write to the log; nothing of its transaction was written."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.error: GatewayError = NotRecorded(problem)


class LogFence:
    """Checks at the start of each writing transaction that this process may still write.

    Remembers the epoch of the first check: a later one with another epoch is refused.
    """

    def __init__(self, database: Database) -> None:
        state, entries = table(LogStateRow), table(EntryRow)
        last = sa.select(sa.func.max(entries.c.seq)).scalar_subquery()
        erased = sa.select(sa.func.max(table(ErasedKeyRow).c.step)).scalar_subquery()
        compiled = database.statement
        self._database = database
        self._epoch: int | None = None
        self._head = compiled(
            sa.select(state.c.epoch, state.c.state, state.c.other, state.c.boot, last, erased)
        )
        self._lift = compiled(
            sa.update(state)
            .where(state.c.state == SWITCHING, state.c.boot == sa.bindparam("dead"))
            .values(state=OPEN, other="", boot=None)
        )

    def pass_through(self, cursor: Cursor) -> tuple[int, int]:
        """Return the number of the log's next entry and the last step of any erasure. Raises
        LogFenced."""
        cursor.execute(self._head.sql, self._head.row({}))
        rows = cursor.fetchall()
        if len(rows) != 1:
            raise LogFenced("the database does not say which epoch it is in: restore it")
        epoch, state, other, mover, last, erased = rows[0]
        if state == SWITCHING and not self._database.is_alive(cursor, mover):
            cursor.execute(self._lift.sql, self._lift.row({"dead": mover}))
        elif state != OPEN:
            raise LogFenced(fence_problem(state, other))
        if self._epoch is None:
            self._epoch = epoch
        elif self._epoch != epoch:
            raise LogFenced(
                f"the log went on without this process (epoch {epoch}, it joined in "
                f"{self._epoch}): restart it"
            )
        return 0 if last is None else int(last) + 1, erased or 0


class LogKeyCheck:
    """Checks that this process has the keyring and the subject keys that the log was written with.

    The database stores a keyed digest of a constant: processes with another keyring compute
    another digest.
    """

    def __init__(self, database: Database, *, fingerprint_key: bytes, key_store: str) -> None:
        self._database = database
        self._keys = hmac.digest(fingerprint_key, b"avatar-gateway: the keys of this log", sha256)
        self._key_store = key_store
        state = table(LogStateRow)
        compiled = database.statement
        self._read = compiled(
            sa.select(state.c.state, state.c.other, state.c["keys"], state.c.key_store)
        )
        self._write = compiled(
            sa.update(state).values(
                keys=sa.bindparam("to_keys"), key_store=sa.bindparam("to_store")
            )
        )

    def check(self, cursor: Cursor) -> bool:
        """Return whether the digest and the key store must still be recorded, as in a new
        database. Raises DatabaseUnusable when this database may not be written, KeysInvalid when
        the log was written with other keys."""
        cursor.execute(self._read.sql, self._read.row({}))
        row = cursor.fetchone()
        if row is None:
            raise DatabaseUnusable(
                self._database.name, "does not say which epoch it is in", "Restore it"
            )
        state, other, keys, key_store = row
        if state in {MOVED, INCOMING}:
            raise DatabaseUnusable(self._database.name, *_problem_and_mend(state, other))
        if keys is not None and not hmac.compare_digest(bytes(keys), self._keys):
            raise KeysInvalid(
                "keys_dir",
                f"its keyring is not the one that {self._database.name} was written with",
                "Give every replica the same keyring.json",
            )
        # A SQLite log has one key file. When that was lost, a new one may take its place.
        if key_store not in {None, self._key_store} and not self._database.inline:
            raise KeysInvalid(
                "subject_keys_url",
                f"these subject keys are not those that the texts in {self._database.name} were "
                "sealed with",
                "Give every replica the same subject keys; on several hosts, that is one "
                "PostgreSQL database for them (docs/guides/operators.md)",
            )
        return (keys, key_store) != (self._keys, self._key_store)

    def record(self, cursor: Cursor) -> None:
        """Store the digest and the key store's identity. To be called in a writing transaction,
        after `check`."""
        row: dict[str, Any] = {"to_keys": self._keys, "to_store": self._key_store}
        cursor.execute(self._write.sql, self._write.row(row))


def fence_problem(state: str, other: str) -> str:
    """Say why a log in this `state` cannot be written, and the mend."""
    problem, mend = _problem_and_mend(state, other)
    return f"the database {problem}. {mend}"


def _problem_and_mend(state: str, other: str) -> tuple[str, str]:
    """The two halves of `fence_problem`, as DatabaseUnusable takes them."""
    if state == MOVED:
        return f"was moved to {other}", f"Set database_url to {other} and restart"
    if state == SWITCHING:
        return f"is being moved to {other}", "Ask again in a moment"
    return (
        f"is a copy of {other} that is not complete",
        "Run `avatar-gateway audit migrate` to its end",
    )
