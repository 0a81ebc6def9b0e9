"""What every outbox keeps to (ports.Outbox), on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.model.record import Delivery, Dispatch, DispatchResult, EntryKind, Settlement
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.present import present
from tests.stores import Place, Samples


async def _queued(store: Store, samples: Samples) -> str:
    record = samples.record()
    await store.ledger.record(record)
    return str(record.submission.message_id)


async def _taken(store: Store, samples: Samples, message_id: str) -> Delivery:
    (delivery,) = await store.outbox.lease(
        message_id=message_id, until=samples.clock.at + timedelta(seconds=30)
    )
    assert isinstance(delivery, Delivery)
    return delivery


async def test_what_was_recorded_is_taken_for_sending(store: Store, samples: Samples) -> None:
    record = samples.record()
    entry = await store.ledger.record(record)
    submission = record.submission
    delivery = await _taken(store, samples, submission.message_id)
    assert delivery == Delivery(
        message_id=submission.message_id,
        decision_id=record.judgement.decision_id,
        key=submission.message_id,
        tenant="acme",
        route="sandbox",
        channel=submission.channel,
        creator="zoe",
        avatar="zoe-ai",
        conversation="c1",
        audience_id=submission.audience.id,
        disclosure=present(record.judgement.disclosure),
        receipt=present(record.judgement.receipt),
        recorded_seq=entry.seq,
        attempt=1,
        queued_at=record.decided_at,
    )


async def test_only_what_may_be_published_is_queued(store: Store, samples: Samples) -> None:
    for verdict in (Verdict.HOLD, Verdict.BLOCK):
        await store.ledger.record(samples.record(verdict))
    samples.clock.move(days=1)
    assert await store.outbox.lease(limit=9, until=samples.clock.at) == []


async def test_a_lease_is_for_one(store: Store, samples: Samples) -> None:
    message_id = await _queued(store, samples)
    first = await _taken(store, samples, message_id)
    until = samples.clock.at + timedelta(seconds=30)
    assert await store.outbox.lease(message_id=message_id, until=until) == []
    assert await store.outbox.lease(limit=5, until=until) == []
    samples.clock.move(seconds=121)
    (again,) = await store.outbox.lease(limit=5, until=samples.clock.at + timedelta(seconds=30))
    assert again == replace(first, attempt=2, uncertain=True)
    assert await store.outbox.lease(limit=5, until=until) == []


async def test_a_lease_for_longer_than_the_first_holds_that_long(
    store: Store, samples: Samples
) -> None:
    message_id = await _queued(store, samples)
    until = samples.clock.at + timedelta(minutes=10)
    (delivery,) = await store.outbox.lease(message_id=message_id, until=until)
    assert delivery.attempt == 1
    samples.clock.move(minutes=9)
    assert await store.outbox.lease(limit=5, until=samples.clock.at) == []
    samples.clock.move(minutes=2)
    (again,) = await store.outbox.lease(limit=5, until=samples.clock.at)
    assert again.attempt == 2


async def test_many_are_taken_oldest_first_and_by_one_each(store: Store, samples: Samples) -> None:
    ids = []
    for _ in range(30):
        ids.append(await _queued(store, samples))
        samples.clock.move(seconds=1)
    samples.clock.move(hours=1)
    until = samples.clock.at + timedelta(minutes=1)
    taken = await asyncio.gather(*[store.outbox.lease(limit=10, until=until) for _ in range(4)])
    assert [one.message_id for group in taken for one in group] == ids


@pytest.mark.parametrize("state", [State.DELIVERED, State.REFUSED, State.UNKNOWN, State.DEAD])
async def test_the_end_of_an_attempt_is_an_entry(
    store: Store, samples: Samples, state: State
) -> None:
    message_id = await _queued(store, samples)
    delivery = await _taken(store, samples, message_id)
    samples.clock.move(seconds=3)
    entry = present(await store.outbox.settle(samples.settlement(delivery, state)))
    assert (entry.seq, entry.kind, entry.message_id) == (1, EntryKind.DELIVERY, message_id)
    outcome = present(await store.ledger.outcome("acme", message_id))
    assert (outcome.state, outcome.attempts, outcome.delivery_detail) == (state, 1, "201")
    assert outcome.entry_seq == 0
    samples.clock.move(days=1)
    assert await store.outbox.lease(limit=5, until=samples.clock.at) == []
    assert await store.outbox.settle(samples.settlement(delivery, state)) is None
    assert await store.log.size() == 2


@pytest.mark.parametrize("state", [State.DELIVERED, State.REFUSED, State.UNKNOWN, State.DEAD])
async def test_a_person_is_called_when_nobody_knows_or_nothing_arrived(
    store: Store, samples: Samples, state: State
) -> None:
    message_id = await _queued(store, samples)
    delivery = await _taken(store, samples, message_id)
    await store.outbox.settle(samples.settlement(delivery, state))
    called = [one.outcome.message_id for one in await store.escalations.waiting("acme")]
    assert called == ([message_id] if state in (State.UNKNOWN, State.DEAD) else [])


async def test_a_retry_waits_for_its_time(store: Store, samples: Samples) -> None:
    message_id = await _queued(store, samples)
    delivery = await _taken(store, samples, message_id)
    due = samples.clock.at + timedelta(minutes=5)
    settlement = samples.settlement(delivery, State.QUEUED, next_attempt_at=due)
    assert await store.outbox.settle(settlement) is None
    assert await store.log.size() == 1
    outcome = present(await store.ledger.outcome("acme", message_id))
    assert (outcome.state, outcome.attempts) == (State.QUEUED, 1)
    samples.clock.move(minutes=4)
    assert await store.outbox.lease(limit=5, until=samples.clock.at) == []
    samples.clock.move(minutes=1)
    (again,) = await store.outbox.lease(limit=5, until=samples.clock.at + timedelta(minutes=1))
    assert again == replace(delivery, attempt=2)
    await store.outbox.settle(samples.settlement(again, State.DELIVERED))
    outcome = present(await store.ledger.outcome("acme", message_id))
    assert (outcome.state, outcome.attempts) == (State.DELIVERED, 2)


async def test_who_asks_for_a_waiting_message_gets_it_now(store: Store, samples: Samples) -> None:
    message_id = await _queued(store, samples)
    delivery = await _taken(store, samples, message_id)
    due = samples.clock.at + timedelta(hours=5)
    await store.outbox.settle(samples.settlement(delivery, State.QUEUED, next_attempt_at=due))
    assert (await _taken(store, samples, message_id)).attempt == 2


async def test_a_late_answer_counts_only_when_it_was_delivered(
    store: Store, samples: Samples
) -> None:
    message_id = await _queued(store, samples)
    slow = await _taken(store, samples, message_id)
    samples.clock.move(minutes=3)
    (quick,) = await store.outbox.lease(limit=1, until=samples.clock.at + timedelta(minutes=1))
    assert await store.outbox.settle(samples.settlement(slow, State.REFUSED)) is None
    retry = samples.settlement(slow, State.QUEUED, next_attempt_at=samples.clock.at)
    assert await store.outbox.settle(retry) is None
    assert present(await store.ledger.outcome("acme", message_id)).state is State.QUEUED
    assert await store.outbox.lease(limit=1, until=samples.clock.at) == []
    assert await store.outbox.settle(samples.settlement(slow, State.DELIVERED)) is not None
    assert await store.outbox.settle(samples.settlement(quick, State.UNKNOWN)) is None
    assert present(await store.ledger.outcome("acme", message_id)).state is State.DELIVERED


async def test_an_unknown_end_may_turn_out_delivered(store: Store, samples: Samples) -> None:
    message_id = await _queued(store, samples)
    delivery = await _taken(store, samples, message_id)
    await store.outbox.settle(samples.settlement(delivery, State.UNKNOWN))
    late = samples.settlement(delivery, State.DELIVERED)
    assert await store.outbox.settle(late) is not None
    assert present(await store.ledger.outcome("acme", message_id)).state is State.DELIVERED
    assert await store.log.size() == 3


async def test_settling_what_was_never_recorded_does_nothing(
    store: Store, samples: Samples
) -> None:
    message_id = await _queued(store, samples)
    delivery = replace(await _taken(store, samples, message_id), message_id="msg_unknown")
    assert await store.outbox.settle(samples.settlement(delivery, State.DELIVERED)) is None
    assert await store.log.size() == 1


async def test_after_a_restart_everything_unsettled_is_due(
    store: Store, samples: Samples, reopen: Callable[[Store], Awaitable[Store]]
) -> None:
    waiting = [await _queued(store, samples) for _ in range(5)]
    await _taken(store, samples, waiting[0])
    done = await _taken(store, samples, waiting[1])
    dispatch = Dispatch(result=DispatchResult.DELIVERED, detail="201")
    await store.outbox.settle(samples.settlement(done, State.DELIVERED, dispatch=dispatch))
    store = await reopen(store)
    until = samples.clock.at + timedelta(minutes=1)
    taken = await store.outbox.lease(limit=9, until=until)
    assert sorted(one.message_id for one in taken) == sorted({*waiting} - {waiting[1]})
    assert {one.attempt for one in taken} == {2}


async def test_what_a_living_process_has_taken_is_left_to_it(
    place: Place, samples: Samples
) -> None:
    one = await place.open()
    message_id = await _queued(one, samples)
    other = await place.open()
    until = samples.clock.at + timedelta(minutes=1)
    assert await other.outbox.lease(limit=9, until=until) == []
    assert await other.outbox.lease(message_id=message_id, until=until) == []
    assert (await _taken(one, samples, message_id)).attempt == 1


async def test_an_attempt_that_nobody_settled_makes_the_next_uncertain(
    store: Store, samples: Samples
) -> None:
    message_id = await _queued(store, samples)
    first = await _taken(store, samples, message_id)
    assert not first.uncertain
    samples.clock.move(seconds=600)
    (second,) = await store.outbox.lease(until=samples.clock.at + timedelta(seconds=30))
    assert (second.attempt, second.uncertain) == (2, True)


@pytest.mark.parametrize("result", [DispatchResult.RETRY, DispatchResult.UNKNOWN])
async def test_only_an_unknown_end_makes_later_attempts_uncertain(
    store: Store, samples: Samples, result: DispatchResult
) -> None:
    delivery = await _taken(store, samples, await _queued(store, samples))
    for attempt in (2, 3):
        samples.clock.move(seconds=5)
        told = result if attempt == 2 else DispatchResult.RETRY
        await store.outbox.settle(
            Settlement(
                delivery=delivery,
                dispatch=Dispatch(result=told),
                state=State.QUEUED,
                at=samples.clock.at,
                next_attempt_at=samples.clock.at,
            )
        )
        (delivery,) = await store.outbox.lease(until=samples.clock.at + timedelta(seconds=30))
        assert delivery.attempt == attempt
        assert delivery.uncertain == (result is DispatchResult.UNKNOWN)
