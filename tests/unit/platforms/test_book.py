from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.demo.sandbox import Sandbox
from gateway.errors import ConfigurationError
from gateway.model.record import Delivery, DispatchResult
from gateway.platforms.book import PlatformBook
from gateway.platforms.webhook import WebhookPlatform


async def test_a_route_is_sent_by_its_platform(
    platform: WebhookPlatform, sandbox: tuple[Sandbox, str], make_delivery: Callable[..., Delivery]
) -> None:
    book = PlatformBook(platforms=[platform])
    assert book.routes == platform.routes
    assert (await book.send(make_delivery())).result is DispatchResult.DELIVERED
    assert (await book.send(make_delivery(route="gone"))).result is DispatchResult.RETRY
    assert len(sandbox[0].messages) == 1


async def test_a_route_has_one_platform(platform: WebhookPlatform, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        PlatformBook(platforms=[platform, platform])
    await PlatformBook(platforms=[platform]).close()
