from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import LogInvalid
from gateway.model.decision import Reason
from gateway.model.record import Entry, EntryKind
from gateway.model.submission import Channel
from gateway.model.verdict import State, Verdict
from gateway.storage.store import EntryQuery, Store
from tests.stores import START, Samples


@pytest.fixture
async def story(store: Store, samples: Samples) -> list[Entry]:
    """Nine records of two tenants and creators, one a minute, then a delivery and a change."""
    entries = []
    for number in range(9):
        verdict = list(Verdict)[number % 3]
        submission = samples.submission(
            tenant=("acme", "other")[number == 8],
            creator=("zoe", "max")[number % 2],
            channel=(Channel.DM, Channel.LIVE)[number % 2],
            conversation=f"c{number % 4}",
        )
        reason = Reason(rule=f"rule.{number % 3}", text="Why.", verdict=verdict)
        record = samples.record(verdict, submission, reasons=(reason,))
        entries.append(await store.ledger.record(record))
        samples.clock.move(minutes=1)
    (delivery, *_) = await store.outbox.lease(limit=1, until=samples.clock.move(hours=1))
    entry = await store.outbox.settle(samples.settlement(delivery, State.DELIVERED))
    assert entry is not None
    entries.append(entry)
    await store.registry.put_creator("acme", "zoe", {}, actor="ann")
    return await store.log.entries(0, 99)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ({"tenant": "acme"}, [10, 9, 7, 6, 5, 4, 3, 2, 1, 0]),
        ({"tenant": "acme", "creator": "max"}, [7, 5, 3, 1]),
        ({"tenant": "acme", "creator": "zoe"}, [10, 9, 6, 4, 2, 0]),
        ({"channel": "live"}, [7, 5, 3, 1]),
        ({"conversation": "c1"}, [5, 1]),
        ({"decision": "block"}, [8, 5, 2]),
        ({"decision": "delivered"}, [9]),
        ({"decision": "creator"}, [10]),
        ({"kind": EntryKind.DELIVERY}, [9]),
        ({"kind": EntryKind.CHANGE}, [10]),
        ({"rule": "rule.1"}, [7, 4, 1]),
        ({"rule": "rule.1", "creator": "max"}, [7, 1]),
        ({"rule": "rule"}, []),
        ({"since": START + timedelta(minutes=7)}, [10, 9, 8, 7]),
        ({"until": START + timedelta(minutes=2)}, [1, 0]),
        ({"since": START + timedelta(minutes=3), "until": START + timedelta(minutes=5)}, [4, 3]),
        ({"tenant": "nobody"}, []),
    ],
)
async def test_entries_are_found_newest_first(
    store: Store, story: list[Entry], query: dict[str, Any], found: list[int]
) -> None:
    entries = await store.log.find(EntryQuery(**query))
    assert [entry.seq for entry in entries] == found
    assert all(entry == story[entry.seq] for entry in entries)


@pytest.mark.parametrize("query", [{}, {"rule": "rule.0"}, {"tenant": "acme", "creator": "zoe"}])
async def test_pages_join_up(store: Store, story: list[Entry], query: dict[str, Any]) -> None:
    whole = await store.log.find(EntryQuery(**query))
    pages: list[Entry] = []
    while page := await store.log.find(
        EntryQuery(**query), limit=2, before=pages[-1].seq if pages else None
    ):
        pages += page
    assert pages == whole


async def test_entries_of_the_same_moment_join_up(store: Store, samples: Samples) -> None:
    await asyncio.gather(*[store.ledger.record(samples.record()) for _ in range(7)])
    first = await store.log.find(EntryQuery(), limit=4)
    rest = await store.log.find(EntryQuery(), limit=4, before=first[-1].seq)
    assert [entry.seq for entry in first + rest] == [6, 5, 4, 3, 2, 1, 0]
    assert await store.log.find(EntryQuery(), before=99) == []


async def test_the_story_of_a_message(store: Store, story: list[Entry]) -> None:
    message_id = story[9].message_id
    assert message_id is not None
    found = await store.log.entries_of_message(message_id, tenant="acme")
    assert [entry.kind for entry in found] == [EntryKind.DECISION, EntryKind.DELIVERY]
    assert await store.log.entries_of_message(message_id, tenant="other") == []
    assert await store.log.entries_of_message("nothing") == []


async def test_an_empty_log(store: Store) -> None:
    assert await store.log.size() == 0
    assert await store.log.leaves(0, 10) == []
    assert await store.log.entries(0, 10) == []
    assert await store.log.latest_checkpoint() is None


async def test_ranges_exclude_their_end(store: Store, story: list[Entry]) -> None:
    assert [entry.seq for entry in await store.log.entries(3, 6)] == [3, 4, 5]
    assert await store.log.leaves(9, 99) == [story[9].leaf, story[10].leaf]


async def put(store: Store, size: int, note: str, **changes: Any) -> str | None:
    leaf = (await store.log.leaves(size - 1, size))[0] if size else b""
    row = {"size": size, "root": bytes([size]) * 32, "leaf": leaf, "at": START, **changes}
    return await store.log.put_checkpoint(**row, sign=lambda: note)


async def test_checkpoints(store: Store, story: list[Entry]) -> None:
    for size in (0, 3, 8, 11):
        assert await put(store, size, f"note {size}") == f"note {size}"
    first, second, third = ((n, bytes([n]) * 32, f"note {n}") for n in (3, 8, 11))
    assert await store.log.latest_checkpoint() == third
    assert await store.log.checkpoints(3, 11) == [first, second]
    assert await store.log.checkpoint_covering(4) == second
    assert await store.log.checkpoint_covering(8) == second
    assert await store.log.checkpoint_covering(12) is None


async def test_one_checkpoint_for_each_size_and_none_after_a_larger_one(
    store: Store, story: list[Entry]
) -> None:
    assert await put(store, 4, "first") == "first"
    assert await put(store, 4, "second") == "first"
    assert await put(store, 3, "late") is None
    assert await store.log.checkpoints(0, 99) == [(4, b"\x04" * 32, "first")]


@pytest.mark.parametrize("size", [4, 12])
async def test_nothing_is_signed_but_what_is_stored(
    store: Store, story: list[Entry], size: int
) -> None:
    """As where a server came back without the last entries that this process has seen."""
    signed: list[int] = []

    def sign() -> str:
        signed.append(size)
        return "signed"

    with pytest.raises(LogInvalid, match=f"entry {size - 1}"):
        await store.log.put_checkpoint(
            size=size,
            root=b"r" * 32,
            leaf=b"l" * 32,
            at=START,
            sign=sign,
        )
    assert signed == []
    assert await store.log.latest_checkpoint() is None


async def cosign(store: Store, size: int, key: str, line: str) -> None:
    await store.log.put_cosignature(size=size, key=key, line=line, at=START)


async def test_notes_come_with_their_cosignatures(store: Store, story: list[Entry]) -> None:
    for size in (3, 8):
        await put(store, size, f"note {size}\n")
    await cosign(store, 3, "w1", "old\n")
    await cosign(store, 3, "w1", "one\n")  # asked again: the newer one counts
    await cosign(store, 3, "w2", "two\n")
    first = (3, b"\x03" * 32, "note 3\none\ntwo\n")
    second = (8, b"\x08" * 32, "note 8\n")
    assert await store.log.checkpoints(0, 99) == [first, second]
    assert await store.log.checkpoint_covering(1) == first
    assert await store.log.latest_checkpoint() == second
    await cosign(store, 8, "w2", "three\n")
    assert await store.log.latest_checkpoint() == (8, b"\x08" * 32, "note 8\nthree\n")
    assert [await store.log.cosigned_size(key) for key in ("w1", "w2", "w3")] == [3, 8, 0]
    assert await store.log.cosigned_before(99) == [8, 3]
    assert await store.log.cosigned_before(8) == [3]


async def test_stamps(store: Store, story: list[Entry]) -> None:
    assert await store.log.latest_stamp("a") is None
    for size, tsa, response in ((3, "a", b"1"), (8, "a", b"2"), (8, "b", b"3"), (8, "a", b"4")):
        await store.log.put_stamp(size=size, tsa=tsa, response=response, at=START)
    assert await store.log.stamps(0, 99) == [(3, "a", b"1"), (8, "a", b"2"), (8, "b", b"3")]
    assert await store.log.stamps(0, 8) == [(3, "a", b"1")]
    assert await store.log.latest_stamp("a") == (8, START)
