"""The audit log's entries and checkpoints, for those who prove, verify, search and export it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.model.record import Entry, EntryKind
from gateway.storage.database import Database
from gateway.storage.driver import Row
from gateway.storage.reader import Reader
from gateway.storage.tables import AuditEntry, AuditRule, CheckpointRow, table
from gateway.storage.times import micros, moment
from gateway.storage.writer import Writer

_ENTRY = table(AuditEntry)
_RULE = table(AuditRule)
_COLUMNS = [_ENTRY.c[name] for name in ("seq", "kind", "ts", "tenant", "msg_id", "body", "leaf")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryQuery:
    """Which entries; None: any. `decision` is a verdict ("block"), a state that a message took
    ("delivered", "expired") or what was changed ("creator"). `since` is included, `until` is
    not."""

    tenant: str | None = None
    creator: str | None = None
    channel: str | None = None
    conversation: str | None = None
    kind: EntryKind | None = None
    decision: str | None = None
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class LogStore:
    """Only durable entries are seen, and never one before all those with smaller numbers.
    Ranges are `start` included to `stop` excluded, ascending."""

    def __init__(self, *, database: Database, reader: Reader, writer: Writer) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        start, stop = (sa.bindparam(name, type_=sa.BigInteger) for name in ("start", "stop"))
        checkpoint = table(CheckpointRow)
        compiled = database.statement
        in_range = sa.and_(_ENTRY.c.seq >= start, _ENTRY.c.seq < stop)
        self._last = compiled(sa.select(sa.func.max(_ENTRY.c.seq)))
        self._leaves = compiled(sa.select(_ENTRY.c.leaf).where(in_range).order_by(_ENTRY.c.seq))
        self._entries = compiled(sa.select(*_COLUMNS).where(in_range).order_by(_ENTRY.c.seq))
        self._of_message = compiled(
            sa.select(*_COLUMNS)
            .where(_ENTRY.c.msg_id == sa.bindparam("message"))
            .order_by(_ENTRY.c.seq)
        )
        self._time_of = compiled(sa.select(_ENTRY.c.ts).where(_ENTRY.c.seq == start))
        columns = (checkpoint.c.size, checkpoint.c.root, checkpoint.c.note)
        self._put = database.upsert(checkpoint, keys=["size"])
        self._latest = compiled(sa.select(*columns).order_by(checkpoint.c.size.desc()).limit(1))
        covering = sa.select(*columns).where(checkpoint.c.size >= start)
        self._covering = compiled(covering.order_by(checkpoint.c.size).limit(1))
        self._checkpoints = compiled(
            covering.where(checkpoint.c.size < stop).order_by(checkpoint.c.size)
        )

    async def size(self) -> int:
        row = await self._reader.one(self._last)
        return 0 if row is None or row[0] is None else row[0] + 1

    async def leaves(self, start: int, stop: int) -> list[bytes]:
        rows = await self._reader.many(self._leaves, start=start, stop=stop)
        return [leaf for (leaf,) in rows]

    async def entries(self, start: int, stop: int) -> list[Entry]:
        return [
            _entry(row) for row in await self._reader.many(self._entries, start=start, stop=stop)
        ]

    async def entries_of_message(
        self, message_id: str, *, tenant: str | None = None
    ) -> list[Entry]:
        """The whole story of one message, oldest first."""
        rows = await self._reader.many(self._of_message, message=message_id)
        found = [_entry(row) for row in rows]
        return [entry for entry in found if tenant in (None, entry.tenant)]

    async def find(
        self, query: EntryQuery, *, limit: int = 100, before: int | None = None
    ) -> list[Entry]:
        """The newest first, by their own time. For the next page, `before` is the number of the
        last entry of this one."""
        clause = _matching(query)
        if before is not None:
            row = await self._reader.one(self._time_of, start=before)
            if row is None:
                return []
            clause = clause.where(sa.tuple_(_ENTRY.c.ts, _ENTRY.c.seq) < sa.tuple_(row[0], before))
        newest_first = clause.order_by(_ENTRY.c.ts.desc(), _ENTRY.c.seq.desc()).limit(limit)
        rows = await self._reader.many(self._database.statement(newest_first))
        return [_entry(row) for row in rows]

    async def put_checkpoint(self, *, size: int, root: bytes, note: str, at: datetime) -> None:
        """Durably. One that is there for this size already stays."""
        await self._writer.write(
            lambda one: one.add(self._put, size=size, root=root, note=note, at=micros(at))
        )

    async def latest_checkpoint(self) -> tuple[int, bytes, str] | None:
        """Size, root, note."""
        return _checkpoint(await self._reader.one(self._latest))

    async def checkpoint_covering(self, size: int) -> tuple[int, bytes, str] | None:
        """The first checkpoint over at least `size` entries."""
        return _checkpoint(await self._reader.one(self._covering, start=size))

    async def checkpoints(self, start: int, stop: int) -> Sequence[tuple[int, bytes, str]]:
        """Those with start <= size < stop."""
        rows = await self._reader.many(self._checkpoints, start=start, stop=stop)
        return [(size, root, note) for size, root, note in rows]


def _matching(query: EntryQuery) -> sa.Select[Any]:
    clause = sa.select(*_COLUMNS)
    if query.rule is not None:
        clause = clause.join(
            _RULE, sa.and_(_RULE.c.ts == _ENTRY.c.ts, _RULE.c.seq == _ENTRY.c.seq)
        ).where(_RULE.c.rule_id == query.rule)
    for name in ("tenant", "creator", "channel", "conversation", "decision"):
        wanted = getattr(query, name)
        if wanted is not None:
            clause = clause.where(_ENTRY.c[name] == wanted)
    if query.kind is not None:
        clause = clause.where(_ENTRY.c.kind == query.kind.value)
    if query.since is not None:
        clause = clause.where(_ENTRY.c.ts >= micros(query.since))
    if query.until is not None:
        clause = clause.where(_ENTRY.c.ts < micros(query.until))
    return clause


def _entry(row: Row) -> Entry:
    seq, kind, ts, tenant, message_id, body, leaf = row
    return Entry(
        seq=seq,
        kind=EntryKind(kind),
        at=moment(ts),
        tenant=tenant,
        message_id=message_id,
        body=body,
        leaf=leaf,
    )


def _checkpoint(row: Row | None) -> tuple[int, bytes, str] | None:
    return None if row is None else (row[0], row[1], row[2])
