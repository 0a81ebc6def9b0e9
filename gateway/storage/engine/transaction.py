"""A writing transaction. Rows are collected and sent in batches, one for each statement."""

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
    """The columns by which an entry can be found, beside its number, time, kind and tenant.

    `decision` is the verdict, the state that the message took, or the kind of thing that was
    changed; `rules` are the ids of the rules that the entry names.
    """

    creator: str | None = None
    channel: str | None = None
    conversation: str | None = None
    decision: str | None = None
    policy_digest: str | None = None
    rules: Iterable[str] = ()


class LogWriter:
    """The compiled statements that append to the log. `encode` makes an entry's body."""

    def __init__(self, *, database: Database, encode: Encode) -> None:
        entries = table(EntryRow)
        self.encode = encode
        self.insert_entry = database.statement(sa.insert(entries))
        self.insert_rule = database.statement(sa.insert(table(EntryRuleRow)))


class RowCountMismatch(Exception):
    """A statement changed another number of rows than it must; `error` is for the caller."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(str(error))
        self.error = error


class Transaction:
    """The writing transaction in which a group of jobs runs.

    `next_seq` is the number of the log's next entry. `erasures` is the step number of the last
    erasure: subject keys that were taken earlier may have been destroyed since.

    `add` collects rows, so that those of one statement go out together. `fetch`, `run` and
    `is_alive` send collected rows first: every job sees what the jobs before it wrote.
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

    def append(self, event: LogEvent, columns: EntryColumns) -> Entry:
        """Append the next entry to the log; it is durable once the transaction is committed.
        Raises NotRecorded when JSON cannot express `event`."""
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
            creator=columns.creator,
            channel=columns.channel,
            conversation=columns.conversation,
            decision=columns.decision,
            policy_digest=columns.policy_digest,
            leaf=entry.leaf,
            body=body,
        )
        for rule in dict.fromkeys(columns.rules):
            self.add(self._log.insert_rule, rule_id=rule, ts=ts, seq=seq)
        return entry

    def add(
        self, statement: Statement, *, otherwise: GatewayError | None = None, **values: Any
    ) -> None:
        """Collect one row for `statement`. With `otherwise`, the statement must change exactly
        one row; if it does not, the job fails with that error."""
        self.writes += 1
        self._waiting.setdefault(statement, []).append((statement.row(values), otherwise))

    def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """Read rows, as they are inside this transaction."""
        self.flush()
        self.cursor.execute(statement.sql, statement.row(values))
        return self.cursor.fetchall()

    def run(self, statement: Statement, **values: Any) -> int:
        """Run `statement` now; return how many rows it changed."""
        self.flush()
        self.writes += 1
        self.cursor.execute(statement.sql, statement.row(values))
        return self.cursor.rowcount

    def is_alive(self, instance_id: str) -> bool:
        """Whether the process that opened the database under `instance_id` still runs."""
        self.flush()
        return self._database.is_alive(self.cursor, instance_id)

    def flush(self) -> None:
        """Send all collected rows. Raises RowCountMismatch."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        batches = [(statement.sql, [row for row, _ in rows]) for statement, rows in waiting.items()]
        changed = self._database.send(self.cursor, batches)
        for count, rows in zip(changed, waiting.values(), strict=True):
            otherwise = rows[0][1]
            if otherwise is not None and count != len(rows):
                raise RowCountMismatch(otherwise)
