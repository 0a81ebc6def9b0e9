from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from hashlib import sha256

import orjson
import pyarrow.parquet as pq
import pytest

from gateway.errors import LogInvalid
from gateway.model.record import Entry
from gateway.reporting.export import Export, ExportHeader
from gateway.reporting.formats import ExportFormat
from tests.stores import START
from tests.unit.reporting.conftest import Story


def export(format: ExportFormat) -> Export:  # noqa: A002
    return Export(
        about=ExportHeader(
            format=format,
            origin="gateway.example/log",
            size=5,
            checkpoint="a note",
            query={"tenant": "acme", "since": START},
            made_at=START,
        )
    )


async def pages(*found: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
    for page in found:
        yield page


async def whole(made: Export, *found: Sequence[Entry]) -> bytes:
    async with aclosing(made.pieces(pages(*found))) as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("format", list(ExportFormat))
async def test_the_manifest_says_what_was_written(story: Story, format: ExportFormat) -> None:  # noqa: A002
    for _ in range(5):
        story.judged()
    made = export(format)
    content = await whole(made, story.entries[1:3], story.entries[3:])
    assert made.manifest() == {
        "v": 1,
        "format": format.value,
        "origin": "gateway.example/log",
        "size": 5,
        "checkpoint": "a note",
        "query": {"tenant": "acme", "since": "2026-11-22T09:30:00.123456+00:00"},
        "made_at": "2026-11-22T09:30:00+00:00",
        "entries": 4,
        "first": 1,
        "last": 4,
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }


@pytest.mark.parametrize("format", list(ExportFormat))
async def test_nothing_is_an_export_too(format: ExportFormat) -> None:  # noqa: A002
    made = export(format)
    content = await whole(made)
    assert (made.entries, made.first, made.last) == (0, None, None)
    if format is ExportFormat.PARQUET:
        assert pq.read_table(io.BytesIO(content)).num_rows == 0


async def test_parquet_carries_the_checkpoint(story: Story) -> None:
    story.judged()
    content = await whole(export(ExportFormat.PARQUET), story.entries)
    about = pq.read_metadata(io.BytesIO(content)).metadata
    assert about[b"avatar-gateway.checkpoint"] == b"a note"
    assert orjson.loads(about[b"avatar-gateway.query"])["tenant"] == "acme"


async def test_pieces_come_as_pages_do(story: Story) -> None:
    """Nothing waits for the end: memory does not grow with the log."""
    story.judged()
    asked = 0

    async def endless() -> AsyncIterator[Sequence[Entry]]:
        nonlocal asked
        while True:
            asked += 1
            yield story.entries

    async with aclosing(export(ExportFormat.JSONL).pieces(endless())) as pieces:
        async for _ in pieces:
            if asked == 3:
                break
    assert asked == 3


async def test_parquet_writes_by_row_groups(story: Story) -> None:
    story.judged()
    made = export(ExportFormat.PARQUET)
    content = await whole(made, *[story.entries * 4_000] * 5)
    assert pq.read_metadata(io.BytesIO(content)).num_row_groups == 2
    assert made.entries == 20_000


async def test_a_bad_entry_ends_it(story: Story) -> None:
    from dataclasses import replace

    story.judged()
    with pytest.raises(LogInvalid):
        await whole(export(ExportFormat.CSV), [replace(story.entries[0], body=b"x")])
