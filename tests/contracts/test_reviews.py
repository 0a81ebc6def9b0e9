"""What the ledger keeps of reviews and escalations, on both engines."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import (
    NotFound,
    StateConflict,
)
from gateway.model.record import (
    EntryKind,
    Escalation,
    Review,
    ReviewAction,
    outcome_of,
)
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.stores import Samples

# Reviews


def _review(samples: Samples, action: ReviewAction = ReviewAction.RELEASE) -> Review:
    return Review(action=action, reviewer="ann", reason="fine", at=samples.clock.at)


async def test_what_is_held_waits_for_a_person(store: Store, samples: Samples) -> None:
    late = samples.record(Verdict.HOLD, expires_at=samples.clock.at + timedelta(hours=9))
    soon = samples.record(Verdict.HOLD, expires_at=samples.clock.at + timedelta(hours=2))
    for record in (late, soon):
        await store.ledger.record(record)
    assert [one.submission for one in await store.reviews.waiting("acme")] == [
        soon.submission,
        late.submission,
    ]
    assert len(await store.reviews.waiting("acme", limit=1)) == 1
    held = await store.ledger.held("acme", soon.submission.message_id)
    assert held is not None
    assert held.submission == soon.submission
    assert (held.held_at, held.expires_at) == (soon.decided_at, soon.expires_at)
    assert held.outcome == outcome_of(soon, 1)


async def test_a_release_is_a_second_entry_and_is_sent(store: Store, samples: Samples) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    samples.clock.move(hours=1)
    released = samples.record(
        submission=replace(held.submission, text="mended"),
        decision_id="dec_release",
        review=_review(samples),
    )
    entry = await store.ledger.record(released)
    assert (entry.seq, entry.kind) == (1, EntryKind.REVIEW)
    message_id = held.submission.message_id
    assert await store.ledger.outcome("acme", message_id) == outcome_of(released, 1)
    assert await store.ledger.held("acme", message_id) is None
    (delivery,) = await store.outbox.lease(message_id=message_id, until=samples.clock.at)
    assert (delivery.decision_id, delivery.recorded_seq) == ("dec_release", 1)
    story = await store.log.entries_of_message(message_id)
    assert [one.kind for one in story] == [EntryKind.DECISION, EntryKind.REVIEW]


async def test_of_two_reviewers_one_decides(store: Store, samples: Samples) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    both = [
        samples.record(submission=held.submission, decision_id=f"dec_r{n}", review=_review(samples))
        for n in range(2)
    ]
    results = await asyncio.gather(*map(store.ledger.record, both), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Entry", "StateConflict"]
    assert await store.log.size() == 2


async def test_what_is_held_again_waits_on(store: Store, samples: Samples) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    samples.clock.move(hours=1)
    again = samples.record(
        Verdict.HOLD,
        submission=held.submission,
        review=_review(samples, ReviewAction.EDIT),
        expires_at=held.expires_at,
    )
    await store.ledger.record(again)
    (waiting,) = await store.reviews.waiting("acme")
    assert waiting.held_at == held.decided_at
    assert waiting.outcome == outcome_of(again, 1)


async def test_a_rejected_message_is_over(store: Store, samples: Samples) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    rejected = samples.record(
        Verdict.BLOCK,
        submission=held.submission,
        state=State.REJECTED_BY_REVIEW,
        review=_review(samples, ReviewAction.REJECT),
    )
    await store.ledger.record(rejected)
    assert await store.reviews.waiting("acme") == []
    outcome = await store.ledger.outcome("acme", held.submission.message_id)
    assert outcome is not None
    assert outcome.state is State.REJECTED_BY_REVIEW


async def test_a_review_of_what_was_never_held_is_refused(store: Store, samples: Samples) -> None:
    sent = samples.record()
    await store.ledger.record(sent)
    with pytest.raises(StateConflict):
        await store.ledger.record(
            samples.record(submission=sent.submission, review=_review(samples))
        )


async def test_what_nobody_decided_expires(store: Store, samples: Samples) -> None:
    held = [samples.record(Verdict.HOLD) for _ in range(130)]
    for record in held:
        await store.ledger.record(record)
    waits_on = samples.record(Verdict.HOLD, expires_at=samples.clock.at + timedelta(days=3))
    await store.ledger.record(waits_on)
    assert await store.reviews.expire(samples.clock.at) == 0
    now = samples.clock.move(hours=25)
    assert await store.reviews.expire(now) == 130
    assert await store.reviews.expire(now) == 0
    assert await store.log.size() == 130 + 1 + 130
    message_id = held[7].submission.message_id
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome == replace(outcome_of(held[7], 7), state=State.EXPIRED)
    story = await store.log.entries_of_message(message_id)
    assert [one.kind for one in story] == [EntryKind.DECISION, EntryKind.EXPIRY]
    assert len(await store.reviews.waiting("acme")) == 1


async def test_past_its_deadline_nothing_is_released(store: Store, samples: Samples) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    samples.clock.move(hours=24)
    assert await store.ledger.held("acme", held.submission.message_id) is None
    assert await store.reviews.waiting("acme") == []
    with pytest.raises(StateConflict):
        await store.ledger.record(
            samples.record(submission=held.submission, review=_review(samples))
        )
    assert await store.log.size() == 1


# Escalations


def _acknowledge(store: Store, samples: Samples, message_id: str, tenant: str = "acme") -> Any:
    return store.escalations.acknowledge(
        tenant, message_id, reviewer="ann", reason="Called her.", at=samples.clock.at
    )


async def test_an_escalation_waits_whatever_became_of_the_message(
    store: Store, samples: Samples
) -> None:
    records = []
    for verdict in Verdict:
        records.append(samples.escalated(verdict))
        await store.ledger.record(records[-1])
        await store.ledger.record(samples.record(verdict))
        samples.clock.move(minutes=1)
    assert await store.escalations.waiting("acme") == [
        Escalation(
            outcome=outcome_of(record, 2 * number),
            submission=record.submission,
            at=record.decided_at,
        )
        for number, record in enumerate(records)
    ]
    (oldest,) = await store.escalations.waiting("acme", limit=1)
    assert oldest.submission == records[0].submission
    assert await store.escalations.waiting("other") == []
    samples.clock.move(days=9)
    await store.reviews.expire(samples.clock.at)
    assert len(await store.escalations.waiting("acme")) == len(records)


async def test_a_dry_run_calls_nobody(store: Store, samples: Samples) -> None:
    await store.ledger.record(samples.escalated(submission=samples.submission(dry_run=True)))
    assert await store.escalations.waiting("acme") == []


async def test_an_acknowledgement_closes_an_escalation_and_is_an_entry(
    store: Store, samples: Samples
) -> None:
    first, second = samples.escalated(), samples.escalated()
    for record in (first, second):
        await store.ledger.record(record)
    samples.clock.move(hours=1)
    message_id = first.submission.message_id
    with pytest.raises(NotFound):
        await _acknowledge(store, samples, message_id, tenant="other")
    entry = await _acknowledge(store, samples, message_id)
    assert (entry.seq, entry.kind, entry.at) == (2, EntryKind.CHANGE, samples.clock.at)
    assert await store.log.entries(2, 9) == [entry]
    body = json.loads(entry.body)
    assert (body["actor"], body["what"], body["subject"]) == ("ann", "escalation", message_id)
    assert body["detail"] == {"reason": "Called her."}
    (still,) = await store.escalations.waiting("acme")
    assert still.submission == second.submission
    with pytest.raises(NotFound):
        await _acknowledge(store, samples, message_id)
    assert await store.log.size() == 3
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome == outcome_of(first, 0)


async def test_of_two_who_acknowledge_one_is_recorded(store: Store, samples: Samples) -> None:
    record = samples.escalated()
    await store.ledger.record(record)
    both = [_acknowledge(store, samples, record.submission.message_id) for _ in range(2)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Entry", "NotFound"]
    assert await store.log.size() == 2


async def test_a_review_keeps_an_open_escalation_and_may_open_one(
    store: Store, samples: Samples
) -> None:
    opened, quiet = samples.escalated(Verdict.HOLD), samples.record(Verdict.HOLD)
    for record in (opened, quiet):
        await store.ledger.record(record)
    since, now = samples.clock.at, samples.clock.move(hours=1)
    for record in (opened, quiet):
        await store.ledger.record(
            samples.escalated(submission=record.submission, review=_review(samples))
        )
    found = await store.escalations.waiting("acme")
    assert [(one.submission, one.at) for one in found] == [
        (opened.submission, since),
        (quiet.submission, now),
    ]
