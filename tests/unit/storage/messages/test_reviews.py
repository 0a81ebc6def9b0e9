from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.model.verdict import Verdict
from gateway.storage.store import Store
from tests.stores import Samples


async def test_the_most_urgent_come_first_and_only_so_many(store: Store, samples: Samples) -> None:
    hours = (5, 1, 4, 2, 3)
    records = {
        hour: samples.record(Verdict.HOLD, expires_at=samples.clock.at + timedelta(hours=hour))
        for hour in hours
    }
    for hour in hours:
        await store.ledger.record(records[hour])
    waiting = await store.reviews.waiting("acme", limit=3)
    assert [one.expires_at for one in waiting] == [records[hour].expires_at for hour in (1, 2, 3)]


async def test_expiry_goes_on_in_steps(
    store: Store, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.messages.reviews._EXPIRED_AT_ONCE", 2)
    for _ in range(5):
        await store.ledger.record(samples.record(Verdict.HOLD))
    assert await store.reviews.expire(samples.clock.move(days=2)) == 5
    assert await store.log.size() == 10


async def test_the_deadline_itself_is_too_late(store: Store, samples: Samples) -> None:
    record = samples.record(Verdict.HOLD)
    await store.ledger.record(record)
    message_id = record.submission.message_id
    samples.clock.move(hours=24, microseconds=-1)
    assert await store.ledger.held("acme", message_id) is not None
    assert await store.reviews.expire(samples.clock.at) == 0
    now = samples.clock.move(microseconds=1)
    assert await store.ledger.held("acme", message_id) is None
    assert await store.reviews.expire(now) == 1
