"""The courier between the real outbox (SQLite) and the real platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery.backoff import Backoff
from gateway.delivery.courier import OutboxCourier
from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.model.judgement import Grounds, Judgement
from gateway.model.record import Delivery, Record
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State, Verdict
from gateway.platforms.webhook import WebhookPlatform
from gateway.storage.store import Store, open_store
from gateway.trail.leaf import encode
from tests.unit.delivery.conftest import Clock


@pytest.fixture
def open_place(tmp_path: Path, clock: Clock) -> Callable[[], Any]:
    return lambda: open_store(
        url=f"sqlite:///{tmp_path / 'gateway.db'}",
        keys_path=tmp_path / "keys.db",
        encode=encode,
        now=clock,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
    )


@pytest.fixture
async def store(open_place: Callable[[], Any]) -> AsyncIterator[Store]:
    made = await open_place()
    yield made
    await made.close()


def record_of(delivery: Delivery) -> Record:
    at = datetime.now(UTC)
    submission = Submission(
        message_id=delivery.message_id,
        tenant="default",
        channel=Channel.DM,
        creator="zoe",
        avatar="zoe-twin",
        conversation="conversation-1",
        text="hello",
        received_at=at,
    )
    judgement = Judgement(
        decision_id=delivery.decision_id,
        verdict=Verdict.PUBLISH,
        language="en",
        reasons=(),
        disclosure=delivery.disclosure,
        receipt=delivery.receipt,
    )
    return Record(
        submission=submission,
        judgement=judgement,
        grounds=Grounds(),
        state=State.QUEUED,
        decided_at=at,
    )


def courier_of(store: Store, platform: WebhookPlatform, clock: Clock) -> OutboxCourier:
    return OutboxCourier(
        outbox=store.outbox,
        platform=platform,
        now=clock,
        backoff=Backoff(random=lambda: 1.0),
        poll_s=0.01,
    )


async def state_of(store: Store, message_id: str) -> State:
    outcome = await store.ledger.outcome("default", message_id)
    assert outcome is not None
    return outcome.state


async def test_what_was_recorded_is_delivered(
    store: Store,
    platform: WebhookPlatform,
    clock: Clock,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: Callable[..., Delivery],
) -> None:
    entry = await store.ledger.record(record_of(make_delivery()))
    await courier_of(store, platform, clock).deliver("msg_1")
    assert await state_of(store, "msg_1") is State.DELIVERED
    assert sandbox[0].messages[0]["recorded_seq"] == entry.seq


async def test_the_loop_tries_again(
    store: Store,
    platform: WebhookPlatform,
    clock: Clock,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: Callable[..., Delivery],
) -> None:
    sandbox[0].failure = PlannedFailure(status=503, times=2)
    courier = courier_of(store, platform, clock)
    await store.ledger.record(record_of(make_delivery()))
    await courier.deliver("msg_1")
    assert await state_of(store, "msg_1") is State.QUEUED
    running = asyncio.create_task(courier.run())
    while await state_of(store, "msg_1") is State.QUEUED:
        clock.forward(5)
        await asyncio.sleep(0.01)
    courier.stop()
    await running
    assert await state_of(store, "msg_1") is State.DELIVERED
    assert sandbox[0].requests == 3


async def test_another_process_takes_over(
    open_place: Callable[[], Any],
    platform: WebhookPlatform,
    clock: Clock,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: Callable[..., Delivery],
) -> None:
    first = await open_place()
    await first.ledger.record(record_of(make_delivery()))
    await first.close()  # before it could deliver
    second = await open_place()
    courier = courier_of(second, platform, clock)
    running = asyncio.create_task(courier.run())
    while await state_of(second, "msg_1") is State.QUEUED:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.01)
    courier.stop()
    await running
    assert await state_of(second, "msg_1") is State.DELIVERED
    assert len(sandbox[0].messages) == 1
    await second.close()
