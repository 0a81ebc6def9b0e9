from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.demo.sandbox import Sandbox
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import ReceiptSigner
from gateway.keyring import Keyring
from gateway.model.disclosure import Disclosure, Notice
from gateway.model.record import (
    Delivery,
    DispatchResult,
    Entry,
    EntryKind,
    Settlement,
    leaf_hash,
)
from gateway.model.submission import Channel
from gateway.model.verdict import State
from gateway.platforms.webhook import WebhookPlatform

SECRET = b"a secret of at least 24 bytes"
SALT = bytes(range(16))


@pytest.fixture(scope="session")
def make_delivery() -> Callable[..., Delivery]:
    signer = ReceiptSigner(key=Keyring.generate().receipt)

    def make(
        message_id: str = "msg_1", text: str = "[AI] héllo \U0001f44b", **given: Any
    ) -> Delivery:
        hashed = content_hash(text, SALT)
        claims = {"jti": f"rcp_{message_id}", "message_id": message_id, "content_hash": hashed}
        values: dict[str, Any] = {
            "message_id": message_id,
            "decision_id": "dec_1",
            "key": message_id,
            "tenant": "default",
            "route": "sandbox",
            "channel": Channel.DM,
            "creator": "zoe",
            "avatar": "zoe-twin",
            "conversation": "conversation-1",
            "audience_id": None,
            "disclosure": Disclosure(
                text=text,
                language="en",
                notices=(Notice(notice="ai", text="AI", position="start", rules=("eu",)),),
                marks={"iptc": {"digitalSourceType": "x"}},
                content_hash=hashed,
                salt=SALT.hex(),
            ),
            "receipt": signer.sign(claims),
            "recorded_seq": 7,
            "attempt": 1,
            "queued_at": datetime.now(UTC),
        }
        return Delivery(**{**values, **given})

    return make


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[Sandbox, str]]:
    box = Sandbox(secret=SECRET)
    async with box.running() as url:
        yield box, f"{url}/messages"


@pytest.fixture
async def platform(sandbox: tuple[Sandbox, str]) -> AsyncIterator[WebhookPlatform]:
    made = WebhookPlatform(sandbox_url=sandbox[1], secret=SECRET)
    yield made
    await made.close()


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
        taken = []
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
