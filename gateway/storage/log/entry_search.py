"""Finds entries by any filter, in well under a second at a million entries.

A search has two steps. The numbers of matching entries come from an index that has every column
one can filter by, so that no other entry is read: a body fills several pages of the database. Then
the entries of one page of results are read by number.
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
ENTRY_COLUMNS = tuple(
    _ENTRY.c[name] for name in ("seq", "kind", "ts", "tenant", "msg_id", "body", "leaf")
)
"""The columns that `entry_from` takes."""

_RARE_RULE_ENTRIES = 20_000
"""A rule that at most so many entries name is looked up first, and the other filters applied to
what it finds; with a more frequent rule it is the other way round."""

_JUDGED_KINDS = tuple(
    kind.value for kind in (EntryKind.DECISION, EntryKind.DRY_RUN, EntryKind.REVIEW)
)

_INDEXED_FILTERS = ({"tenant", "creator"}, {"tenant", "decision"})
"""Combinations of filters for which an index returns the entries in the order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryQuery:
    """The filters of a search; None means any.

    `decision` is a verdict ("block"), a state that a message took ("delivered", "expired") or the
    kind of thing that was changed ("creator"). `since` is included, `until` is not.
    """

    tenant: str | None = None
    creator: str | None = None
    channel: str | None = None
    conversation: str | None = None
    kind: EntryKind | None = None
    decision: str | None = None
    decisions: tuple[str, ...] | None = None  # any of these
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The filters that are set, by name."""
        named = ((member.name, getattr(self, member.name)) for member in fields(self))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """The place of an entry in the order of results: by time, then number."""

    ts: int
    seq: int


class EntrySearch:
    """Searches the entries of the log. Methods raise DatabaseUnusable."""

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
        """The entries that match, newest first by their own time. `before` is the number of an
        entry: only those before it."""
        return await self._read_page(query, limit=limit, beyond=before, newest=True, stop=None)

    async def page(
        self, query: EntryQuery, *, limit: int, after: int | None = None, stop: int | None = None
    ) -> list[Entry]:
        """The entries that match, oldest first by their own time; by number without any filter.

        `after` is the number of an entry: only those after it. Only entries with numbers below
        `stop` are returned.
        """
        if query.given:
            return await self._read_page(query, limit=limit, beyond=after, newest=False, stop=stop)
        clause = sa.select(*ENTRY_COLUMNS).where(_ENTRY.c.seq > (-1 if after is None else after))
        if stop is not None:
            clause = clause.where(_ENTRY.c.seq < stop)
        rows = await self._fetch_rows(clause.order_by(_ENTRY.c.seq).limit(limit))
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
        """All entries that match, in the order of `page`, `at_once` at a time and `limit` in
        all."""
        left = limit
        while left is None or left > 0:
            wanted = at_once if left is None else min(at_once, left)
            entries = await self.page(query, limit=wanted, after=after, stop=stop)
            if entries:
                yield entries
                after = entries[-1].seq
                left = None if left is None else left - len(entries)
            if len(entries) < wanted:
                return

    async def _read_page(
        self, query: EntryQuery, *, limit: int, beyond: int | None, newest: bool, stop: int | None
    ) -> list[Entry]:
        """The first `limit` entries beyond entry number `beyond`, in the order asked for."""
        position = None
        if beyond is not None:
            row = await self._reader.one(self._time_of, seq=beyond)
            if row is None:
                return []
            position = _Position(ts=row[0], seq=beyond)
        clause = await self._select_numbers(query, position, newest=newest)
        if stop is not None:
            clause = clause.where(self._unindexed(_ENTRY.c.seq) < stop)
        numbers = clause.limit(limit).subquery()
        rows = await self._fetch_rows(
            sa.select(*ENTRY_COLUMNS).where(_ENTRY.c.seq.in_(sa.select(numbers.c.seq)))
        )
        rows.sort(key=lambda row: (row[2], row[0]), reverse=newest)
        return [entry_from(row) for row in rows]

    async def _select_numbers(
        self, query: EntryQuery, position: _Position | None, *, newest: bool
    ) -> sa.Select[Any]:
        """The statement that selects the numbers of matching entries, in order."""
        rule = query.rule
        if rule is not None and await self._is_rare(query, rule):
            return self._numbers_by_rule(query, rule, position, newest=newest)
        clause = sa.select(_ENTRY.c.seq)
        if rule is not None:
            clause = clause.where(
                sa.exists()
                .where(
                    _RULE.c.rule_id == rule, _RULE.c.ts == _ENTRY.c.ts, _RULE.c.seq == _ENTRY.c.seq
                )
                .correlate(_ENTRY)
            )
        clause = clause.where(*self._conditions(query, indexed=self._is_indexed(query)))
        return _in_window(clause, query, position, _ENTRY.c.ts, _ENTRY.c.seq, newest=newest)

    def _numbers_by_rule(
        self, query: EntryQuery, rule: str, position: _Position | None, *, newest: bool
    ) -> sa.Select[Any]:
        """Select by the rule first. The other filters are applied in the index that begins with
        the time: joined by `seq` alone, SQLite would read the rows themselves."""
        clause = (
            sa.select(_RULE.c.seq)
            .join(
                _ENTRY,
                sa.and_(_ENTRY.c.ts == _RULE.c.ts, self._unindexed(_ENTRY.c.seq) == _RULE.c.seq),
            )
            .where(_RULE.c.rule_id == rule, *self._conditions(query, indexed=False))
        )
        return _in_window(clause, query, position, _RULE.c.ts, _RULE.c.seq, newest=newest)

    async def _is_rare(self, query: EntryQuery, rule: str) -> bool:
        """Whether at most _RARE_RULE_ENTRIES in the query's time window name the rule."""
        some = sa.select(_RULE.c.seq).where(_RULE.c.rule_id == rule)
        if query.since is not None:
            some = some.where(_RULE.c.ts >= micros(query.since))
        if query.until is not None:
            some = some.where(_RULE.c.ts < micros(query.until))
        capped = some.limit(_RARE_RULE_ENTRIES + 1).subquery()
        ((count,),) = await self._fetch_rows(sa.select(sa.func.count()).select_from(capped))
        return bool(count <= _RARE_RULE_ENTRIES)

    def _is_indexed(self, query: EntryQuery) -> bool:
        return query.given.keys() - {"since", "until"} in _INDEXED_FILTERS

    def _conditions(self, query: EntryQuery, *, indexed: bool) -> list[sa.ColumnElement[bool]]:
        """The query's filters as SQL, but for rule and time. `indexed`: an index that begins with
        them may be used."""
        conditions = []
        for name in ("tenant", "creator", "channel", "conversation", "kind", "decision"):
            wanted = query.given.get(name)
            if wanted is not None:
                column = _ENTRY.c[name] if indexed else self._unindexed(_ENTRY.c[name])
                conditions.append(column == str(wanted))
        if query.rule is not None:  # entries of other kinds name no rules
            conditions.append(self._unindexed(_ENTRY.c.kind).in_(_literals(_JUDGED_KINDS)))
        if query.decisions is not None:
            conditions.append(self._unindexed(_ENTRY.c.decision).in_(_literals(query.decisions)))
        return conditions

    def _unindexed(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """The column, written so that SQLite uses no index that begins with it.

        Without statistics, SQLite would choose such an index for any filter, and read a million
        rows for one that it answers only in part (https://sqlite.org/optoverview.html#uplus).
        PostgreSQL decides by its statistics.
        """
        if not self._sqlite:
            return column
        return sa.literal_column(f"+{_ENTRY.name}.{column.name}", column.type)

    async def _fetch_rows(self, clause: sa.Select[Any]) -> list[Row]:
        return await self._reader.many(self._database.statement(clause))


def _literals(words: tuple[str, ...]) -> list[sa.ColumnElement[str]]:
    return [sa.literal(word, sa.String()) for word in words]


def entry_from(row: Row) -> Entry:
    """Build an entry from a row of ENTRY_COLUMNS."""
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


def _in_window(
    clause: sa.Select[Any],
    query: EntryQuery,
    position: _Position | None,
    ts: sa.Column[int],
    seq: sa.Column[int],
    *,
    newest: bool,
) -> sa.Select[Any]:
    """Restrict `clause` to the query's time window and to what lies beyond `position`, and order
    it."""
    if query.since is not None:
        clause = clause.where(ts >= micros(query.since))
    if query.until is not None:
        clause = clause.where(ts < micros(query.until))
    if position is not None:
        row, last = sa.tuple_(ts, seq), sa.tuple_(position.ts, position.seq)
        clause = clause.where(row < last if newest else row > last)
    return clause.order_by(ts.desc(), seq.desc()) if newest else clause.order_by(ts, seq)
