"""The courier with the real webhook platform and the sandbox over loopback HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery.backoff import Backoff
from gateway.delivery.breaker import RouteBreaker
from gateway.delivery.courier import OutboxCourier
from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.errors import NotRecorded
from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route, RouteKind
from gateway.model.verdict import State
from gateway.platforms.webhook import WebhookPlatform
from tests.deliveries import webhook_platform
from tests.patience import until_soon
from tests.present import present
from tests.unit.delivery.conftest import Clock, MemoryOutbox

MakeDelivery = Callable[..., Delivery]
MakeCourier = Callable[..., OutboxCourier]


@pytest.fixture
def make_courier(outbox: MemoryOutbox, platform: WebhookPlatform, clock: Clock) -> MakeCourier:
    def make(**given: Any) -> OutboxCourier:
        values = {
            "outbox": outbox,
            "platform": platform,
            "now": clock,
            "backoff": Backoff(random=lambda: 1.0),
            "poll_s": 0.01,
        }
        return OutboxCourier(**{**values, **given})

    return make


@pytest.fixture
async def forgetful(
    sandbox: tuple[SandboxPlatform, str], tmp_path: Path
) -> AsyncIterator[WebhookPlatform]:
    """A platform that does not say it de-duplicates."""
    (tmp_path / "forgetful.yaml").write_text(
        f"name: forgetful\nkind: webhook\nurl: {sandbox[1]}\ntimeout_s: 0.3\n"
    )
    made = webhook_platform(sandbox[1], tmp_path)
    yield made
    await made.close()


class Stub:
    """A platform whose every answer the test decides."""

    def __init__(self, *answers: Dispatch | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[Delivery] = []
        self.under_way = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"sandbox": Route(name="sandbox", kind=RouteKind.SANDBOX, deduplicates=True)}

    async def send(self, delivery: Delivery) -> Dispatch:
        self.sent.append(delivery)
        self.under_way.set()
        await self.go_on.wait()
        answer = self.answers.pop(0) if self.answers else DELIVERED
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None: ...


DELIVERED = Dispatch(result=DispatchResult.DELIVERED)
RETRY = Dispatch(result=DispatchResult.RETRY, detail="not now")
UNKNOWN = Dispatch(result=DispatchResult.UNKNOWN, detail="no answer")


async def test_delivers_inline(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    outbox.put(make_delivery())
    outbox.put(make_delivery("msg_2"))
    ended = await make_courier().deliver("msg_1")
    assert [one["message_id"] for one in sandbox[0].messages] == ["msg_1"]
    assert ended is outbox.settled[0]
    assert outbox.states() == [State.DELIVERED]
    assert outbox.waiting == ["msg_2"]
    assert ended is not None
    assert ended.dispatch.platform_id == "sandbox-1"


async def test_nothing_to_deliver(make_courier: MakeCourier, outbox: MemoryOutbox) -> None:
    assert await make_courier().deliver("msg_1") is None
    assert outbox.settled == []


async def test_what_the_platform_says_decides(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    for number, status in enumerate((422, 503)):
        sandbox[0].failure = PlannedFailure(status=status)
        outbox.put(make_delivery(f"msg_{number}"))
        await make_courier().deliver(f"msg_{number}")
    assert outbox.states() == [State.REFUSED, State.QUEUED]


async def test_waits_as_long_as_asked(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    sandbox[0].failure = PlannedFailure(status=429, retry_after="60")
    outbox.put(make_delivery())
    await make_courier().deliver("msg_1")
    assert present(outbox.settled[0].next_attempt_at) - outbox.settled[0].at == timedelta(
        seconds=61
    )


async def test_dead_after_the_last_attempt(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    sandbox[0].failure = PlannedFailure(status=503, times=99)
    outbox.put(make_delivery())
    courier = make_courier(max_attempts=3)
    for _ in range(5):
        await courier.deliver("msg_1")
        outbox.clock.forward(3_600)
    assert outbox.states() == [State.QUEUED, State.QUEUED, State.DEAD]
    assert sandbox[0].requests == 3


async def test_an_unknown_end_is_sent_again_where_that_is_safe(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    sandbox[0].failure = PlannedFailure(status=500)
    outbox.put(make_delivery())
    courier = make_courier()
    await courier.deliver("msg_1")
    outbox.clock.forward(10)
    await courier.deliver("msg_1")
    assert outbox.states() == [State.QUEUED, State.DELIVERED]


async def test_taken_but_not_answered_is_delivered_once(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    sandbox[0].failure = PlannedFailure(drop=True)
    outbox.put(make_delivery())
    courier = make_courier(lease_s=4)  # the attempt gives up before its lease ends
    await courier.deliver("msg_1")
    outbox.clock.forward(10)
    await courier.deliver("msg_1")
    assert outbox.states() == [State.QUEUED, State.DELIVERED]
    assert outbox.settled[0].dispatch.result is DispatchResult.UNKNOWN
    assert len(sandbox[0].messages) == 1
    assert sandbox[0].requests == 2


async def test_an_unknown_end_goes_to_a_person_where_it_is_not(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    forgetful: WebhookPlatform,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    sandbox[0].failure = PlannedFailure(drop=True)
    outbox.put(make_delivery(route="forgetful"))
    await make_courier(platform=forgetful).deliver("msg_1")
    assert outbox.states() == [State.UNKNOWN]


async def test_after_a_crash_it_is_not_sent_blindly(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    forgetful: WebhookPlatform,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    outbox.put(make_delivery(route="forgetful"))
    await outbox.lease(limit=1, until=outbox.clock() + timedelta(seconds=30))  # and then it crashed
    outbox.clock.forward(31)
    await make_courier(platform=forgetful).deliver("msg_1")
    assert outbox.states() == [State.UNKNOWN]
    assert sandbox[0].requests == 0


async def test_after_a_crash_it_is_sent_again_with_the_same_key(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    platform: WebhookPlatform,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    outbox.put(make_delivery())
    (leased,) = await outbox.lease(limit=1, until=outbox.clock() + timedelta(seconds=30))
    await platform.send(leased)  # and then it crashed
    courier = make_courier()
    await courier.deliver("msg_1")
    assert outbox.states() == []  # the lease still holds
    outbox.clock.forward(31)
    await courier.deliver("msg_1")
    assert outbox.states() == [State.DELIVERED]
    assert len(sandbox[0].messages) == 1


async def test_giving_up_says_unknown_when_it_may_have_been_delivered(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    outbox.put(make_delivery())
    courier = make_courier(platform=Stub(UNKNOWN, RETRY), max_attempts=2)
    await courier.deliver("msg_1")
    outbox.clock.forward(3_600)
    await courier.deliver("msg_1")
    assert outbox.states() == [State.QUEUED, State.UNKNOWN]


async def test_too_old_is_not_sent(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    outbox.put(make_delivery(queued_at=outbox.clock()))
    outbox.clock.forward(25 * 3_600)
    platform = Stub()
    await make_courier(platform=platform).deliver("msg_1")
    assert outbox.states() == [State.DEAD]
    assert platform.sent == []


async def test_a_failing_platform_is_left_alone(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    platform = Stub(*[RETRY] * 3)
    courier = make_courier(
        platform=platform, breaker=lambda: RouteBreaker(now=outbox.clock, failures=3, rest_s=60)
    )
    for number in range(5):
        outbox.put(make_delivery(f"msg_{number}", queued_at=outbox.clock()))
        await courier.deliver(f"msg_{number}")
    assert len(platform.sent) == 3
    assert outbox.states() == [State.QUEUED] * 5
    outbox.clock.forward(600)
    await courier.deliver("msg_4")
    assert outbox.states()[-1] is State.DELIVERED


async def test_the_loop_delivers_what_is_due(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    courier = make_courier(concurrency=3)
    running = asyncio.create_task(courier.run())
    for number in range(20):
        outbox.put(make_delivery(f"msg_{number}"))
    await until_soon(lambda: len(outbox.settled) == 20)
    courier.stop()
    await running
    assert set(outbox.states()) == {State.DELIVERED}
    assert len(sandbox[0].messages) == 20


async def test_the_loop_is_bounded(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    platform = Stub()
    platform.go_on.clear()
    for number in range(9):
        outbox.put(make_delivery(f"msg_{number}"))
    courier = make_courier(platform=platform, concurrency=4)
    running = asyncio.create_task(courier.run())
    await until_soon(lambda: len(platform.sent) == 4)
    leases = outbox.leases
    await asyncio.sleep(0.05)
    assert (len(platform.sent), outbox.leases) == (4, leases)
    platform.go_on.set()
    await until_soon(lambda: len(outbox.settled) == 9)
    courier.stop()
    await running


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_stopping_lets_attempts_end(
    how: str, make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    platform = Stub()
    platform.go_on.clear()
    outbox.put(make_delivery())
    outbox.put(make_delivery("msg_2"))
    courier = make_courier(platform=platform, concurrency=1)
    running = asyncio.create_task(courier.run())
    await platform.under_way.wait()
    if how == "stop":
        courier.stop()
    else:
        running.cancel()
    await asyncio.sleep(0.01)
    platform.go_on.set()
    await asyncio.wait({running})
    assert outbox.states() == [State.DELIVERED]
    assert len(outbox.waiting) == 1


async def test_a_caller_that_goes_away_does_not_cut_the_attempt(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    platform = Stub()
    platform.go_on.clear()
    outbox.put(make_delivery())
    delivering = asyncio.create_task(make_courier(platform=platform).deliver("msg_1"))
    await platform.under_way.wait()
    delivering.cancel()
    await asyncio.wait({delivering})
    platform.go_on.set()
    await until_soon(lambda: outbox.states() == [State.DELIVERED])


class Broken:
    """An outbox whose database is away for a while."""

    def __init__(self, outbox: MemoryOutbox, *, lease: int = 0, settle: int = 0) -> None:
        self._outbox = outbox
        self.left = {"lease": lease, "settle": settle}

    async def lease(self, **given: Any) -> Any:
        self._fail("lease")
        return await self._outbox.lease(**given)

    async def settle(self, settlement: Any) -> Any:
        self._fail("settle")
        return await self._outbox.settle(settlement)

    def _fail(self, what: str) -> None:
        if self.left[what] > 0:
            self.left[what] -= 1
            raise NotRecorded("the database is away")


async def test_the_loop_outlives_the_database(
    make_courier: MakeCourier,
    outbox: MemoryOutbox,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    outbox.put(make_delivery())
    broken = Broken(outbox, lease=2, settle=1)
    courier = make_courier(outbox=broken)
    running = asyncio.create_task(courier.run())
    await until_soon(lambda: broken.left == {"lease": 0, "settle": 0})
    assert outbox.states() == []
    outbox.clock.forward(31)  # its lease ends
    await until_soon(lambda: outbox.states() == [State.DELIVERED])
    courier.stop()
    await running
    assert len(sandbox[0].messages) == 1


async def test_what_could_not_be_settled_is_told(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    outbox.put(make_delivery())
    with pytest.raises(NotRecorded):
        await make_courier(outbox=Broken(outbox, settle=1)).deliver("msg_1")
    assert outbox.waiting == ["msg_1"]


async def test_the_loop_outlives_a_broken_platform(
    make_courier: MakeCourier, outbox: MemoryOutbox, make_delivery: MakeDelivery
) -> None:
    outbox.put(make_delivery())
    platform = Stub(RuntimeError("a bug"))
    courier = make_courier(platform=platform)
    running = asyncio.create_task(courier.run())
    await until_soon(lambda: len(platform.sent) == 1)
    await asyncio.sleep(0.02)
    outbox.clock.forward(31)
    await until_soon(lambda: outbox.states() == [State.DELIVERED])
    courier.stop()
    await running
