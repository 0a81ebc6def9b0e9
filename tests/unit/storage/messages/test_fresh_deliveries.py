from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.model.verdict import Verdict
from gateway.storage.messages.fresh_deliveries import FreshDeliveries
from tests.stores import Samples


def test_a_delivery_is_handed_over_once(samples: Samples) -> None:
    fresh, record = FreshDeliveries(lease_s=120), samples.record()
    until = fresh.until(record.decided_at)
    assert until == record.decided_at + timedelta(seconds=120)
    fresh.put(record, 7, until)
    message_id = record.submission.message_id
    found = fresh.take(message_id)
    assert found is not None
    delivery, leased_until = found
    assert (delivery.message_id, delivery.recorded_seq, delivery.attempt) == (message_id, 7, 1)
    assert delivery.key == message_id
    assert leased_until == until
    assert fresh.take(message_id) is None


def test_it_forgets_the_oldest_first(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.messages.fresh_deliveries._MAX_DELIVERIES", 3)
    fresh, records = FreshDeliveries(lease_s=1), [samples.record() for _ in range(4)]
    for record in records:
        fresh.put(record, 0, record.decided_at)
    kept = [fresh.take(record.submission.message_id) is not None for record in records]
    assert kept == [False, True, True, True]


def test_what_was_not_published_is_never_delivered(samples: Samples) -> None:
    fresh, record = FreshDeliveries(lease_s=1), samples.record(Verdict.BLOCK)
    fresh.put(record, 0, record.decided_at)
    with pytest.raises(ValueError, match="disclosure"):
        fresh.take(record.submission.message_id)
