"""Conversations that a person took over (ports.Ledger), on both engines."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.errors import StateConflict
from gateway.model.human_turn import HumanTurn
from gateway.model.record import EntryKind, Review, ReviewAction
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.stores import Clock, Place, Samples


async def take(store: Store, clock: Clock, who: str | None = "agent-7", **more: Any) -> Any:
    given = {"tenant": "acme", "conversation": "c1", **more}
    return await store.human_turns.set_speaker(
        given["tenant"],
        given["conversation"],
        who=who,
        actor="key-1",
        reason="She asked for me.",
        at=clock.at,
    )


async def test_nobody_speaks_until_somebody_does(
    store: Store, samples: Samples, clock: Clock
) -> None:
    assert await store.human_turns.find("acme", "c1") is None
    assert await take(store, clock, who=None) is None
    assert await store.log.size() == 0
    taken = await take(store, clock)
    assert taken == HumanTurn(who="agent-7", since=clock.at)
    contact = await store.ledger.contact(samples.submission())
    assert (contact.human_turn, contact.is_first) == (taken, True)


async def test_every_change_is_an_entry_and_nothing_else_is(store: Store, clock: Clock) -> None:
    first = clock.at
    await take(store, clock)
    clock.move(minutes=1)
    assert await take(store, clock) == HumanTurn(who="agent-7", since=first)
    other = await take(store, clock, who="agent-8")
    assert other == HumanTurn(who="agent-8", since=clock.at)
    clock.move(minutes=1)
    back = await take(store, clock, who=None)
    assert back == HumanTurn(who="agent-8", since=other.since, until=clock.at)
    clock.move(minutes=1)
    assert await take(store, clock, who=None) == back
    entries = await store.log.entries(0, 10)
    assert [entry.kind for entry in entries] == [EntryKind.CHANGE] * 3
    bodies = [json.loads(entry.body) for entry in entries]
    assert [(one["what"], one["subject"]) for one in bodies] == [("handover", "c1")] * 3
    assert [one["detail"]["to"] for one in bodies] == ["human", "human", "avatar"]
    assert [one["detail"]["who"] for one in bodies] == ["agent-7", "agent-8", "agent-8"]


async def test_it_outlives_the_process(
    store: Store, samples: Samples, clock: Clock, reopen: Callable[[Store], Awaitable[Store]]
) -> None:
    taken = await take(store, clock)
    again = await reopen(store)
    assert await again.human_turns.find("acme", "c1") == taken
    with pytest.raises(StateConflict):
        await again.ledger.record(samples.record())


async def test_another_conversation_and_tenant_are_not_meant(
    store: Store, samples: Samples, clock: Clock
) -> None:
    await take(store, clock, conversation="c2")
    await take(store, clock, tenant="other")
    assert await store.human_turns.find("acme", "c1") is None
    await store.ledger.record(samples.record())


async def test_what_was_judged_before_is_not_queued_after(
    store: Store, samples: Samples, clock: Clock
) -> None:
    """The message was judged while the avatar spoke, and comes to be recorded too late."""
    late, neighbour = (
        samples.record(),
        samples.record(submission=samples.submission(conversation="c2")),
    )
    await take(store, clock)
    size = await store.log.size()
    with pytest.raises(StateConflict, match="took over"):
        await store.ledger.record(late)
    assert await store.log.size() == size
    assert await store.ledger.outcome("acme", late.submission.message_id) is None
    assert await store.outbox.lease(limit=10, until=clock.at) == []
    await store.ledger.record(neighbour)
    await store.ledger.record(samples.record(Verdict.HOLD))
    await store.ledger.record(samples.record(Verdict.BLOCK))
    await take(store, clock, who=None)
    await store.ledger.record(late)


async def test_a_persons_words_and_what_a_person_released_are_queued(
    store: Store, samples: Samples, clock: Clock
) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    await take(store, clock)
    typed = samples.submission(human_author="agent-7")
    await store.ledger.record(samples.record(submission=typed))
    review = Review(
        action=ReviewAction.RELEASE, reviewer="key-2", reason="Still true.", at=clock.at
    )
    await store.ledger.record(samples.record(submission=held.submission, review=review))
    for message in (typed.message_id, held.submission.message_id):
        outcome = await store.ledger.outcome("acme", message)
        assert outcome is not None
        assert outcome.state is State.QUEUED


async def test_a_clock_set_back_does_not_end_a_turn_before_it_began(
    store: Store, clock: Clock
) -> None:
    taken = await take(store, clock)
    clock.move(minutes=-5)
    back = await take(store, clock, who=None)
    assert back == HumanTurn(who="agent-7", since=taken.since, until=taken.since)


async def test_the_author_counts_in_what_is_repeated(store: Store, samples: Samples) -> None:
    digests = store.ledger._digests
    avatars = samples.submission()
    persons = samples.submission(human_author="agent-7")
    assert digests.fingerprint(avatars) != digests.fingerprint(persons)


async def test_every_replica_heeds_it_at_once(
    store: Store, place: Place, samples: Samples, clock: Clock
) -> None:
    other = await place.open()
    taken = await take(store, clock)
    assert (await other.ledger.contact(samples.submission())).human_turn == taken
    with pytest.raises(StateConflict):
        await other.ledger.record(samples.record())
    await take(other, clock, who=None)
    await store.ledger.record(samples.record())
