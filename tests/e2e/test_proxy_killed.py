"""The gateway is killed while a proxied request is under way: nothing is lost, nothing is sent
twice, and a person is called."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from tests.patience import PATIENCE_S
from tests.processes import Serving, serving
from tests.proxies import opened, proxying
from tests.receiver import Receiver

BODY = {"text": "hello there", "conversation": "c-1"}


async def post(gateway: Serving, key: dict[str, str]) -> httpx.Response:
    headers = {**key, "Idempotency-Key": "k-1"}
    async with httpx.AsyncClient(timeout=60) as http:
        return await http.post(f"{gateway.url}/p/fans/messages", json=BODY, headers=headers)


async def ended(gateway: Serving) -> dict[str, Any]:
    """The escalation that the killed delivery ends in."""
    async with httpx.AsyncClient(
        base_url=gateway.url, headers=gateway.headers, timeout=PATIENCE_S
    ) as http:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = (await http.get("/v1/escalations")).json()
                if found:
                    return dict(found[0]["outcome"])
                await asyncio.sleep(0.05)


async def test_killed_while_the_platform_is_asked(tmp_path: Path) -> None:
    receiver = Receiver()

    async def taken_but_silent(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        receiver.take(headers, body)
        await asyncio.sleep(60)
        return web.json_response({})

    receiver.answers.append(taken_but_silent)
    async with receiver.running() as url:
        with proxying(tmp_path, {"fans": opened("webhook", url)}) as proxy:
            moderator = asyncio.create_task(post(proxy.gateway, proxy.headers))
            async with asyncio.timeout(PATIENCE_S):
                await receiver.came.wait()
            os.kill(proxy.gateway.process.pid, signal.SIGKILL)
            result = (await asyncio.gather(moderator, return_exceptions=True))[0]
            assert isinstance(result, httpx.TransportError)
            key = proxy.headers
        with serving(tmp_path / "data", routes_dir=tmp_path / "routes") as gateway:
            # Nobody can know whether it was published: it is unknown, and never sent by itself.
            outcome = await ended(gateway)
            assert outcome["state"] == "unknown"
            assert len(receiver.requests) == 1
            # The client asks again: the same words under the same key, taken once.
            again = await post(gateway, key)
            assert again.status_code == 200
            assert again.headers["x-avatar-gateway-message"] == outcome["message_id"]
    (first, second) = receiver.requests
    assert first[1] == second[1]
    assert len(receiver.messages) == 1
