"""May this process write to the log, and with which keys? One row, read by every transaction.

The turn to write (database.py) sees to it that one process writes at a time; the epoch sees to it
that nobody goes on writing after the log itself has gone elsewhere. Both are checked in the
transaction that writes.
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

OPEN = "open"
INCOMING = "incoming"
"""A copy that is not complete yet."""
SWITCHING = "switching"
"""The last of it is being copied elsewhere; only while the process that does it lives."""
MOVED = "moved"


class FenceState(Exception):
    """This process may not write: nothing of the whole group was."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.error: GatewayError = NotRecorded(problem)


class LogFence:
    """What each writing transaction asks first. Remembers the epoch that it found at first."""

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
        """The number of the next entry, and the last step of an erasure. Raises Fenced."""
        cursor.execute(self._head.sql, self._head.row({}))
        rows = cursor.fetchall()
        if len(rows) != 1:
            raise FenceState("the database does not say which epoch it is in: restore it")
        epoch, state, other, boot, last, erased = rows[0]
        if state == SWITCHING and not self._database.is_alive(cursor, boot):
            cursor.execute(self._lift.sql, self._lift.row({"dead": boot}))
        elif state != OPEN:
            raise FenceState(problem_of(state, other))
        if self._epoch is None:
            self._epoch = epoch
        elif self._epoch != epoch:
            raise FenceState(
                f"the log went on without this process (epoch {epoch}, it joined in "
                f"{self._epoch}): restart it"
            )
        return 0 if last is None else int(last) + 1, erased or 0


class Membership:
    """Whether a process belongs to this log: it has its keys, and the keys of its texts."""

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
        """Whether what it has must be noted yet. Raises DatabaseUnusable where this database may
        not be written, KeysInvalid where the keys are others."""
        cursor.execute(self._read.sql, self._read.row({}))
        row = cursor.fetchone()
        if row is None:
            raise DatabaseUnusable(
                self._database.name, "does not say which epoch it is in", "Restore it"
            )
        state, other, keys, key_store = row
        if state in {MOVED, INCOMING}:
            raise DatabaseUnusable(self._database.name, *_told(state, other))
        if keys is not None and not hmac.compare_digest(bytes(keys), self._keys):
            raise KeysInvalid(
                "keys_dir",
                f"its keyring is not the one that {self._database.name} was written with",
                "Give every replica the same keyring.json",
            )
        # One host has one key file; where it was lost, its texts are, and a new one may follow.
        if key_store not in {None, self._key_store} and not self._database.inline:
            raise KeysInvalid(
                "subject_keys_url",
                f"these subject keys are not those that the texts in {self._database.name} were "
                "sealed with",
                "Give every replica the same subject keys; on several hosts, that is one "
                "PostgreSQL database for them (docs/guides/operators.md)",
            )
        return (keys, key_store) != (self._keys, self._key_store)

    def note(self, cursor: Cursor) -> None:
        """In a writing transaction, after `check`."""
        row: dict[str, Any] = {"to_keys": self._keys, "to_store": self._key_store}
        cursor.execute(self._write.sql, self._write.row(row))


def problem_of(state: str, other: str) -> str:
    problem, mend = _told(state, other)
    return f"the database {problem}. {mend}"


def _told(state: str, other: str) -> tuple[str, str]:
    """What is wrong, and the mend."""
    if state == MOVED:
        return f"was moved to {other}", f"Set database_url to {other} and restart"
    if state == SWITCHING:
        return f"is being moved to {other}", "Ask again in a moment"
    return (
        f"is a copy of {other} that is not complete",
        "Run `avatar-gateway audit migrate` to its end",
    )
