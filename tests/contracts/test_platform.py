"""What every adapter of ports.Platform keeps, with the sandbox over loopback HTTP behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import ReceiptSigner
from gateway.keyring import Keyring
from gateway.model.disclosure import Disclosure
from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route
from gateway.model.submission import Channel
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.platforms.webhook import WebhookPlatform
from gateway.ports import Platform

SECRET = b"a secret of at least 24 bytes"
SALT = bytes(16)


def webhook(url: str) -> Platform:
    return WebhookPlatform(sandbox_url=url, secret=SECRET)


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[SandboxPlatform, str]]:
    box = SandboxPlatform(secret=SECRET)
    async with box.running() as url:
        yield box, f"{url}/messages"


def proxied(url: str) -> Platform:
    return ProxiedPlatform(others=WebhookPlatform(sandbox_url=url, secret=SECRET))


@pytest.fixture(params=[webhook, proxied], ids=lambda make: make.__name__)
async def platform(
    request: pytest.FixtureRequest, sandbox: tuple[SandboxPlatform, str]
) -> AsyncIterator[Platform]:
    made: Platform = request.param(sandbox[1])
    yield made
    await made.close()


@pytest.fixture(scope="module")
def make_delivery() -> Callable[..., Delivery]:
    signer = ReceiptSigner(key=Keyring.generate().receipt)

    def make(text: str = "[AI] hello", **given: Any) -> Delivery:
        hashed = content_hash(text, SALT)
        disclosure = Disclosure(text=text, language="en", content_hash=hashed, salt=SALT.hex())
        values: dict[str, Any] = {
            "message_id": "msg_1",
            "decision_id": "dec_1",
            "key": "msg_1",
            "tenant": "default",
            "route": "sandbox",
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


def test_routes_are_known_by_their_names(platform: Platform) -> None:
    assert "sandbox" in platform.routes
    for name, route in platform.routes.items():
        assert isinstance(route, Route)
        assert route.name == name


@pytest.mark.parametrize("text", ["[AI] hello", "🤖 ذكاء\nمرحبا", "a\u0000b", "x" * 100_000])
async def test_the_text_arrives_as_it_is(
    text: str,
    platform: Platform,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: Callable[..., Delivery],
) -> None:
    told = await platform.send(make_delivery(text))
    assert told.result is DispatchResult.DELIVERED
    assert sandbox[0].messages[0]["text"] == text


async def test_the_same_key_on_every_attempt(
    platform: Platform, sandbox: tuple[SandboxPlatform, str], make_delivery: Callable[..., Delivery]
) -> None:
    for attempt in (1, 2, 3):
        await platform.send(make_delivery(attempt=attempt))
    assert sandbox[0].requests == 3
    assert len(sandbox[0].messages) == 1


@pytest.mark.parametrize("status", [300, 400, 401, 408, 409, 425, 429, 500, 502, 503, 504])
async def test_what_goes_wrong_is_a_dispatch(
    status: int,
    platform: Platform,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: Callable[..., Delivery],
) -> None:
    sandbox[0].failure = PlannedFailure(status=status)
    told = await platform.send(make_delivery())
    assert isinstance(told, Dispatch)
    assert told.result is not DispatchResult.DELIVERED


async def test_nobody_there_is_a_dispatch(make_delivery: Callable[..., Delivery]) -> None:
    lonely = webhook("http://127.0.0.1:9/messages")
    assert (await lonely.send(make_delivery())).result is DispatchResult.RETRY
    await lonely.close()


async def test_nothing_secret_is_told(
    platform: Platform, sandbox: tuple[SandboxPlatform, str], make_delivery: Callable[..., Delivery]
) -> None:
    sandbox[0].failure = PlannedFailure(status=500)
    for route in ("sandbox", "nowhere"):
        told = await platform.send(make_delivery("[AI] my secret", route=route))
        assert "secret" not in repr(told)
