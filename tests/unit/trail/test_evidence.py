from __future__ import annotations

import tracemalloc
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from gateway.errors import LogInvalid
from gateway.model.record import Entry
from gateway.trail.evidence import EvidenceStore, evidence
from tests.evidence import ORIGIN, Book

AT = datetime(2026, 11, 22, 20, tzinfo=UTC)


class Store:
    def __init__(self, book: Book) -> None:
        self.book = book
        self.checkpoints, self.stamps = book.checkpoints, book.stamps

    async def size(self) -> int:
        return len(self.book.entries)

    async def entries(self, start: int, stop: int) -> Sequence[Entry]:
        return self.book.entries[start:stop]


async def lines_of(store: EvidenceStore, size: int, **more: Any) -> list[dict[str, Any]]:
    pieces = evidence(store, origin=ORIGIN, keys=(), at=AT, size=size, **more)
    whole = b"".join([piece async for piece in pieces])
    assert whole.endswith(b"\n")
    return [orjson.loads(line) for line in whole.splitlines()]


@pytest.fixture
def book() -> Book:
    made = Book()
    made.sign()  # of nothing yet
    for _ in range(30):
        made.story()
        made.sign()
    made.stamped.append((12, "http://tsa.example", b"stamp"))
    return made


async def test_everything_is_there_in_order(book: Book) -> None:
    done: list[int] = []
    header, *lines, end = await lines_of(Store(book), 360, progress=done.append)
    assert header == {
        "format": "avatar-gateway-evidence",
        "version": 1,
        "origin": ORIGIN,
        "created_at": "2026-11-22T20:00:00.000000Z",
        "tenant": None,
        "entries": 360,
        "keys": [],
    }
    assert end == {"end": {"entries": 360, "checkpoints": 31}}
    assert done == [256, 360]
    size, seen = 0, []
    for line in lines:
        if "seq" in line:
            entry = book.entries[size]
            assert line["seq"] == size
            assert line["body"].encode() == entry.body
            assert b64decode(line["leaf"]) == entry.leaf
            size += 1
        elif "checkpoint" in line:
            assert int(line["checkpoint"].split("\n")[1]) == size
            seen.append(line["checkpoint"])
        else:
            assert line == {
                "stamp": {"size": 12, "tsa": "http://tsa.example", "response": "c3RhbXA="}
            }
            assert size == 12
    assert seen == [note for _, _, note in book.signed]


async def test_only_what_was_asked_for(book: Book) -> None:
    book.change(tenant="other")
    *_, last, end = await lines_of(Store(book), 361, tenant="acme")
    assert last.keys() == {"seq", "leaf"}
    assert end["end"]["entries"] == 361
    assert [line for line in await lines_of(Store(book), 12) if "checkpoint" in line] == [
        {"checkpoint": note} for size, _, note in book.signed if size <= 12
    ]


async def test_checkpoints_over_lost_entries(book: Book) -> None:
    del book.entries[12:]
    lines = await lines_of(Store(book), 12, beyond=True)
    assert sum("checkpoint" in line for line in lines) == 31
    empty = await lines_of(Store(book), 0, beyond=True)
    assert sum("checkpoint" in line for line in empty) == 31


async def test_what_was_tampered_with_is_told_or_shown(book: Book) -> None:
    book.entries[3] = replace(book.entries[3], body=b"\xff")
    lines = await lines_of(Store(book), 12)
    assert next(line for line in lines if line.get("seq") == 3)["bytes"] == "/w=="
    book.entries[3] = replace(book.entries[3], body="text")  # type: ignore[arg-type] # a damaged row
    with pytest.raises(LogInvalid, match="entry 3: "):
        await lines_of(Store(book), 12)

    class Unreadable(Store):
        async def entries(self, start: int, stop: int) -> Sequence[Entry]:
            raise ValueError

    with pytest.raises(LogInvalid, match="cannot be read"):
        await lines_of(Unreadable(book), 12)


async def test_memory_does_not_grow_with_the_log(book: Book) -> None:
    entries = book.entries

    class Endless(Store):
        async def entries(self, start: int, stop: int) -> Sequence[Entry]:
            return [replace(entries[seq % 360], seq=seq) for seq in range(start, stop)]

    async def peak(size: int) -> int:
        tracemalloc.start()
        pieces = evidence(Endless(book), origin=ORIGIN, keys=(), at=AT, size=size)
        async for _ in pieces:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small = await peak(512)
    assert await peak(8_192) < 1.5 * small
