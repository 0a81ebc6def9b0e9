"""Daily counts of what the log records: derived from the entries, and recounted by a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.model.record import Entry
from gateway.model.tally import Measure, TalliedDays, Tally, TallyKey
from gateway.model.verdict import Verdict
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import EntryRow, TallyHeadRow, TallyRow, table
from gateway.storage.engine.times import moment
from gateway.storage.engine.transaction import Transaction
from gateway.storage.engine.writer import DatabaseWriter

_ROW = table(TallyRow)
_HEAD = table(TallyHeadRow)
_ENTRY = table(EntryRow)
_DAY_RANGE = (sa.func.min(_ROW.c.day), sa.func.max(_ROW.c.day))
_HEAD_ID = 1
"""The key of the only row of `tally_head`."""


class StoredTallies:
    """Stores the counts over the first `size` entries of the log. Any number of processes may
    add to them, and each entry is counted once."""

    def __init__(
        self, *, database: Database, reader: DatabaseReader, writer: DatabaseWriter
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        compiled = database.statement
        size = sa.bindparam("size", type_=sa.BigInteger)
        self._add = database.upsert(_ROW, keys=TallyKey._fields, plus=["n"])
        self._put = database.upsert(_HEAD, keys=["id"], change=["size"])
        self._size = compiled(sa.select(_HEAD.c.size))
        self._clear = compiled(sa.delete(_ROW))
        self._held_at = compiled(
            sa.select(_ENTRY.c.ts)
            .where(
                _ENTRY.c.msg_id == sa.bindparam("message"),
                _ENTRY.c.seq < size,
                _ENTRY.c.decision == Verdict.HOLD.value,
            )
            .order_by(_ENTRY.c.seq.desc())
            .limit(1)
        )

    async def size(self) -> int:
        """How many entries, from the first on, are counted."""
        row = await self._reader.one(self._size)
        return 0 if row is None else int(row[0])

    async def add(self, tally: Tally, *, start: int, stop: int) -> bool:
        """Add the counts of the entries with numbers from `start` to below `stop`. Returns False,
        and changes nothing, when another process has counted some of them already."""
        return await self._writer.write(
            lambda transaction: self._add_counts(transaction, tally, start, stop)
        )

    async def replace(self, tally: Tally, *, size: int) -> bool:
        """Replace all counts by `tally`, the counts of the first `size` entries. Returns False,
        and changes nothing, when not exactly those entries are counted now."""
        return await self._writer.write(
            lambda transaction: self._replace_counts(transaction, tally, size)
        )

    async def exact(self) -> TalliedDays:
        """Every stored count, by tenant and day."""
        return await self._read_counts(sa.select(_ROW), sa.select(*_DAY_RANGE))

    async def read(
        self, *, tenant: str | None = None, first: int | None = None, last: int | None = None
    ) -> TalliedDays:
        """The counts of one tenant or of all, summed over the days `first` to `last`, both
        included. Counts of what was judged stay apart by day."""
        some = []
        if tenant is not None:
            some.append(_ROW.c.tenant == tenant)
        if first is not None:
            some.append(_ROW.c.day >= first)
        if last is not None:
            some.append(_ROW.c.day <= last)
        rest = [_ROW.c[name] for name in TallyKey._fields[2:]]
        day = sa.case((_ROW.c.measure == Measure.JUDGED.value, _ROW.c.day), else_=0)
        by_day = sa.select(*rest, day.label("on"), _ROW.c.n).where(*some).subquery()
        total = sa.cast(sa.func.sum(by_day.c.n), sa.BigInteger)
        keys = [by_day.c[column.name] for column in rest]
        clause = sa.select(sa.literal_column("''"), by_day.c.on, *keys, total)
        counted = await self._read_counts(
            clause.group_by(by_day.c.on, *keys), sa.select(*_DAY_RANGE).where(*some)
        )
        return replace(
            counted,
            first=counted.first if first is None else first,
            last=counted.last if last is None else last,
        )

    async def _read_counts(self, clause: sa.Select[Any], edges: sa.Select[Any]) -> TalliedDays:
        statement, days = self._database.statement(clause), self._database.statement(edges)
        size, size_after = -1, await self.size()
        rows: list[Row] = []
        while size != size_after:  # another process added counts meanwhile: read again
            size = size_after
            rows = await self._reader.many(statement)
            ((first, last),) = await self._reader.many(days)
            size_after = await self.size()
        return TalliedDays(size=size, first=first or 0, last=last or 0, tally=_tally_from(rows))

    async def held_at(self, entry: Entry) -> datetime | None:
        """When the message of `entry` was last put on hold before that entry."""
        row = await self._reader.one(self._held_at, message=entry.message_id, size=entry.seq)
        return None if row is None else moment(row[0])

    def _add_counts(self, transaction: Transaction, tally: Tally, start: int, stop: int) -> bool:
        if not self._is_at(transaction, start):
            return False
        self._write_counts(transaction, tally, stop)
        return True

    def _replace_counts(self, transaction: Transaction, tally: Tally, size: int) -> bool:
        if not self._is_at(transaction, size):
            return False
        transaction.run(self._clear)
        self._write_counts(transaction, tally, size)
        return True

    def _is_at(self, transaction: Transaction, size: int) -> bool:
        """Whether exactly the first `size` entries are counted."""
        rows = transaction.fetch(self._size)
        return bool((rows[0][0] if rows else 0) == size)

    def _write_counts(self, transaction: Transaction, tally: Tally, size: int) -> None:
        for key, n in tally.items():
            transaction.add(self._add, **key._asdict(), n=n)
        transaction.add(self._put, id=_HEAD_ID, size=size)


def _tally_from(rows: list[Row]) -> Mapping[TallyKey, int]:
    return {TallyKey(*row[:-1]): row[-1] for row in rows}
