"""tests/contracts/test_entry_search.py holds what both engines must keep to."""

from __future__ import annotations

import pytest

from gateway.model.tally import Measure, TallyKey
from gateway.storage.store import Store

KEY = TallyKey("acme", 20_000, Measure.JUDGED.value, channel="dm", outcome="hold")
LATER = KEY._replace(day=20_001)
OTHER = KEY._replace(tenant="other")


@pytest.fixture
async def counted(store: Store) -> Store:
    assert await store.tallies.add({KEY: 3, LATER: 4}, start=0, stop=10)
    assert await store.tallies.add({KEY: 1, OTHER: 5}, start=10, stop=12)
    return store


async def test_counts_add_up(counted: Store) -> None:
    found = await counted.tallies.exact()
    assert (found.size, found.first, found.last) == (12, 20_000, 20_001)
    assert found.tally == {KEY: 4, LATER: 4, OTHER: 5}


async def test_a_report_reads_sums(counted: Store) -> None:
    crisis = KEY._replace(measure=Measure.CRISIS.value)
    await counted.tallies.add({crisis: 1, crisis._replace(day=20_007): 2}, start=12, stop=15)
    found = await counted.tallies.read()
    assert (found.size, found.first, found.last) == (15, 20_000, 20_007)
    assert found.tally == {
        KEY._replace(tenant=""): 9,
        LATER._replace(tenant=""): 4,
        crisis._replace(tenant="", day=0): 3,
    }


async def test_nothing_is_counted_twice(counted: Store) -> None:
    assert not await counted.tallies.add({KEY: 3}, start=0, stop=10)
    assert not await counted.tallies.add({KEY: 3}, start=13, stop=20)
    assert (await counted.tallies.exact()).tally[KEY] == 4


async def test_a_part_can_be_asked_for(counted: Store) -> None:
    assert (await counted.tallies.read(tenant="other")).tally == {OTHER._replace(tenant=""): 5}
    first = await counted.tallies.read(tenant="acme", first=20_001)
    assert (first.tally, first.first, first.last) == (
        {LATER._replace(tenant=""): 4},
        20_001,
        20_001,
    )
    assert (await counted.tallies.read(last=19_999)).tally == {}


async def test_all_can_be_replaced(counted: Store) -> None:
    assert not await counted.tallies.replace({OTHER: 1}, size=11)
    assert await counted.tallies.replace({OTHER: 1}, size=12)
    assert (await counted.tallies.exact()).tally == {OTHER: 1}


async def test_nothing_is_counted_at_first(store: Store) -> None:
    found = await store.tallies.read()
    assert (found.size, found.tally) == (0, {})
