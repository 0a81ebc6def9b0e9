"""What every adapter of ports.Courier keeps, between a store on disk and a platform over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest

from gateway.delivery.backoff import Backoff
from gateway.delivery.courier import OutboxCourier
from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.model.record import Delivery, Record
from gateway.model.verdict import State
from gateway.platforms.webhook import WebhookPlatform
from gateway.ports import Courier
from gateway.storage.store import Store
from tests.deliveries import make_delivery, platform, sandbox
from tests.stores import Clock, Samples, changed

__all__ = ["make_delivery", "platform", "sandbox"]

MakeDelivery = Callable[..., Delivery]
Sandbox = tuple[SandboxPlatform, str]
LEASE_S = 30.0


def outbox_courier(
    store: Store, platform: WebhookPlatform, now: Clock, lease_s: float = LEASE_S
) -> Courier:
    """Its loop is not run: every attempt here is one that a test asks for."""
    return OutboxCourier(
        outbox=store.outbox,
        platform=platform,
        now=now,
        lease_s=lease_s,
        backoff=Backoff(random=lambda: 0.5, base_s=1.0, cap_s=1.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A courier, and both ends of its way. `hasty` waits two seconds for an answer."""

    courier: Courier
    hasty: Courier
    store: Store
    sandbox: SandboxPlatform
    make_delivery: MakeDelivery
    samples: Samples

    async def record(self) -> str:
        """A message that waits to be sent; its id."""
        record: Record = self.samples.record()
        message_id = record.submission.message_id
        delivery = self.make_delivery(message_id)
        await self.store.ledger.record(
            changed(record, disclosure=delivery.disclosure, receipt=delivery.receipt)
        )
        return message_id

    async def state(self, message_id: str) -> State:
        outcome = await self.store.ledger.outcome("acme", message_id)
        assert outcome is not None
        return outcome.state

    async def until(self, message_id: str, state: State) -> None:
        while await self.state(message_id) is not state:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)

    async def until_asked(self, requests: int) -> None:
        while self.sandbox.requests < requests:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


@pytest.fixture(params=[outbox_courier], ids=lambda make: make.__name__)
def make_courier(
    request: pytest.FixtureRequest, store: Store, platform: WebhookPlatform, clock: Clock
) -> Callable[..., Courier]:
    return partial(request.param, store, platform, clock)


@pytest.fixture
def way(
    make_courier: Callable[..., Courier],
    store: Store,
    sandbox: Sandbox,
    make_delivery: MakeDelivery,
    samples: Samples,
) -> Way:
    return Way(
        courier=make_courier(),
        hasty=make_courier(lease_s=2.5),
        store=store,
        sandbox=sandbox[0],
        make_delivery=make_delivery,
        samples=samples,
    )


async def test_it_returns_the_settlement_once_that_is_durable(way: Way) -> None:
    message_id = await way.record()
    ended = await way.courier.deliver(message_id)
    assert ended is not None
    assert (ended.state, ended.delivery.message_id) == (State.DELIVERED, message_id)
    assert await way.state(message_id) is State.DELIVERED
    assert await way.store.log.size() == 2
    assert [one["message_id"] for one in way.sandbox.messages] == [message_id]


async def test_what_waits_for_nobody_is_not_sent(way: Way) -> None:
    assert await way.courier.deliver("msg_of_nobody") is None
    assert way.sandbox.requests == 0


async def test_what_was_settled_is_not_sent_again(way: Way) -> None:
    message_id = await way.record()
    await way.courier.deliver(message_id)
    assert await way.courier.deliver(message_id) is None
    assert (way.sandbox.requests, await way.store.log.size()) == (1, 2)


async def test_it_is_sent_until_it_arrives_with_the_same_key(way: Way, clock: Clock) -> None:
    message_id = await way.record()
    way.sandbox.failure = PlannedFailure(status=503, times=2)
    for attempt in (1, 2):
        assert await way.courier.deliver(message_id) is None  # it goes on
        assert (way.sandbox.requests, await way.state(message_id)) == (attempt, State.QUEUED)
        clock.move(seconds=10)
    ended = await way.courier.deliver(message_id)
    assert ended is not None
    assert (ended.state, ended.delivery.attempt) == (State.DELIVERED, 3)
    assert ended.delivery.key == message_id
    assert len(way.sandbox.messages) == 1


async def test_what_was_taken_but_not_answered_for_arrives_once(way: Way, clock: Clock) -> None:
    """The platform knows the second attempt by its key."""
    message_id = await way.record()
    way.sandbox.failure = PlannedFailure(drop=True)
    assert await way.hasty.deliver(message_id) is None
    clock.move(seconds=10)
    ended = await way.courier.deliver(message_id)
    assert ended is not None
    assert (ended.state, ended.delivery.attempt) == (State.DELIVERED, 2)
    assert len(way.sandbox.messages) == 1


async def test_what_another_attempt_has_is_left_to_it(way: Way, clock: Clock) -> None:
    message_id = await way.record()
    until: datetime = clock() + timedelta(seconds=LEASE_S)
    assert await way.store.outbox.lease(message_id=message_id, until=until)
    assert await way.courier.deliver(message_id) is None
    assert (way.sandbox.requests, await way.state(message_id)) == (0, State.QUEUED)


async def test_two_at_once_send_it_once(way: Way) -> None:
    message_id = await way.record()
    ended = await asyncio.gather(*(way.courier.deliver(message_id) for _ in range(5)))
    assert [one.state for one in ended if one is not None] == [State.DELIVERED]
    assert way.sandbox.requests == 1


async def test_a_caller_that_goes_away_does_not_cut_the_attempt(way: Way) -> None:
    message_id = await way.record()
    way.sandbox.failure = PlannedFailure(slow_s=0.3)
    waiting = asyncio.create_task(way.courier.deliver(message_id))
    await way.until_asked(1)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    await way.until(message_id, State.DELIVERED)
    assert way.sandbox.requests == 1


async def test_a_caller_that_waits_too_long_does_not_cut_the_attempt(way: Way) -> None:
    message_id = await way.record()
    way.sandbox.failure = PlannedFailure(slow_s=0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await way.courier.deliver(message_id)
    await way.until(message_id, State.DELIVERED)
    assert way.sandbox.requests == 1


async def test_what_is_started_ends_by_itself(way: Way) -> None:
    message_id = await way.record()
    way.courier.start(message_id)
    await way.until(message_id, State.DELIVERED)
    assert way.sandbox.requests == 1
    way.courier.start("msg_of_nobody")
    assert await way.courier.deliver(message_id) is None
    assert way.sandbox.requests == 1
