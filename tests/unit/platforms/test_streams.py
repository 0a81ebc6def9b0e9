"""What was recorded goes to whoever has the stream open, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.model.disclosure import Disclosure
from gateway.model.receipt import Receipt
from gateway.model.record import Delivery, DispatchResult
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Channel
from gateway.platforms.streams import StreamPlatform

DELIVERY = Delivery(
    message_id="msg_1", decision_id="dec_1", key="msg_1", tenant="t", route="stream",
    channel=Channel.DM, creator="c", avatar="a", conversation="v", audience_id=None,
    disclosure=Disclosure(text="hello", language="en"),
    receipt=Receipt(id="r", kid="k", claims={}, jws=""), recorded_seq=1, attempt=1,
    queued_at=datetime(2026, 9, 1, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture
def streams() -> StreamPlatform:
    return StreamPlatform(routes={"stream": Route(name="stream", kind=RouteKind.STREAM)})


async def test_it_goes_to_whoever_expects_it_once(streams: StreamPlatform) -> None:
    handed = streams.expect("msg_1")
    assert (await streams.send(DELIVERY)).result is DispatchResult.DELIVERED
    assert await handed is DELIVERY
    assert (await streams.send(DELIVERY)).result is DispatchResult.REFUSED


async def test_a_reader_who_left_gets_nothing(streams: StreamPlatform) -> None:
    streams.expect("msg_1").cancel()
    assert (await streams.send(DELIVERY)).result is DispatchResult.REFUSED
