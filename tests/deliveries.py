"""Deliveries, and the sandbox platform that takes them: fixtures of several folders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.sandbox import SandboxPlatform
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import ReceiptSigner
from gateway.keyring import Keyring
from gateway.model.disclosure import Disclosure, Notice
from gateway.model.record import Delivery
from gateway.model.submission import Channel
from gateway.platforms.routes import load_routes
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
async def sandbox() -> AsyncIterator[tuple[SandboxPlatform, str]]:
    box = SandboxPlatform(secret=SECRET)
    async with box.running() as url:
        yield box, f"{url}/messages"


def webhook_platform(
    sandbox_url: str, routes_dir: Path | None = None, secret: bytes = SECRET
) -> WebhookPlatform:
    """A sender along all shipped routes and those of `routes_dir`."""
    loaded = load_routes(sandbox_url=sandbox_url, directory=routes_dir)
    return WebhookPlatform(routes=loaded.routes, secrets=loaded.secrets, secret=secret)


@pytest.fixture
async def platform(sandbox: tuple[SandboxPlatform, str]) -> AsyncIterator[WebhookPlatform]:
    made = webhook_platform(sandbox[1])
    yield made
    await made.close()
