"""The stored entries, checkpoints, cosignatures and time stamps of the audit log; implements the
stores that `gateway.trail` asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.errors import LogInvalid
from gateway.model.record import Entry
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import (
    CheckpointRow,
    CosignatureRow,
    EntryRow,
    StampRow,
    table,
)
from gateway.storage.engine.times import micros, moment
from gateway.storage.engine.transaction import Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.log.entry_search import ENTRY_COLUMNS, EntryQuery, EntrySearch, entry_from

_ENTRY = table(EntryRow)
_MAX_COSIGNED_SIZES = 64
"""Cosigned checkpoints that are searched for one with a quorum, newest first."""


class StoredLog:
    """Reads the entries of the log, and stores and reads what proves them.

    An entry is visible only once it and all entries with smaller numbers are durable. Ranges go
    from `start`, included, to `stop`, excluded, ascending. The note of a checkpoint includes the
    cosignatures of witnesses. Methods that read raise DatabaseUnusable, those that write
    NotRecorded.
    """

    def __init__(
        self, *, database: Database, reader: DatabaseReader, writer: DatabaseWriter
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        self._search = EntrySearch(database=database, reader=reader)
        start, stop = (sa.bindparam(name, type_=sa.BigInteger) for name in ("start", "stop"))
        checkpoint = table(CheckpointRow)
        compiled = database.statement
        in_range = sa.and_(_ENTRY.c.seq >= start, _ENTRY.c.seq < stop)
        self._last = compiled(sa.select(sa.func.max(_ENTRY.c.seq)))
        self._leaves = compiled(sa.select(_ENTRY.c.leaf).where(in_range).order_by(_ENTRY.c.seq))
        self._entries = compiled(sa.select(*ENTRY_COLUMNS).where(in_range).order_by(_ENTRY.c.seq))
        self._of_message = compiled(
            sa.select(*ENTRY_COLUMNS)
            .where(_ENTRY.c.msg_id == sa.bindparam("message"))
            .order_by(_ENTRY.c.seq)
        )
        columns = (checkpoint.c.size, checkpoint.c.root, checkpoint.c.note)
        self._put = compiled(sa.insert(checkpoint))
        self._latest = compiled(sa.select(*columns).order_by(checkpoint.c.size.desc()).limit(1))
        covering = sa.select(*columns).where(checkpoint.c.size >= start)
        self._covering = compiled(covering.order_by(checkpoint.c.size).limit(1))
        self._checkpoints = compiled(
            covering.where(checkpoint.c.size < stop).order_by(checkpoint.c.size)
        )

        signature, stamp = table(CosignatureRow), table(StampRow)
        self._put_signature = database.upsert(
            signature, keys=["size", "key"], change=["line", "at"]
        )
        of_sizes = sa.and_(signature.c.size >= start, signature.c.size < stop)
        self._signatures = compiled(
            sa.select(signature.c.size, signature.c.line)
            .where(of_sizes)
            .order_by(signature.c.size, signature.c.key)
        )
        self._cosigned = compiled(
            sa.select(sa.func.max(signature.c.size)).where(signature.c.key == sa.bindparam("key"))
        )
        self._cosigned_sizes = compiled(
            sa.select(signature.c.size)
            .where(signature.c.size < stop)
            .distinct()
            .order_by(signature.c.size.desc())
            .limit(_MAX_COSIGNED_SIZES)
        )
        self._put_stamp = database.upsert(stamp, keys=["size", "tsa"])
        self._stamps = compiled(
            sa.select(stamp.c.size, stamp.c.tsa, stamp.c.response)
            .where(sa.and_(stamp.c.size >= start, stamp.c.size < stop))
            .order_by(stamp.c.size, stamp.c.tsa)
        )
        self._last_stamp = compiled(
            sa.select(stamp.c.size, stamp.c.at)
            .where(stamp.c.tsa == sa.bindparam("tsa"))
            .order_by(stamp.c.size.desc())
            .limit(1)
        )

    async def size(self) -> int:
        """The number of entries."""
        row = await self._reader.one(self._last)
        return 0 if row is None or row[0] is None else row[0] + 1

    async def leaves(self, start: int, stop: int) -> list[bytes]:
        rows = await self._reader.many(self._leaves, start=start, stop=stop)
        return [leaf for (leaf,) in rows]

    async def entries(self, start: int, stop: int) -> list[Entry]:
        rows = await self._reader.many(self._entries, start=start, stop=stop)
        return [entry_from(row) for row in rows]

    async def entries_of_message(
        self, message_id: str, *, tenant: str | None = None
    ) -> list[Entry]:
        """All entries about one message, oldest first; with `tenant`, only that tenant's."""
        rows = await self._reader.many(self._of_message, message=message_id)
        entries = [entry_from(row) for row in rows]
        return [entry for entry in entries if tenant in (None, entry.tenant)]

    async def find(
        self, query: EntryQuery, *, limit: int = 100, before: int | None = None
    ) -> list[Entry]:
        """The entries that match, newest first by their own time. For the next page, pass the
        number of the last entry as `before`."""
        return await self._search.newest(query, limit=limit, before=before)

    async def put_checkpoint(
        self, *, size: int, root: bytes, leaf: bytes, at: datetime, sign: Callable[[], str]
    ) -> str | None:
        """Sign and store the checkpoint of the first `size` entries, durably.

        `sign` makes the note. It is called inside the writing transaction, so that one process
        at a time signs, and only what is stored. `leaf` is the leaf of the last entry (b"" for
        size 0); raises LogInvalid when the stored entry has another one.

        Returns the note of this size, which stays as it is when there is one already. Returns None
        when there is a checkpoint of a larger size.
        """

        def job(transaction: Transaction) -> str | None:
            for latest_size, _, note in transaction.fetch(self._latest):
                if latest_size >= size:
                    return str(note) if latest_size == size else None
            rows = transaction.fetch(self._leaves, start=size - 1, stop=size)
            if size and [bytes(stored) for (stored,) in rows] != [leaf]:
                raise LogInvalid("is not the one that was to be signed", index=size - 1)
            note = sign()
            transaction.add(self._put, size=size, root=root, note=note, at=micros(at))
            return note

        return await self._writer.write(job)

    async def latest_checkpoint(self) -> tuple[int, bytes, str] | None:
        """The checkpoint of the largest size: size, root, note."""
        return await self._cosigned_checkpoint(await self._reader.one(self._latest))

    async def checkpoint_covering(self, size: int) -> tuple[int, bytes, str] | None:
        """The smallest checkpoint over at least `size` entries: size, root, note."""
        return await self._cosigned_checkpoint(await self._reader.one(self._covering, start=size))

    async def checkpoints(self, start: int, stop: int) -> Sequence[tuple[int, bytes, str]]:
        """The checkpoints with start <= size < stop: size, root, note."""
        rows = await self._reader.many(self._checkpoints, start=start, stop=stop)
        lines: dict[int, str] = {}
        for size, line in await self._reader.many(self._signatures, start=start, stop=stop):
            lines[size] = lines.get(size, "") + line
        return [(size, root, note + lines.get(size, "")) for size, root, note in rows]

    async def put_cosignature(self, *, size: int, key: str, line: str, at: datetime) -> None:
        """Store a witness's cosignature durably. It replaces an earlier one by the same key for
        the same size."""
        row: dict[str, Any] = {"size": size, "key": key, "line": line, "at": micros(at)}
        await self._writer.write(lambda transaction: transaction.add(self._put_signature, **row))

    async def cosigned_size(self, key: str) -> int:
        """The size of the newest checkpoint that this key cosigned; 0 when there is none."""
        row = await self._reader.one(self._cosigned, key=key)
        return 0 if row is None or row[0] is None else row[0]

    async def cosigned_before(self, stop: int) -> Sequence[int]:
        """The sizes of the newest checkpoints below `stop` that any witness cosigned, largest
        first."""
        rows = await self._reader.few(self._cosigned_sizes, stop=stop)
        return [size for (size,) in rows]

    async def put_stamp(self, *, size: int, tsa: str, response: bytes, at: datetime) -> None:
        """Store a time stamp durably; an earlier one by this authority for this size stays."""
        row: dict[str, Any] = {"size": size, "tsa": tsa, "response": response, "at": micros(at)}
        await self._writer.write(lambda transaction: transaction.add(self._put_stamp, **row))

    async def latest_stamp(self, tsa: str) -> tuple[int, datetime] | None:
        """Size and time of the newest time stamp by the authority at `tsa`."""
        row = await self._reader.one(self._last_stamp, tsa=tsa)
        return None if row is None else (row[0], moment(row[1]))

    async def stamps(self, start: int, stop: int) -> Sequence[tuple[int, str, bytes]]:
        """The time stamps of checkpoints with start <= size < stop: size, URL of the authority,
        its response."""
        rows = await self._reader.many(self._stamps, start=start, stop=stop)
        return [(size, tsa, response) for size, tsa, response in rows]

    async def _cosigned_checkpoint(self, row: Row | None) -> tuple[int, bytes, str] | None:
        if row is None:
            return None
        size, root, note = row
        lines = await self._reader.few(self._signatures, start=size, stop=size + 1)
        return size, root, note + "".join(line for _, line in lines)
