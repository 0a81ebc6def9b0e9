"""What every adapter of ports.Platform keeps: each sender by itself, and the dispatcher before
each sender. A platform that takes messages stands behind them on loopback HTTP; behind a stream
stands its reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import ReceiptSigner
from gateway.keyring import Keyring
from gateway.model.disclosure import Disclosure
from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Channel
from gateway.platforms.bodies import parse
from gateway.platforms.dispatcher import PlatformDispatcher
from gateway.platforms.loading import load_declarations
from gateway.platforms.matching import match
from gateway.platforms.proxied_platform import PlatformRequest, ProxiedPlatform
from gateway.platforms.proxies import ProxyRoute
from gateway.platforms.streams import StreamPlatform
from gateway.platforms.webhook import WebhookPlatform
from gateway.platforms.words import words_of
from gateway.ports import Platform
from tests.receiver import Receiver, status

SECRET = b"a secret of at least 24 bytes"
SALT = bytes(16)


class Place(Protocol):
    """A sender, with what is behind it."""

    @property
    def sender(self) -> Platform: ...

    @property
    def requests(self) -> int:
        """How many attempts arrived, those included that went wrong."""

    @property
    def texts(self) -> Sequence[str]:
        """What was published, in order."""

    def expect(self, delivery: Delivery) -> None:
        """What a client does before its message is sent."""

    def fail(self, code: int) -> None:
        """The next attempt goes wrong: with this status, where there is one."""


class WebhookPlace:
    def __init__(self, sandbox: SandboxPlatform, url: str) -> None:
        route = Route(name="sandbox", kind=RouteKind.SANDBOX, url=f"{url}/messages")
        self.sender = WebhookPlatform(routes={route.name: route}, secret=SECRET)
        self._sandbox = sandbox

    @property
    def requests(self) -> int:
        return self._sandbox.requests

    @property
    def texts(self) -> Sequence[str]:
        return [message["text"] for message in self._sandbox.messages]

    def expect(self, delivery: Delivery) -> None:
        """Nobody waits for a webhook."""

    def fail(self, code: int) -> None:
        self._sandbox.failure = PlannedFailure(status=code)


class ProxyPlace:
    def __init__(self, receiver: Receiver, url: str) -> None:
        self._proxy = ProxyRoute(
            route=Route(name="fans", kind=RouteKind.PROXY, url=url),
            declaration=load_declarations()["webhook"],
            creator="zoe",
            avatar="zoe-twin",
        )
        self.sender = ProxiedPlatform(proxies={"fans": self._proxy})
        self._receiver = receiver

    @property
    def requests(self) -> int:
        return len(self._receiver.requests)

    @property
    def texts(self) -> Sequence[str]:
        return [message["text"] for message in self._receiver.messages]

    def expect(self, delivery: Delivery) -> None:
        found = match(self._proxy.declaration, "POST", "/messages", {})
        assert found.operation is not None
        body = parse(found.operation, "application/json", b'{"text": "as it was written"}', "")
        words = words_of(found.operation, body.document)
        assert words is not None
        request = PlatformRequest(
            proxy=self._proxy,
            match=found,
            operation=found.operation,
            method="POST",
            query="",
            headers=(("Idempotency-Key", delivery.key),),
            body=body,
            words=words,
        )
        self.sender.wait(delivery.message_id, request)

    def fail(self, code: int) -> None:
        self._receiver.answers.append(status(code))


class StreamPlace:
    def __init__(self) -> None:
        route = Route(name="stream", kind=RouteKind.STREAM)
        self.sender = StreamPlatform(routes={route.name: route})
        self._heard: list[asyncio.Future[Delivery]] = []
        self._reader_leaves = False

    @property
    def requests(self) -> int:
        return len(self.texts)

    @property
    def texts(self) -> Sequence[str]:
        return [heard.result().disclosure.text for heard in self._heard if heard.done()]

    def expect(self, delivery: Delivery) -> None:
        heard = self.sender.expect(delivery.message_id)
        if self._reader_leaves:
            heard.cancel()
        else:
            self._heard.append(heard)

    def fail(self, code: int) -> None:
        """A stream has no status; its reader leaves."""
        self._reader_leaves = True


@asynccontextmanager
async def webhook() -> AsyncIterator[Place]:
    sandbox = SandboxPlatform(secret=SECRET)
    async with sandbox.running() as url:
        yield WebhookPlace(sandbox, url)


@asynccontextmanager
async def proxied() -> AsyncIterator[Place]:
    receiver = Receiver()
    async with receiver.running() as url:
        yield ProxyPlace(receiver, url)


@asynccontextmanager
async def stream() -> AsyncIterator[Place]:
    yield StreamPlace()


@pytest.fixture(params=[webhook, proxied, stream], ids=lambda make: make.__name__)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with request.param() as made:
        yield made


def itself(sender: Platform) -> Platform:
    return sender


def dispatcher(sender: Platform) -> Platform:
    """The dispatcher; all kinds of routes that `sender` does not serve have none."""
    kinds = {route.kind for route in sender.routes.values()}
    return PlatformDispatcher(routes=sender.routes, senders=dict.fromkeys(kinds, sender))


@pytest.fixture(params=[itself, dispatcher], ids=lambda make: make.__name__)
async def platform(request: pytest.FixtureRequest, place: Place) -> AsyncIterator[Platform]:
    made: Platform = request.param(place.sender)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def make_delivery() -> Callable[..., Delivery]:
    signer = ReceiptSigner(key=Keyring.generate().receipt)

    def make(platform: Platform, text: str = "[AI] hello", **given: Any) -> Delivery:
        hashed = content_hash(text, SALT)
        disclosure = Disclosure(text=text, language="en", content_hash=hashed, salt=SALT.hex())
        values: dict[str, Any] = {
            "message_id": "msg_1",
            "decision_id": "dec_1",
            "key": "msg_1",
            "tenant": "default",
            "route": next(iter(platform.routes)),
            "channel": Channel.DM,
            "creator": "zoe",
            "avatar": "zoe-twin",
            "conversation": "conversation-1",
            "audience_id": None,
            "disclosure": disclosure,
            "receipt": signer.sign({"jti": "r", "message_id": "msg_1", "content_hash": hashed}),
            "recorded_seq": 0,
            "attempt": 1,
            "queued_at": datetime.now(UTC),
        }
        return Delivery(**{**values, **given})

    return make


def test_routes_are_known_by_their_names(place: Place, platform: Platform) -> None:
    assert platform.routes
    for name, route in platform.routes.items():
        assert isinstance(route, Route)
        assert route.name == name
    assert platform.routes == place.sender.routes


@pytest.mark.parametrize("text", ["[AI] hello", "🤖 ذكاء\nمرحبا", "a\u0000b", "x" * 100_000])
async def test_the_text_arrives_as_it_is(
    text: str, place: Place, platform: Platform, make_delivery: Callable[..., Delivery]
) -> None:
    delivery = make_delivery(platform, text)
    place.expect(delivery)
    dispatch = await platform.send(delivery)
    assert dispatch.result is DispatchResult.DELIVERED
    assert place.texts == [text]


async def test_a_message_is_published_once_however_often_it_is_sent(
    place: Place, platform: Platform, make_delivery: Callable[..., Delivery]
) -> None:
    place.expect(make_delivery(platform))
    for attempt in (1, 2, 3):
        await platform.send(make_delivery(platform, attempt=attempt))
    assert len(place.texts) == 1
    # The same key on every attempt, where there is more than one.
    assert place.requests == (3 if "sandbox" in platform.routes else 1)


@pytest.mark.parametrize("status", [300, 400, 401, 408, 409, 425, 429, 500, 502, 503, 504])
async def test_what_goes_wrong_is_a_dispatch(
    status: int, place: Place, platform: Platform, make_delivery: Callable[..., Delivery]
) -> None:
    place.fail(status)
    delivery = make_delivery(platform)
    place.expect(delivery)
    dispatch = await platform.send(delivery)
    assert isinstance(dispatch, Dispatch)
    assert dispatch.result is not DispatchResult.DELIVERED
    assert place.texts == []


async def test_nobody_there_is_a_dispatch(make_delivery: Callable[..., Delivery]) -> None:
    nowhere = "http://127.0.0.1:9"
    lonely: tuple[tuple[Place, DispatchResult], ...] = (
        (WebhookPlace(SandboxPlatform(secret=SECRET), nowhere), DispatchResult.RETRY),
        (ProxyPlace(Receiver(), nowhere), DispatchResult.REFUSED),  # its client was told
        (StreamPlace(), DispatchResult.REFUSED),
    )
    for place, result in lonely:
        delivery = make_delivery(place.sender)
        if not isinstance(place, StreamPlace):
            place.expect(delivery)
        assert (await place.sender.send(delivery)).result is result
        await place.sender.close()


async def test_nothing_secret_is_told(
    place: Place, platform: Platform, make_delivery: Callable[..., Delivery]
) -> None:
    place.fail(500)
    for route in (*platform.routes, "nowhere"):
        delivery = make_delivery(platform, "[AI] my secret", route=route)
        place.expect(delivery)
        dispatch = await platform.send(delivery)
        assert "secret" not in repr(dispatch)
