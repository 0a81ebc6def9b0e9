from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.record import (
    Delivery,
    DispatchResult,
    Entry,
    EntryKind,
    Settlement,
    leaf_hash,
)
from gateway.model.verdict import State
from tests.deliveries import make_delivery, platform, sandbox

__all__ = ["make_delivery", "platform", "sandbox"]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class MemoryOutbox:
    """An outbox in memory that forgets nothing: what was settled, in order."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._waiting: dict[str, tuple[Delivery, datetime, bool]] = {}
        self.settled: list[Settlement] = []
        self.leases = 0

    def put(self, delivery: Delivery) -> None:
        self._waiting[delivery.message_id] = (replace(delivery, attempt=0), self.clock(), False)

    @property
    def waiting(self) -> list[str]:
        return list(self._waiting)

    def states(self) -> list[State]:
        return [one.state for one in self.settled]

    async def lease(
        self, *, message_id: str | None = None, limit: int = 1, until: datetime
    ) -> Sequence[Delivery]:
        self.leases += 1
        taken: list[Delivery] = []
        for name, (delivery, due_at, leased) in list(self._waiting.items()):
            if len(taken) == limit or message_id not in (None, name) or due_at > self.clock():
                continue
            # Leased before and never settled: that attempt may have been delivered.
            again = replace(
                delivery,
                attempt=delivery.attempt + 1,
                uncertain=delivery.uncertain or leased,
            )
            self._waiting[name] = (again, until, True)
            taken.append(again)
        return taken

    async def settle(self, settlement: Settlement) -> Entry | None:
        self.settled.append(settlement)
        delivery = settlement.delivery
        if settlement.state is not State.QUEUED:
            del self._waiting[delivery.message_id]
            seq = len(self.settled)
            return Entry(
                seq=seq,
                kind=EntryKind.DELIVERY,
                at=settlement.at,
                tenant=delivery.tenant,
                message_id=delivery.message_id,
                body=b"{}",
                leaf=leaf_hash(b"{}"),
            )
        assert settlement.next_attempt_at is not None
        unknown = settlement.dispatch.result is DispatchResult.UNKNOWN
        self._waiting[delivery.message_id] = (
            replace(delivery, uncertain=delivery.uncertain or unknown),
            settlement.next_attempt_at,
            False,
        )
        return None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(clock: Clock) -> MemoryOutbox:
    return MemoryOutbox(clock)
