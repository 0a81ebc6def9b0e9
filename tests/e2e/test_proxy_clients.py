"""Real clients of platforms that cannot be started here, before small stand-ins of those."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.proxies import from_the_guide, opened, proxying

ADDRESS = "lea.perso@example.org"


class Slack:
    """Answers as https://docs.slack.dev says chat.postMessage and chat.update do."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []

    async def post(self, request: web.Request) -> web.StreamResponse:
        form = request.content_type != "application/json"
        fields = dict(await request.post()) if form else await request.json()
        if request.headers.get("Authorization") != "Bearer xoxb-real":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        self.got.append(fields)
        ts = f"17.{len(self.got)}"
        return web.json_response({"ok": True, "ts": ts, "channel": fields.get("channel")})

    async def test(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "user": "lea"})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/api/auth.test", self.test)
        app.router.add_route("*", "/api/{method}", self.post)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_slack_sdk(tmp_path: Path) -> None:
    slack = Slack()
    async with slack.running() as url:
        route = opened("slack", url, credential_file="slack.token")
        started = proxying(tmp_path, {"team": route}, secrets={"slack.token": "xoxb-real"})
        proxy = await asyncio.to_thread(started.__enter__)
        try:
            # The client knows the gateway's key alone, where Slack's token would be.
            client = from_the_guide("AsyncWebClient", proxy, proxy.url("team"))
            await _says(client, slack)
        finally:
            await asyncio.to_thread(started.__exit__, None, None, None)


async def _says(client: AsyncWebClient, slack: Slack) -> None:
    assert (await client.auth_test())["user"] == "lea"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": f"*write* to {ADDRESS}"}}]
    posted = await client.chat_postMessage(channel="C1", text="write to me", blocks=blocks)
    assert posted["ts"] == "17.1"
    assert "AI" in slack.got[0]["text"]
    assert ADDRESS not in str(slack.got[0])
    await client.chat_update(channel="C1", ts="17.1", text=f"changed {ADDRESS}")
    assert ADDRESS not in str(slack.got[1])
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(
            channel="C1", text="I hate you, you worthless idiot, kill yourself"
        )
    assert caught.value.response["error"] == "restricted_action"
    with pytest.raises(SlackApiError):
        await client.chat_postEphemeral(channel="C1", user="U1", text="not listed")
    with pytest.raises(SlackApiError):
        await client.api_call(
            "chat.postMessage", http_verb="GET", params={"text": "", "channel": "C"}
        )
    assert len(slack.got) == 2
