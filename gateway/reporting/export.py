"""Puts an export together, piece by piece: memory does not grow with the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, BinaryIO, cast

import orjson

from gateway.model.record import Entry
from gateway.reporting.formats import ExportFormat, shape
from gateway.reporting.parquet import ParquetFile

_ROW_GROUP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportHeader:
    """What an export says of itself. `origin` and `checkpoint` (a signed note) name the log and
    how far it goes: nothing behind entry number `size` - 1 is in it. `query` are the filters."""

    format: ExportFormat
    origin: str
    size: int
    checkpoint: str
    query: Mapping[str, Any]
    made_at: datetime

    def document(self) -> dict[str, Any]:
        return {
            "v": 1,
            "format": self.format.value,
            "origin": self.origin,
            "size": self.size,
            "checkpoint": self.checkpoint,
            "query": {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in self.query.items()
            },
            "made_at": self.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        }


@dataclass(slots=True)
class Export:
    """One export on its way. What the manifest says is known once `pieces` has ended."""

    about: ExportHeader
    entries: int = 0
    first: int | None = None
    last: int | None = None
    length: int = 0
    _digest: Any = field(default_factory=sha256)

    async def pieces(self, pages: AsyncIterator[Sequence[Entry]]) -> AsyncGenerator[bytes, None]:
        """The bytes of the export. `pages` are its entries in order. Raises LogInvalid for an
        entry that cannot be exported, ConfigurationError where a format needs an extra."""
        made = self._parquet(pages) if self.about.format is ExportFormat.PARQUET else None
        async for piece in made or self._text(pages):
            self.length += len(piece)
            self._digest.update(piece)
            yield piece

    def manifest(self) -> dict[str, Any]:
        return {
            **self.about.document(),
            "entries": self.entries,
            "first": self.first,
            "last": self.last,
            "bytes": self.length,
            "sha256": self._digest.hexdigest(),
        }

    async def _text(self, pages: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[bytes]:
        shaped = shape(self.about.format, origin=self.about.origin)
        if shaped.head:
            yield shaped.head
        async for page in pages:
            yield await asyncio.to_thread(shaped.lines, page, self.entries == 0)
            self._note(page)
        if shaped.foot:
            yield shaped.foot

    async def _parquet(self, pages: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[bytes]:
        about = {
            f"avatar-gateway.{name}": value
            if isinstance(value, str)
            else orjson.dumps(value).decode()
            for name, value in self.about.document().items()
        }
        sink = _Sink()
        file = await asyncio.to_thread(ParquetFile, cast("BinaryIO", sink), about)  # what it asks
        waiting: list[Entry] = []
        async for page in pages:
            waiting += page
            self._note(page)
            if len(waiting) >= _ROW_GROUP:
                await asyncio.to_thread(file.add, waiting)
                waiting = []
                yield sink.take()
        await asyncio.to_thread(file.add, waiting)
        await asyncio.to_thread(file.close)
        yield sink.take()

    def _note(self, page: Sequence[Entry]) -> None:
        if page:
            self.first = page[0].seq if self.first is None else self.first
            self.last = page[-1].seq
            self.entries += len(page)


class _Sink:
    """What pyarrow writes to: keeps the bytes until they are taken."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
