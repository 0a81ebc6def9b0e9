"""Delivers the messages in the outbox to their platforms, at least once, with the same idempotency
key each time."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

import structlog

from gateway.delivery.backoff import Backoff
from gateway.delivery.breaker import RouteBreaker
from gateway.errors import GatewayError
from gateway.model.record import Delivery, Dispatch, DispatchResult, Settlement
from gateway.model.verdict import State
from gateway.ports import Now, Outbox, Platform

_LEASE_SHARE = 0.8
"""Share of its lease that an attempt may take, so that it is settled before another attempt may
begin."""


class OutboxCourier:
    """Implements ports.Courier, and runs the loop for messages that could not be delivered at once.

    `lease_s` is how long a delivery belongs to one attempt: after a crash it is due again when that
    time is over. After `max_attempts` or `give_up_after` a delivery is DEAD, or UNKNOWN when an
    attempt may have been delivered. `poll_s` is how often the loop looks for due deliveries.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        platform: Platform,
        now: Now,
        max_attempts: int = 8,
        concurrency: int = 16,
        lease_s: float = 30.0,
        poll_s: float = 1.0,
        grace_s: float = 5.0,
        give_up_after: timedelta = timedelta(hours=24),
        backoff: Backoff | None = None,
        breaker: Callable[[], RouteBreaker] | None = None,
    ) -> None:
        self._outbox = outbox
        self._platform = platform
        self._now = now
        self._max_attempts = max_attempts
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease_s)
        self._poll_s = poll_s
        self._grace_s = grace_s
        self._give_up_after = give_up_after
        self._backoff = backoff or Backoff(random=random.random)
        self._breakers: defaultdict[str, RouteBreaker] = defaultdict(
            breaker or (lambda: RouteBreaker(now=now))
        )
        self._tasks: set[asyncio.Task[Settlement | None]] = set()
        self._inline: set[asyncio.Task[Settlement | None]] = set()
        self._stopping = asyncio.Event()
        self._log = structlog.get_logger("courier")

    def start(self, message_id: str) -> None:
        """See ports.Courier. Errors are logged, and the loop tries again."""
        self._start_attempt(message_id)

    async def deliver(self, message_id: str) -> Settlement | None:
        """See ports.Courier. Raises NotRecorded when the end of the attempt could not be
        recorded: the message will be sent again with the same key."""
        return await asyncio.shield(self._start_attempt(message_id))

    def _start_attempt(self, message_id: str) -> asyncio.Task[Settlement | None]:
        """Start an attempt in a task that this courier owns: a caller that goes away must not
        cancel it, and `run` waits for its end."""
        task = asyncio.create_task(self._deliver_leased(message_id), name="delivery")
        self._inline.add(task)
        task.add_done_callback(self._attempt_ended)
        return task

    async def run(self) -> None:
        """Deliver due messages until `stop` or cancellation; then let attempts under way end."""
        try:
            while not self._stopping.is_set():
                if not await self._take_due():
                    await self._wait_for_work()
        finally:
            if under_way := self._tasks | self._inline:
                await asyncio.wait(under_way, timeout=self._grace_s)

    def stop(self) -> None:
        """Let `run` return once its attempts under way have ended. Nothing is lost: deliveries that
        are left are due again after their lease."""
        self._stopping.set()

    async def _deliver_leased(self, message_id: str) -> Settlement | None:
        until, ended = self._now() + self._lease, None
        for delivery in await self._outbox.lease(message_id=message_id, until=until):
            ended = await self._attempt_delivery(delivery)
        return ended

    async def _take_due(self) -> bool:
        """Start attempts for due deliveries; return whether there were any."""
        free = self._concurrency - len(self._tasks)
        if free <= 0:
            return False
        try:
            due = await self._outbox.lease(limit=free, until=self._now() + self._lease)
        except GatewayError as error:
            self._log.warning("cannot read the outbox", error=type(error).__name__)
            return False
        for delivery in due:
            task = asyncio.create_task(self._attempt_delivery(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._attempt_ended)
        return bool(due)

    async def _wait_for_work(self) -> None:
        """Wait until an attempt ended, `stop` was called, or it is time to look again."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait(
                {stopping, *self._tasks},
                timeout=self._poll_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            stopping.cancel()

    def _attempt_ended(self, task: asyncio.Task[Settlement | None]) -> None:
        self._tasks.discard(task)
        self._inline.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its lease runs out, then it is tried again.
            self._log.error("an attempt failed", error=type(error).__name__)

    async def _attempt_delivery(self, delivery: Delivery) -> Settlement | None:
        """One attempt, from the lease to its settlement; what `_settle_for_good` returns."""
        # 1. Settle what must not be sent any more.
        if (final := self._final_dispatch(delivery)) is not None:
            return await self._settle_or_retry(delivery, final)
        # 2. Put off a delivery to a platform that is failing.
        breaker = self._breakers[delivery.route]
        if (wait_s := breaker.wait_s()) > 0:
            delay_s = self._backoff.delay_s(1, wait_s)
            await self._put_off(delivery, _retry_later("the platform is failing"), delay_s)
            return None
        # 3. Send, and 4. settle the result.
        dispatch = await self._send_in_time(delivery)
        if dispatch.result in (DispatchResult.DELIVERED, DispatchResult.REFUSED):
            breaker.succeeded()
        else:
            breaker.failed()
        return await self._settle_or_retry(delivery, dispatch)

    async def _send_in_time(self, delivery: Delivery) -> Dispatch:
        limit_s = self._lease.total_seconds() * _LEASE_SHARE
        try:
            async with asyncio.timeout(limit_s):
                return await self._platform.send(delivery)
        except TimeoutError:
            return Dispatch(result=DispatchResult.UNKNOWN, detail=f"no answer within {limit_s:g} s")

    def _final_dispatch(self, delivery: Delivery) -> Dispatch | None:
        if delivery.uncertain and not self._platform_deduplicates(delivery):
            return Dispatch(
                result=DispatchResult.UNKNOWN,
                detail="an earlier attempt may have been delivered, and the platform cannot tell",
            )
        if self._is_old(delivery):
            return _retry_later("too old to be sent")
        return None

    async def _settle_or_retry(self, delivery: Delivery, dispatch: Dispatch) -> Settlement | None:
        match dispatch.result:
            case DispatchResult.DELIVERED:
                return await self._settle_for_good(delivery, dispatch, State.DELIVERED)
            case DispatchResult.REFUSED:
                return await self._settle_for_good(delivery, dispatch, State.REFUSED)
            case DispatchResult.UNKNOWN if not self._platform_deduplicates(delivery):
                return await self._settle_for_good(delivery, dispatch, State.UNKNOWN)
            case _ if delivery.attempt >= self._max_attempts or self._is_old(delivery):
                maybe = delivery.uncertain or dispatch.result is DispatchResult.UNKNOWN
                return await self._settle_for_good(
                    delivery, dispatch, State.UNKNOWN if maybe else State.DEAD
                )
            case _:
                delay_s = self._backoff.delay_s(delivery.attempt, dispatch.retry_after_s)
                await self._put_off(delivery, dispatch, delay_s)
                return None

    async def _settle_for_good(
        self, delivery: Delivery, dispatch: Dispatch, state: State
    ) -> Settlement | None:
        """Settle the delivery for good; None when another attempt had settled it before."""
        log = self._log.debug if state is State.DELIVERED else self._log.warning
        log(
            "delivery ended",
            message_id=delivery.message_id,
            route=delivery.route,
            state=state.value,
            attempt=delivery.attempt,
            detail=dispatch.detail,
        )
        ended = Settlement(delivery=delivery, dispatch=dispatch, state=state, at=self._now())
        return None if await self._outbox.settle(ended) is None else ended

    async def _put_off(self, delivery: Delivery, dispatch: Dispatch, delay_s: float) -> None:
        now = self._now()
        await self._outbox.settle(
            Settlement(
                delivery=delivery,
                dispatch=dispatch,
                state=State.QUEUED,
                at=now,
                next_attempt_at=now + timedelta(seconds=delay_s),
            )
        )

    def _platform_deduplicates(self, delivery: Delivery) -> bool:
        route = self._platform.routes.get(delivery.route)
        return route is not None and route.deduplicates

    def _is_old(self, delivery: Delivery) -> bool:
        return self._now() - delivery.queued_at > self._give_up_after


def _retry_later(detail: str) -> Dispatch:
    return Dispatch(result=DispatchResult.RETRY, detail=detail)
