"""Real clients of platforms that cannot be started here, before small stand-ins of those."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from atproto import AsyncClient
from atproto.exceptions import AtProtocolError, BadRequestError
from atproto_client.utils import TextBuilder
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.processes import free_port
from tests.proxies import from_the_guide, opened, proxying
from tests.receiver import Routes, answering

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

    def routes(self) -> Routes:
        return (("POST", "/api/auth.test", self.test), ("*", "/api/{method}", self.post))


async def test_slack_sdk(tmp_path: Path) -> None:
    slack = Slack()
    async with answering(slack.routes()) as url:
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


class Bluesky:
    """A PDS as far as a login and posts go; its login answer names itself as the endpoint."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[dict[str, Any]] = []

    async def login(self, _request: web.Request) -> web.StreamResponse:
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
        document = {
            "id": "did:plc:lea",
            "service": [{**service, "serviceEndpoint": self.url}],
        }
        session = {"did": "did:plc:lea", "handle": "lea.example", "didDoc": document}
        return web.json_response({**session, "accessJwt": _jwt(), "refreshJwt": _jwt()})

    async def profile(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"did": "did:plc:lea", "handle": "lea.example"})

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.got.append(await request.json())
        uri = f"at://did:plc:lea/app.bsky.feed.post/{len(self.got)}"
        return web.json_response({"uri": uri, "cid": "bafyreib"})

    def routes(self) -> Routes:
        return (
            ("POST", "/xrpc/com.atproto.server.createSession", self.login),
            ("GET", "/xrpc/app.bsky.actor.getProfile", self.profile),
            ("POST", "/xrpc/com.atproto.repo.createRecord", self.create),
        )


def _jwt() -> str:
    def part(value: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {
        "sub": "did:plc:lea",
        "iat": 1,
        "exp": 9_999_999_999,
        "aud": "did:web:x",
        "scope": "a",
    }
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{part({})}"


async def test_atproto(tmp_path: Path) -> None:
    """The client takes the endpoint of the login's answer: it leads to the gateway again."""
    pds = Bluesky()
    port = free_port()
    async with answering(pds.routes()) as pds.url:
        started = proxying(
            tmp_path,
            {"sky": opened("bluesky", pds.url)},
            port=port,
            public_url=f"http://127.0.0.1:{port}",
        )
        proxy = await asyncio.to_thread(started.__enter__)
        try:
            client = AsyncClient(base_url=f"{proxy.url('sky')}/xrpc")
            client.request.add_additional_header("X-Avatar-Gateway-Key", proxy.key)
            await client.login("lea.example", "secret")
            text = TextBuilder().text("hé, look ").link("here", "https://lea.example/clip")
            posted = await client.send_post(text)
            await client.send_post(f"write to {ADDRESS}")
            with pytest.raises(BadRequestError, match="Not published"):
                await client.send_post("I hate you, you worthless idiot, kill yourself")
            with pytest.raises(AtProtocolError, match="not listed"):
                await client.com.atproto.identity.update_handle({"handle": "other.example"})
            await client.request.close()
        finally:
            await asyncio.to_thread(started.__exit__, None, None, None)
    assert posted.uri.endswith("/1")
    first, second = (one["record"] for one in pds.got)
    (facet,) = first["facets"]
    span = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    assert first["text"].encode()[slice(*span)] == b"here"
    assert "AI" in first["text"]
    assert first["labels"]["values"] == [{"val": "ai-generated"}]
    assert ADDRESS not in str(second)
