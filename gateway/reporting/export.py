"""Writes an export piece by piece, so that memory does not grow with the log."""

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

_ROW_GROUP_ENTRIES = 10_000
"""Entries that are collected in memory for one row group of a Parquet file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportHeader:
    """The description of an export, as its manifest and its metadata give it.

    `origin` is the name of the log. Only entries below number `size` are exported; `checkpoint`, a
    signed note, covers them. `query` are the filters by name.
    """

    format: ExportFormat
    origin: str
    size: int
    checkpoint: str
    query: Mapping[str, Any]
    made_at: datetime

    def document(self) -> dict[str, Any]:
        """The description as plain JSON."""
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
    """One export that is being written. `manifest` is complete once `pieces` has ended.

    `first` and `last` are numbers of entries, `length` is bytes so far.
    """

    about: ExportHeader
    entries: int = 0
    first: int | None = None
    last: int | None = None
    length: int = 0
    _digest: Any = field(default_factory=sha256)

    async def pieces(self, pages: AsyncIterator[Sequence[Entry]]) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the export. `pages` are its entries in order. Raises LogInvalid for an
        entry that cannot be exported, ConfigurationError when the format needs an extra that is
        not installed."""
        is_parquet = self.about.format is ExportFormat.PARQUET
        async for piece in self._parquet_pieces(pages) if is_parquet else self._text_pieces(pages):
            self.length += len(piece)
            self._digest.update(piece)
            yield piece

    def manifest(self) -> dict[str, Any]:
        """The description with what was written: counts, first and last entry, length, hash."""
        return {
            **self.about.document(),
            "entries": self.entries,
            "first": self.first,
            "last": self.last,
            "bytes": self.length,
            "sha256": self._digest.hexdigest(),
        }

    async def _text_pieces(self, pages: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[bytes]:
        layout = shape(self.about.format, origin=self.about.origin)
        if layout.head:
            yield layout.head
        async for page in pages:
            yield await asyncio.to_thread(layout.lines, page, self.entries == 0)
            self._count_page(page)
        if layout.foot:
            yield layout.foot

    async def _parquet_pieces(self, pages: AsyncIterator[Sequence[Entry]]) -> AsyncIterator[bytes]:
        metadata = {
            f"avatar-gateway.{name}": value
            if isinstance(value, str)
            else orjson.dumps(value).decode()
            for name, value in self.about.document().items()
        }
        sink = _Sink()
        binary_sink = cast("BinaryIO", sink)  # it has those methods of a file that pyarrow calls
        file = await asyncio.to_thread(ParquetFile, binary_sink, metadata)
        waiting: list[Entry] = []
        async for page in pages:
            waiting += page
            self._count_page(page)
            if len(waiting) >= _ROW_GROUP_ENTRIES:
                await asyncio.to_thread(file.add, waiting)
                waiting = []
                yield sink.take()
        await asyncio.to_thread(file.add, waiting)
        await asyncio.to_thread(file.close)
        yield sink.take()

    def _count_page(self, page: Sequence[Entry]) -> None:
        if page:
            self.first = page[0].seq if self.first is None else self.first
            self.last = page[-1].seq
            self.entries += len(page)


class _Sink:
    """The write-only file that pyarrow writes to. Keeps the bytes until `take` returns them."""

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
        """Do nothing: there is no buffer to flush."""

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        """Return the bytes written since the last call, and forget them."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
