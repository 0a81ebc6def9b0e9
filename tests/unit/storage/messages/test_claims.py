from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import IdempotencyBusy, IdempotencyReused
from gateway.storage.store import Store
from tests.stores import Place, Samples


async def test_how_long_a_claim_lasts_is_a_setting(place: Place, samples: Samples) -> None:
    store = await place.open(claim_ttl_s=5)
    await store.ledger.claim(samples.submission(idempotency_key="k"))
    samples.clock.move(seconds=4)
    with pytest.raises(IdempotencyBusy):
        await store.ledger.claim(samples.submission(idempotency_key="k"))
    samples.clock.move(seconds=2)
    assert await store.ledger.claim(samples.submission(idempotency_key="k")) is None


async def test_another_request_is_refused_even_when_the_claim_is_old(
    store: Store, samples: Samples
) -> None:
    await store.ledger.claim(samples.submission(idempotency_key="k"))
    samples.clock.move(days=1)
    with pytest.raises(IdempotencyReused):
        await store.ledger.claim(samples.submission(idempotency_key="k", text="other"))


async def test_a_claim_is_no_outcome(store: Store, samples: Samples) -> None:
    submission = samples.submission(idempotency_key="k")
    await store.ledger.claim(submission)
    assert await store.ledger.outcome("acme", submission.message_id) is None


async def test_abandoning_a_lost_claim_leaves_the_new_one(store: Store, samples: Samples) -> None:
    lost = samples.submission(idempotency_key="k")
    await store.ledger.claim(lost)
    samples.clock.move(minutes=2)
    taken = samples.submission(idempotency_key="k")
    await store.ledger.claim(taken)
    await store.ledger.abandon(lost)
    with pytest.raises(IdempotencyBusy):
        await store.ledger.claim(samples.submission(idempotency_key="k"))


async def test_a_replay_stands_where_its_message_stands(store: Store, samples: Samples) -> None:
    first = samples.submission(idempotency_key="k")
    await store.ledger.claim(first)
    await store.ledger.record(samples.record(submission=first))
    again = samples.submission(idempotency_key="k")
    replayed = await store.ledger.claim(again)
    current = await store.ledger.outcome("acme", first.message_id)
    assert current is not None
    assert replayed == replace(current, replayed=True)
