"""Finds entries: any filter, any tenant, in well under a second at a million entries.

Numbers are looked for in an index that holds all that one can filter by, so that no entry is
touched that does not match: bodies fill several pages each. Only those of one page are then read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.model.record import Entry, EntryKind
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import EntryRow, EntryRuleRow, table
from gateway.storage.engine.times import micros, moment

_ENTRY = table(EntryRow)
_RULE = table(EntryRuleRow)
_COLUMNS = [_ENTRY.c[name] for name in ("seq", "kind", "ts", "tenant", "msg_id", "body", "leaf")]
_RARE = 20_000
"""A rule that fewer entries name is looked up first; else the other filters are."""

_JUDGED = tuple(kind.value for kind in (EntryKind.DECISION, EntryKind.DRY_RUN, EntryKind.REVIEW))

_SERVED = ({"tenant", "creator"}, {"tenant", "decision"})
"""Filters that an index answers in the order of time."""


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
    decisions: tuple[str, ...] | None = None  # one of these
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The filters that are set, by name."""
        named = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Between two entries, in the order of time, then number."""

    ts: int
    seq: int


class EntrySearch:
    def __init__(self, *, database: Database, reader: DatabaseReader) -> None:
        self._database = database
        self._reader = reader
        self._sqlite = database.engine.dialect.name == "sqlite"
        self._time_of = database.statement(
            sa.select(_ENTRY.c.ts).where(_ENTRY.c.seq == sa.bindparam("seq", type_=sa.BigInteger))
        )

    async def newest(
        self, query: EntryQuery, *, limit: int, before: int | None = None
    ) -> list[Entry]:
        """The newest first, by their own time. `before`: only those before entry number so."""
        return await self._page(query, limit=limit, beyond=before, newest=True, stop=None)

    async def page(
        self, query: EntryQuery, *, limit: int, after: int | None = None, stop: int | None = None
    ) -> list[Entry]:
        """The oldest first: by their own time, or, where nothing is filtered, by number. `after`:
        only those after entry number so; `stop`: only those with smaller numbers."""
        if query.given:
            return await self._page(query, limit=limit, beyond=after, newest=False, stop=stop)
        clause = sa.select(*_COLUMNS).where(_ENTRY.c.seq > (-1 if after is None else after))
        if stop is not None:
            clause = clause.where(_ENTRY.c.seq < stop)
        rows = await self._rows(clause.order_by(_ENTRY.c.seq).limit(limit))
        return [entry_from(row) for row in rows]

    async def pages(
        self,
        query: EntryQuery,
        *,
        stop: int,
        after: int | None = None,
        limit: int | None = None,
        at_once: int = 500,
    ) -> AsyncIterator[list[Entry]]:
        """All of it, as `page` gives them, `at_once` entries at a time; `limit` of them at
        most."""
        left = limit
        while left is None or left > 0:
            wanted = at_once if left is None else min(at_once, left)
            found = await self.page(query, limit=wanted, after=after, stop=stop)
            if found:
                yield found
                after = found[-1].seq
                left = None if left is None else left - len(found)
            if len(found) < wanted:
                return

    async def _page(
        self, query: EntryQuery, *, limit: int, beyond: int | None, newest: bool, stop: int | None
    ) -> list[Entry]:
        place = None
        if beyond is not None:
            row = await self._reader.one(self._time_of, seq=beyond)
            if row is None:
                return []
            place = _Place(ts=row[0], seq=beyond)
        clause = await self._numbers(query, place, newest=newest)
        if stop is not None:
            clause = clause.where(self._unindexed(_ENTRY.c.seq) < stop)
        found = clause.limit(limit).subquery()
        rows = await self._rows(
            sa.select(*_COLUMNS).where(_ENTRY.c.seq.in_(sa.select(found.c.seq)))
        )
        rows.sort(key=lambda row: (row[2], row[0]), reverse=newest)
        return [entry_from(row) for row in rows]

    async def _numbers(
        self, query: EntryQuery, place: _Place | None, *, newest: bool
    ) -> sa.Select[Any]:
        rule = query.rule
        if rule is not None and await self._is_rare(query, rule):
            return self._by_rule(query, rule, place, newest=newest)
        clause = sa.select(_ENTRY.c.seq)
        if rule is not None:
            clause = clause.where(
                sa.exists()
                .where(
                    _RULE.c.rule_id == rule, _RULE.c.ts == _ENTRY.c.ts, _RULE.c.seq == _ENTRY.c.seq
                )
                .correlate(_ENTRY)
            )
        clause = clause.where(*self._equal(query, plain=self._is_served(query)))
        return _between(clause, query, place, _ENTRY.c.ts, _ENTRY.c.seq, newest=newest)

    def _by_rule(
        self, query: EntryQuery, rule: str, place: _Place | None, *, newest: bool
    ) -> sa.Select[Any]:
        """The entries that name the rule, each held against the other filters in the index of
        times: `seq` alone would lead SQLite to the rows themselves."""
        clause = (
            sa.select(_RULE.c.seq)
            .join(
                _ENTRY,
                sa.and_(_ENTRY.c.ts == _RULE.c.ts, self._unindexed(_ENTRY.c.seq) == _RULE.c.seq),
            )
            .where(_RULE.c.rule_id == rule, *self._equal(query, plain=False))
        )
        return _between(clause, query, place, _RULE.c.ts, _RULE.c.seq, newest=newest)

    async def _is_rare(self, query: EntryQuery, rule: str) -> bool:
        some = sa.select(_RULE.c.seq).where(_RULE.c.rule_id == rule)
        if query.since is not None:
            some = some.where(_RULE.c.ts >= micros(query.since))
        if query.until is not None:
            some = some.where(_RULE.c.ts < micros(query.until))
        capped = some.limit(_RARE + 1).subquery()
        ((count,),) = await self._rows(sa.select(sa.func.count()).select_from(capped))
        return bool(count <= _RARE)

    def _is_served(self, query: EntryQuery) -> bool:
        return query.given.keys() - {"since", "until"} in _SERVED

    def _equal(self, query: EntryQuery, *, plain: bool) -> list[sa.ColumnElement[bool]]:
        found = []
        for name in ("tenant", "creator", "channel", "conversation", "kind", "decision"):
            wanted = query.given.get(name)
            if wanted is not None:
                column = _ENTRY.c[name] if plain else self._unindexed(_ENTRY.c[name])
                found.append(column == str(wanted))
        if query.rule is not None:  # only what was judged names rules
            found.append(self._unindexed(_ENTRY.c.kind).in_(_literals(_JUDGED)))
        if query.decisions is not None:
            found.append(self._unindexed(_ENTRY.c.decision).in_(_literals(query.decisions)))
        return found

    def _unindexed(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """The column, not to be looked up in an index that begins with it. PostgreSQL knows by
        its statistics; SQLite has none, and would read a million rows for a filter that an index
        answers half (https://sqlite.org/optoverview.html#uplus)."""
        if not self._sqlite:
            return column
        return sa.literal_column(f"+{_ENTRY.name}.{column.name}", column.type)

    async def _rows(self, clause: sa.Select[Any]) -> list[Row]:
        return await self._reader.many(self._database.statement(clause))


def _literals(words: tuple[str, ...]) -> list[sa.ColumnElement[str]]:
    return [sa.literal(word, sa.String()) for word in words]


def entry_from(row: Row) -> Entry:
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


def _between(
    clause: sa.Select[Any],
    query: EntryQuery,
    place: _Place | None,
    ts: sa.Column[int],
    seq: sa.Column[int],
    *,
    newest: bool,
) -> sa.Select[Any]:
    if query.since is not None:
        clause = clause.where(ts >= micros(query.since))
    if query.until is not None:
        clause = clause.where(ts < micros(query.until))
    if place is not None:
        here, there = sa.tuple_(ts, seq), sa.tuple_(place.ts, place.seq)
        clause = clause.where(here < there if newest else here > there)
    return clause.order_by(ts.desc(), seq.desc()) if newest else clause.order_by(ts, seq)
