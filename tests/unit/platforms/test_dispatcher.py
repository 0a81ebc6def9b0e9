"""Each delivery goes to the sender for its route's kind, and to no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route, RouteKind
from gateway.platforms.dispatcher import PlatformDispatcher
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.platforms.routes import Routes, load_routes
from gateway.platforms.streams import StreamPlatform
from tests.deliveries import webhook_platform

MakeDelivery = Callable[..., Delivery]
KINDS = tuple(RouteKind)
ROUTES = {kind.value: Route(name=kind.value, kind=kind) for kind in KINDS}
PROXY = """
name: fans
kind: proxy
platform: webhook
url: http://127.0.0.1:1
creator: lea
avatar: lea-twin
"""


class NotingSender:
    """A sender that delivers everything, and notes what it was given."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed = 0

    @property
    def routes(self) -> dict[str, Route]:
        return ROUTES

    async def send(self, delivery: Delivery) -> Dispatch:
        self.sent.append(delivery.route)
        return Dispatch(result=DispatchResult.DELIVERED, detail="noted")

    async def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("kind", KINDS)
async def test_the_kind_of_the_route_decides(kind: RouteKind, make_delivery: MakeDelivery) -> None:
    senders = {each: NotingSender() for each in KINDS}
    dispatcher = PlatformDispatcher(routes=ROUTES, senders=senders)
    assert (await dispatcher.send(make_delivery(route=kind.value))).detail == "noted"
    assert {each: senders[each].sent for each in KINDS} == {
        each: [kind.value] if each is kind else [] for each in KINDS
    }


async def test_a_kind_without_a_sender_is_tried_again(make_delivery: MakeDelivery) -> None:
    webhooks = NotingSender()
    dispatcher = PlatformDispatcher(routes=ROUTES, senders={RouteKind.WEBHOOK: webhooks})
    for route in ("sandbox", "nowhere"):
        dispatch = await dispatcher.send(make_delivery(route=route))
        assert dispatch.result is DispatchResult.RETRY
        assert dispatch.detail == "the route is not configured now"
    assert webhooks.sent == []


async def test_a_sender_of_two_kinds_is_closed_once() -> None:
    both, other = NotingSender(), NotingSender()
    senders = {RouteKind.SANDBOX: both, RouteKind.WEBHOOK: both, RouteKind.STREAM: other}
    await PlatformDispatcher(routes=ROUTES, senders=senders).close()
    assert (both.closed, other.closed) == (1, 1)


@pytest.fixture
def loaded(tmp_path: Path) -> Routes:
    (tmp_path / "fans.yaml").write_text(PROXY)
    return load_routes(sandbox_url="http://127.0.0.1:1/", directory=tmp_path)


@pytest.fixture
async def real(loaded: Routes) -> AsyncIterator[tuple[PlatformDispatcher, StreamPlatform]]:
    """The gateway's own senders; nobody listens at the sandbox's address."""
    webhooks = webhook_platform("http://127.0.0.1:1/")
    streams = StreamPlatform(routes=loaded.of_kinds(RouteKind.STREAM))
    dispatcher = PlatformDispatcher(
        routes=loaded.routes,
        senders={
            RouteKind.SANDBOX: webhooks,
            RouteKind.STREAM: streams,
            RouteKind.PROXY: ProxiedPlatform(proxies=loaded.proxies),
        },
    )
    yield dispatcher, streams
    await dispatcher.close()


async def test_other_routes_lead_elsewhere(
    real: tuple[PlatformDispatcher, StreamPlatform], make_delivery: MakeDelivery
) -> None:
    dispatcher, streams = real
    handed = streams.expect("msg_1")
    sent = await dispatcher.send(make_delivery(route="sandbox"))
    assert sent.result is DispatchResult.RETRY  # nobody listens on that port
    assert not handed.done()


@pytest.mark.parametrize("route", ["fans", "removed"])
async def test_what_no_client_waits_for_is_never_sent(
    route: str,
    real: tuple[PlatformDispatcher, StreamPlatform],
    make_delivery: MakeDelivery,
) -> None:
    dispatcher, _ = real
    sent = await dispatcher.send(make_delivery(route=route))
    assert sent.result is DispatchResult.REFUSED
    assert "request is gone" in sent.detail
    uncertain = await dispatcher.send(make_delivery(route=route, uncertain=True))
    assert uncertain.result is DispatchResult.UNKNOWN


def test_routes_by_kind(loaded: Routes) -> None:
    assert set(loaded.of_kinds(RouteKind.PROXY)) == {"fans"}
    assert set(loaded.of_kinds(RouteKind.SANDBOX, RouteKind.WEBHOOK)) == {"sandbox"}
