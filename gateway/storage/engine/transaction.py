"""One writing transaction: rows wait until somebody reads, then go out table by table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.errors import GatewayError, NotRecorded
from gateway.model.record import Entry, entry_of
from gateway.ports import Encode, LogEvent
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Cursor, Row, Statement
from gateway.storage.engine.tables import EntryRow, EntryRuleRow, table
from gateway.storage.engine.times import micros


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryColumns:
    """What an entry can be found by, beside its stamp. `decision` is the verdict, the state
    that the message took, or what was changed."""

    creator: str | None = None
    channel: str | None = None
    conversation: str | None = None
    decision: str | None = None
    policy_digest: str | None = None
    rules: Iterable[str] = ()


class LogWriter:
    """The statements that append to the log, compiled once."""

    def __init__(self, *, database: Database, encode: Encode) -> None:
        entries = table(EntryRow)
        self.encode = encode
        self.insert_entry = database.statement(sa.insert(entries))
        self.insert_rule = database.statement(sa.insert(table(EntryRuleRow)))


class Conflict(Exception):
    """Rows were not as a statement expected; `error` is what the caller is told."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(str(error))
        self.error = error


class Transaction:
    """For one run of a group of jobs. `next_seq` is the number of the log's next entry,
    `erasures` the last step of an erasure: keys that were taken before it may be destroyed.

    Rows given to `add` wait: those of one statement go out together. `fetch` and `run` send what
    waits first, so every job sees what those before it wrote.
    """

    def __init__(
        self,
        cursor: Cursor,
        log: LogWriter,
        database: Database,
        *,
        next_seq: int,
        erasures: int = 0,
    ) -> None:
        self.cursor = cursor
        self._log = log
        self._database = database
        self._waiting: dict[Statement, list[tuple[Row, GatewayError | None]]] = {}
        self.next_seq = next_seq
        self.erasures = erasures
        self.writes = 0

    def append(self, event: LogEvent, marks: EntryColumns) -> Entry:
        """The next entry of the log. It is durable once the transaction is."""
        seq = self.next_seq
        try:
            body = self._log.encode(event, seq)
        except (TypeError, ValueError) as error:
            raise NotRecorded(f"the entry cannot be written ({type(error).__name__})") from error
        self.next_seq += 1
        entry = entry_of(event, seq, body)
        ts = micros(entry.at)
        self.add(
            self._log.insert_entry,
            seq=seq,
            ts=ts,
            kind=entry.kind.value,
            tenant=entry.tenant,
            msg_id=entry.message_id,
            creator=marks.creator,
            channel=marks.channel,
            conversation=marks.conversation,
            decision=marks.decision,
            policy_digest=marks.policy_digest,
            leaf=entry.leaf,
            body=body,
        )
        for rule in dict.fromkeys(marks.rules):
            self.add(self._log.insert_rule, rule_id=rule, ts=ts, seq=seq)
        return entry

    def add(
        self, statement: Statement, *, otherwise: GatewayError | None = None, **values: Any
    ) -> None:
        """Send this later. With `otherwise`, it must change exactly one row, or its job fails
        with that error."""
        self.writes += 1
        self._waiting.setdefault(statement, []).append((statement.row(values), otherwise))

    def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        self.flush()
        self.cursor.execute(statement.sql, statement.row(values))
        return self.cursor.fetchall()

    def run(self, statement: Statement, **values: Any) -> int:
        """How many rows it changed."""
        self.flush()
        self.writes += 1
        self.cursor.execute(statement.sql, statement.row(values))
        return self.cursor.rowcount

    def is_alive(self, boot: str) -> bool:
        """Whether the process that opened the database as `boot` still has it open."""
        self.flush()
        return self._database.is_alive(self.cursor, boot)

    def flush(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        batches = [(one.sql, [row for row, _ in rows]) for one, rows in waiting.items()]
        changed = self._database.send(self.cursor, batches)
        for count, rows in zip(changed, waiting.values(), strict=True):
            otherwise = rows[0][1]
            if otherwise is not None and count != len(rows):
                raise Conflict(otherwise)
