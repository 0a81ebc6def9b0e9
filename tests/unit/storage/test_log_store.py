from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

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


async def test_checkpoints(store: Store, samples: Samples) -> None:
    for size in (3, 8, 21):
        await store.log.put_checkpoint(
            size=size, root=bytes([size]) * 32, note=f"note {size}", at=samples.clock.at
        )
    first, second, third = ((n, bytes([n]) * 32, f"note {n}") for n in (3, 8, 21))
    assert await store.log.latest_checkpoint() == third
    assert await store.log.checkpoints(3, 21) == [first, second]
    assert await store.log.checkpoint_covering(4) == second
    assert await store.log.checkpoint_covering(8) == second
    assert await store.log.checkpoint_covering(22) is None


async def test_a_checkpoint_that_is_there_stays(store: Store, samples: Samples) -> None:
    for note in ("first", "second"):
        await store.log.put_checkpoint(size=1, root=b"r" * 32, note=note, at=samples.clock.at)
    assert await store.log.latest_checkpoint() == (1, b"r" * 32, "first")


async def test_questions_use_an_index(store: Store, story: list[Entry]) -> None:
    """Whoever asks for one creator, decision or rule does not read the whole log."""
    from gateway.storage.log_store import _matching

    for query in (
        EntryQuery(tenant="acme", creator="zoe"),
        EntryQuery(tenant="acme", decision="block"),
        EntryQuery(rule="rule.0"),
    ):
        statement = store._database.statement(_matching(query))
        statement.sql = f"EXPLAIN QUERY PLAN {statement.sql}"
        plan = " ".join(str(row) for row in await store._reader.many(statement))
        assert "SCAN" not in plan
