"""What is erased is gone wherever it was, and the log says so: on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.errors import IdempotencyReused, OnLegalHold, StateConflict
from gateway.model.erasure import (
    ErasureCounts,
    ErasureScope,
    LegalHoldScope,
    RetentionRule,
)
from gateway.model.record import EntryKind, Record, Review, ReviewAction
from gateway.model.submission import Audience, Channel
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.erasures import assert_log_verifies, erased_entries, log_of, order, record
from tests.stores import PERSON, RAW, Clock, Place, Samples


def whose(person: str) -> Audience:
    return Audience(id=person, jurisdictions=("FR",))


async def test_a_person_is_erased(store: Store, samples: Samples, clock: Clock) -> None:
    mine = [await record(store, samples) for _ in range(3)]
    other = await record(store, samples, audience=whose("somebody-else"))
    at = clock.move(hours=1)
    report = await store.erasures.erase(order())
    assert report.counts == ErasureCounts(keys=1, payloads=3, messages=3, stopped=3, contacts=1)
    assert report.at == at
    for one in mine:
        outcome = await store.ledger.outcome("acme", one.submission.message_id)
        assert outcome is not None
        assert outcome.erased_at == at
        assert outcome.judgement.text is None
        assert outcome.judgement.receipt is None
        assert outcome.judgement.disclosure is None
        assert outcome.judgement.reasons == ()
    kept = await store.ledger.outcome("acme", other.submission.message_id)
    assert kept is not None
    assert kept.erased_at is None
    assert kept.judgement.text == f"[AI] {RAW}"
    await assert_log_verifies(store)


async def test_the_entry_tells_what_when_by_whom_and_why(
    store: Store, samples: Samples, clock: Clock
) -> None:
    await record(store, samples, Verdict.BLOCK)
    before = await store.log.size()
    report = await store.erasures.erase(order())
    (entry,) = await erased_entries(store)
    assert report.entry == entry["seq"]
    assert entry["erasure_id"] == report.id
    assert entry["what"] == "subject"
    assert entry["actor"] == "ann"
    assert entry["reason"] == "They asked for it."
    assert entry["before"] == before
    assert entry["subject"] == report.target != PERSON
    assert entry["counts"]["payloads"] == 1
    assert PERSON not in str(entry)


async def test_again_there_is_nothing(store: Store, samples: Samples) -> None:
    await record(store, samples)
    await store.erasures.erase(order())
    size = await store.log.size()
    again = await store.erasures.erase(order())
    never = await store.erasures.erase(order(target="never-heard-of"))
    assert again.counts == never.counts == ErasureCounts()
    assert again.entry is never.entry is None
    assert await store.log.size() == size


async def test_a_plan_changes_nothing(store: Store, samples: Samples) -> None:
    await record(store, samples)
    await record(store, samples, Verdict.HOLD)
    await record(store, samples, Verdict.BLOCK)
    size = await store.log.size()
    planned = await store.erasures.plan(order())
    assert planned.counts == ErasureCounts(
        keys=1, payloads=3, messages=3, stopped=1, expired=1, contacts=1
    )
    assert await store.log.size() == size
    done = await store.erasures.erase(order())
    assert done.counts == planned.counts


async def test_who_comes_back_is_a_stranger(store: Store, samples: Samples) -> None:
    await record(store, samples)
    await store.erasures.erase(order())
    contact = await store.ledger.contact(samples.submission())
    assert contact.first_at is None
    later = await record(store, samples)
    outcome = await store.ledger.outcome("acme", later.submission.message_id)
    assert outcome is not None
    assert outcome.erased_at is None
    assert outcome.judgement.text is not None


async def test_what_was_never_tried_is_dead(store: Store, samples: Samples, clock: Clock) -> None:
    made = await record(store, samples)
    clock.move(seconds=121)
    (delivery,) = await store.outbox.lease(until=clock.at + timedelta(seconds=30))
    await store.outbox.settle(samples.settlement(delivery, State.QUEUED, next_attempt_at=clock.at))
    await store.erasures.erase(order())
    outcome = await store.ledger.outcome("acme", made.submission.message_id)
    assert outcome is not None
    assert outcome.state is State.UNKNOWN  # its first lease ran out: perhaps it was sent
    assert outcome.delivery_detail == "erased; it may have been sent before"
    assert await store.outbox.lease(limit=9, until=clock.move(hours=9)) == []
    await assert_log_verifies(store)


async def test_what_surely_was_not_sent_is_dead(
    store: Store, samples: Samples, clock: Clock
) -> None:
    made = await record(store, samples)
    until = clock.at + timedelta(seconds=30)
    message_id = made.submission.message_id
    (delivery,) = await store.outbox.lease(message_id=message_id, until=until)
    later = clock.at + timedelta(seconds=5)
    await store.outbox.settle(samples.settlement(delivery, State.QUEUED, next_attempt_at=later))
    await store.erasures.erase(order())
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome is not None
    assert outcome.state is State.DEAD
    assert outcome.delivery_detail == "erased before it was sent"
    entries = await store.log.entries_of_message(message_id)
    assert [entry.kind for entry in entries] == [EntryKind.DECISION, EntryKind.DELIVERY]


async def test_what_is_being_sent_may_still_arrive(store: Store, samples: Samples) -> None:
    made = await record(store, samples)
    message_id = made.submission.message_id
    until = samples.clock.at + timedelta(seconds=30)
    (delivery,) = await store.outbox.lease(message_id=message_id, until=until)
    await store.erasures.erase(order())
    assert await store.outbox.settle(samples.settlement(delivery, State.DELIVERED)) is not None
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome is not None
    assert outcome.state is State.DELIVERED
    await assert_log_verifies(store)


async def test_what_was_handed_over_is_not_sent(store: Store, samples: Samples) -> None:
    made = await record(store, samples)
    await store.erasures.erase(order())
    message_id = made.submission.message_id
    until = samples.clock.at + timedelta(seconds=30)
    assert await store.outbox.lease(message_id=message_id, until=until) == []


async def test_what_is_held_expires(store: Store, samples: Samples) -> None:
    made = await record(store, samples, Verdict.HOLD)
    message_id = made.submission.message_id
    report = await store.erasures.erase(order())
    assert report.counts.expired == 1
    assert await store.ledger.held("acme", message_id) is None
    assert await store.reviews.waiting("acme") == []
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome is not None
    assert outcome.state is State.EXPIRED
    assert outcome.erased_at is not None
    review = Review(action=ReviewAction.RELEASE, reviewer="r", reason="fine", at=samples.clock.at)
    with pytest.raises(StateConflict):
        await store.ledger.record(
            samples.record(submission=made.submission, review=review, decision_id="dec_late")
        )
    await assert_log_verifies(store)


async def test_its_idempotency_key_stays_used(store: Store, samples: Samples) -> None:
    submission = samples.submission(idempotency_key="k1", caller="me")
    assert await store.ledger.claim(submission) is None
    await store.ledger.record(samples.record(submission=submission))
    await store.erasures.erase(order())
    with pytest.raises(IdempotencyReused, match="erased"):
        await store.ledger.claim(samples.submission(idempotency_key="k1", caller="me"))


async def test_a_creator_is_erased(store: Store, samples: Samples) -> None:
    await record(store, samples, audience=whose("one"))
    await record(store, samples, audience=whose("two"), channel=Channel.GROUP)
    kept = await record(store, samples, creator="lea")
    report = await store.erasures.erase(order(ErasureScope.CREATOR, "zoe"))
    assert (report.counts.keys, report.counts.payloads) == (2, 2)
    outcome = await store.ledger.outcome("acme", kept.submission.message_id)
    assert outcome is not None
    assert outcome.judgement.text is not None
    other = await store.erasures.erase(order(ErasureScope.CREATOR, "lea", tenant="elsewhere"))
    assert other.counts.keys == 0


async def test_a_conversation_without_a_person_is_erased(store: Store, samples: Samples) -> None:
    made = await record(store, samples, audience=Audience(), conversation="c9")
    await record(store, samples, conversation="c9")
    report = await store.erasures.erase(order(ErasureScope.CONVERSATION, "c9"))
    assert report.counts.payloads == 1
    outcome = await store.ledger.outcome("acme", made.submission.message_id)
    assert outcome is not None
    assert outcome.erased_at is not None


async def test_one_message_is_erased(store: Store, samples: Samples) -> None:
    gone, kept = await record(store, samples), await record(store, samples)
    target = gone.submission.message_id
    planned = await store.erasures.plan(order(ErasureScope.MESSAGE, target))
    report = await store.erasures.erase(order(ErasureScope.MESSAGE, target))
    assert planned.counts == report.counts
    assert report.counts == ErasureCounts(keys=1, payloads=1, messages=1, stopped=1, resealed=1)
    erased = await store.ledger.outcome("acme", target)
    left = await store.ledger.outcome("acme", kept.submission.message_id)
    assert erased is not None
    assert left is not None
    assert erased.erased_at is not None
    assert left.judgement.text == f"[AI] {RAW}"
    entries = await store.log.entries_of_message(target)
    assert entries[-1].kind is EntryKind.ERASED
    again = await store.erasures.erase(order(ErasureScope.MESSAGE, target))
    assert again.counts == ErasureCounts()
    late = await record(store, samples)  # under the new key
    assert (await store.erasures.plan(order())).counts.payloads == 2
    assert late.submission.message_id != target


async def test_nobody_reads_it_in_another_process(
    place: Place, store: Store, samples: Samples
) -> None:
    made = await record(store, samples)
    message_id = made.submission.message_id
    other = await place.open()
    seen = await other.ledger.outcome("acme", message_id)
    assert seen is not None
    assert seen.judgement.text is not None
    await store.erasures.erase(order())
    now = await other.ledger.outcome("acme", message_id)
    assert now is not None
    assert now.judgement.text is None


async def test_nobody_seals_with_it_in_another_process(
    place: Place, store: Store, samples: Samples
) -> None:
    other = await place.open()
    await record(other, samples)
    await store.erasures.erase(order())
    made = await record(other, samples)
    again = await record(other, samples)
    for one in (made, again):
        outcome = await store.ledger.outcome("acme", one.submission.message_id)
        assert outcome is not None
        assert outcome.erased_at is None
        assert outcome.judgement.text is not None


async def test_many_steps(store: Store, samples: Samples) -> None:
    for number in range(80):
        await record(store, samples, audience=whose(f"p{number}"), conversation=f"c{number}")
    report = await store.erasures.erase(order(ErasureScope.CREATOR, "zoe"))
    assert (report.counts.keys, report.counts.messages) == (80, 80)
    assert len(await erased_entries(store)) == 1
    await assert_log_verifies(store)


async def test_messages_come_meanwhile(store: Store, samples: Samples) -> None:
    """Each is erased as a whole or stays as a whole, and the count is right."""
    made: list[Record] = []

    async def submit(number: int) -> None:
        await asyncio.sleep(0)
        made.append(await record(store, samples, conversation=f"c{number % 3}"))

    await asyncio.gather(*(submit(number) for number in range(20)))
    tasks = [asyncio.create_task(submit(number)) for number in range(60)]
    reports = [await store.erasures.erase(order()) for _ in range(3)]
    await asyncio.gather(*tasks)
    gone = 0
    for one in made:
        outcome = await store.ledger.outcome("acme", one.submission.message_id)
        assert outcome is not None
        assert (outcome.judgement.text is None) == (outcome.erased_at is not None)
        gone += outcome.judgement.text is None
    assert gone == sum(report.counts.messages for report in reports)
    await assert_log_verifies(store)


async def test_two_erase_at_once(place: Place, store: Store, samples: Samples) -> None:
    for _ in range(5):
        await record(store, samples)
    other = await place.open()
    reports = await asyncio.gather(store.erasures.erase(order()), other.erasures.erase(order()))
    assert sum(report.counts.messages for report in reports) == 5
    for entry in await erased_entries(store):  # one may have found the contact, one the texts
        assert entry["counts"]["messages"] or entry["counts"]["contacts"]


HELD: list[tuple[LegalHoldScope, str]] = [
    (LegalHoldScope.TENANT, ""),
    (LegalHoldScope.SUBJECT, PERSON),
    (LegalHoldScope.CREATOR, "zoe"),
    (LegalHoldScope.MESSAGE, "msg_1"),
]


async def place_hold(
    store: Store,
    scope: LegalHoldScope = LegalHoldScope.SUBJECT,
    target: str = PERSON,
    **changes: Any,
) -> str:
    hold = await store.legal_holds.place(
        scope=scope,
        tenant="acme",
        target=target,
        **{"reason": "Case 12/2026.", "actor": "counsel", **changes},
    )
    return hold.id


@pytest.mark.parametrize(("scope", "target"), HELD)
async def test_a_hold_blocks(
    store: Store, samples: Samples, scope: LegalHoldScope, target: str
) -> None:
    made = await record(store, samples)
    hold = await place_hold(store, scope, target)
    size = await store.log.size()
    orders = [
        order(),
        order(ErasureScope.CREATOR, "zoe"),
        order(ErasureScope.MESSAGE, made.submission.message_id),
    ]
    for one in orders:
        assert (await store.erasures.plan(one)).legal_holds == (hold,)
        with pytest.raises(OnLegalHold, match=hold) as caught:
            await store.erasures.erase(one)
        assert caught.value.legal_holds == (hold,)
    assert await store.log.size() == size
    await store.legal_holds.lift("acme", hold, actor="counsel", reason="Case closed.")
    assert (await store.erasures.erase(order())).counts.messages == 1


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        (LegalHoldScope.SUBJECT, "another"),
        (LegalHoldScope.CONVERSATION, "c1"),
        (LegalHoldScope.CREATOR, "lea"),
        (LegalHoldScope.MESSAGE, "msg_2"),
    ],
)
async def test_a_hold_on_something_else_does_not(
    store: Store, samples: Samples, scope: LegalHoldScope, target: str
) -> None:
    await record(store, samples)
    await place_hold(store, scope, target)
    assert (await store.erasures.erase(order())).counts.messages == 1


async def test_a_hold_on_a_neighbour_keeps_it_alone(store: Store, samples: Samples) -> None:
    gone, kept = await record(store, samples), await record(store, samples)
    await place_hold(store, LegalHoldScope.MESSAGE, kept.submission.message_id)
    await store.erasures.erase(order(ErasureScope.MESSAGE, gone.submission.message_id))
    outcome = await store.ledger.outcome("acme", kept.submission.message_id)
    assert outcome is not None
    assert outcome.judgement.text is not None
    with pytest.raises(OnLegalHold):
        await store.erasures.erase(order())


async def test_a_hold_ends_by_itself(store: Store, samples: Samples, clock: Clock) -> None:
    await record(store, samples)
    await place_hold(store, expires_at=clock.at + timedelta(days=1))
    with pytest.raises(OnLegalHold):
        await store.erasures.erase(order())
    clock.move(days=1)
    assert (await store.erasures.erase(order())).counts.messages == 1


async def test_holds_are_entries(store: Store) -> None:
    hold = await place_hold(store)
    await store.legal_holds.lift("acme", hold, actor="ann", reason="Case closed.")
    with pytest.raises(StateConflict):
        await store.legal_holds.lift("acme", hold, actor="ann", reason="Twice.")
    (listed,) = await store.legal_holds.placed("acme")
    assert (listed.placed_by, listed.lifted_by) == ("counsel", "ann")
    bodies = [orjson.loads(entry.body) for entry in await log_of(store)]
    assert [body["detail"]["action"] for body in bodies] == ["placed", "lifted"]
    assert bodies[0]["after"] == bodies[1]["before"]
    assert PERSON not in str(bodies)


async def test_a_hold_comes_in_between(store: Store, samples: Samples) -> None:
    """What it came in time for stays, and the entry says how much."""
    for number in range(40):
        await record(store, samples, audience=whose(f"p{number}"))
    everything = order(ErasureScope.CREATOR, "zoe")
    steps, write = store.erasures._steps, store._writer.write
    begun = await write(
        lambda one: steps.begin(one, everything, store.erasures.scope_of(everything))
    )
    assert begun is not None
    await write(lambda one: steps.step(one, begun.number))
    await place_hold(store, LegalHoldScope.CREATOR, "zoe")
    assert await store.erasures.resume() == 1
    (report,) = await store.erasures.recent("acme")
    assert (report.counts.keys, report.counts.kept) == (32, 8)
    assert (await store.erasures.plan(everything)).counts.keys == 8
    (entry,) = await erased_entries(store)
    assert entry["counts"]["kept"] == 8


RULES = (
    RetentionRule(after=timedelta(days=1_000), tenant="acme", channel="group"),
    RetentionRule(after=timedelta(days=200), tenant="acme", kind="dry_run"),
    RetentionRule(after=timedelta(days=400), tenant="acme"),
)


async def test_retention_by_rule(store: Store, samples: Samples, clock: Clock) -> None:
    dry = await record(store, samples, dry_run=True)
    group = await record(store, samples, channel=Channel.GROUP)
    dm = await record(store, samples)
    other = await record(store, samples, tenant="elsewhere")
    retention = store.retention(RULES)

    async def gone() -> list[Record]:
        found = []
        for one in (dry, group, dm, other):
            tenant, message_id = one.submission.tenant, one.submission.message_id
            outcome = await store.ledger.outcome(tenant, message_id)
            assert outcome is not None
            if outcome.erased_at is not None:
                found.append(one)
        return found

    clock.move(days=199)
    assert await retention.run() == []
    clock.move(days=2)
    assert [one.counts.payloads for one in await retention.plan()] == [1]
    (report,) = await retention.run()
    assert report.target == "acme/dm/dry_run"
    assert await gone() == [dry]
    clock.move(days=200)
    await retention.run()
    assert await gone() == [dry, dm]
    clock.move(days=600)
    await retention.run()
    assert await gone() == [dry, group, dm]
    assert await retention.run() == []
    entries = await erased_entries(store)
    assert {entry["what"] for entry in entries} == {"retention"}
    assert len(entries) == 3
    await assert_log_verifies(store)


async def test_retention_respects_holds(store: Store, samples: Samples, clock: Clock) -> None:
    await record(store, samples)
    await record(store, samples, audience=whose("held"))
    hold = await place_hold(store, target="held")
    clock.move(days=500)
    retention = store.retention(RULES)
    (report,) = await retention.run()
    assert (report.counts.keys, report.counts.kept) == (1, 1)
    assert await retention.run() == []
    assert len(await store.erasures.recent("acme")) == 1
    await store.legal_holds.lift("acme", hold, actor="ann", reason="Case closed.")
    assert [one.counts.keys for one in await retention.run()] == [1]


async def test_a_rule_below_the_floor_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="floor"):
        store.retention([RetentionRule(after=timedelta(days=183))])


# Interrupted.


@pytest.mark.parametrize("stop", range(4))
async def test_what_was_begun_is_carried_on(
    store: Store, samples: Samples, reopen: Callable[[Store], Awaitable[Store]], stop: int
) -> None:
    """Stopped after each of its commits in turn."""
    message_id = (await record(store, samples)).submission.message_id
    steps, scope = store.erasures._steps, store.erasures.scope_of(order())
    begun = await store._writer.write(lambda one: steps.begin(one, order(), scope))
    assert begun is not None
    if stop > 0:
        step = await store._writer.write(lambda one: steps.step(one, begun.number))
        if stop > 1:
            store._keys.destroy(step.kids)
        if stop > 2:
            await store._writer.write(lambda one: steps.confirm(one, step.kids))
    store = await reopen(store)
    assert await erased_entries(store) == []
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome is not None
    assert (outcome.judgement.text is None) == (stop > 0)
    assert await store.erasures.resume() == 1
    assert await store.erasures.resume() == 0
    outcome = await store.ledger.outcome("acme", message_id)
    assert outcome is not None
    assert outcome.judgement.text is None
    (entry,) = await erased_entries(store)
    assert entry["counts"]["messages"] == 1
    await assert_log_verifies(store)


async def test_what_another_is_at_is_left_to_them(
    place: Place, store: Store, samples: Samples
) -> None:
    await record(store, samples)
    scope = store.erasures.scope_of(order())
    await store._writer.write(lambda one: store.erasures._steps.begin(one, order(), scope))
    other = await place.open()
    assert await other.erasures.resume() == 0
    assert await store.erasures.resume() == 1
