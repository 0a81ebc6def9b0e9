"""aiogram and discord.py, in an environment of their own, before stand-ins of their platforms.

`make .venv-clients/ready` makes the environment: their dependencies are not those of the gateway.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.missing import missing
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.proxies import Proxying, opened, proxying
from tests.receiver import Routes, answering

STORIES = Path(__file__).parent / "clients"
PYTHON = Path(os.environ.get("CLIENTS_PYTHON", ROOT / ".venv-clients" / "bin" / "python"))
ADDRESS = "lea.perso@example.org"


def told(library: str, *arguments: str) -> Any:
    """What the story prints at its end."""
    ran = subprocess.run(
        [PYTHON, STORIES / f"{library}_story.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return json.loads(ran.stdout.splitlines()[-1])


def need_the_clients() -> None:
    if not PYTHON.exists():
        missing("the environment of the bots' clients", get="make .venv-clients/ready")


async def story(
    folder: Path, library: str, route: str, *token: str, secrets: Mapping[str, str] | None = None
) -> Any:
    """What the client saw; its token is nowhere in what the gateway wrote."""

    def run() -> Any:
        with proxying(folder, {"bot": route}, secrets=secrets, log_level="debug") as proxy:
            found = told(library, proxy.url("bot"), proxy.key, *token)
            found["verdicts"] = [one["verdict"] for one in proxy.entries() if "verdict" in one]
        _no_secret(proxy, *token, *(secrets or {}).values())
        return found

    return await asyncio.to_thread(run)


def _no_secret(proxy: Proxying, *tokens: str) -> None:
    log = proxy.gateway.log.read_bytes()
    assert b"route=bot" in log
    assert proxy.key.encode() not in log
    stored = [one for one in proxy.gateway.data_dir.rglob("*") if one.is_file()]
    assert stored
    for token in tokens:
        assert token.encode() not in log
        assert [one.name for one in stored if token.encode() in one.read_bytes()] == []


def _json(answer: Any, status: int = 200) -> web.Response:
    """As both platforms send it: discord.py reads no JSON where a charset is named."""
    body = json.dumps(answer).encode()
    return web.Response(body=body, status=status, content_type="application/json")


class Telegram:
    """Answers as https://core.telegram.org/bots/api says, for one bot."""

    TOKEN = "4711:AAreal-token-of-the-bot"

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []

    async def call(self, request: web.Request) -> web.StreamResponse:
        method, token = request.match_info["method"], request.match_info["token"]
        if token != self.TOKEN:
            return _failed(401, "Unauthorized")
        if method == "getMe":
            return _succeeded({"id": 4711, "is_bot": True, "first_name": "Léa", "username": "lea"})
        fields = dict(await request.post())
        self.got.append((method, fields))
        if method == "deleteMessage":
            return _succeeded(True)
        text = str(fields["text"])
        entities = json.loads(str(fields.get("entities", "[]")))
        units = len(text.encode("utf-16-le")) // 2
        if any(one["offset"] + one["length"] > units for one in entities):
            return _failed(400, "Bad Request: entity beyond the end of the text")
        chat = {"id": int(str(fields["chat_id"])), "type": "private"}
        number = int(str(fields.get("message_id", len(self.got))))
        message = {"message_id": number, "date": 1, "chat": chat, "text": text}
        return _succeeded(message | ({"entities": entities} if entities else {}))

    def routes(self) -> Routes:
        return (("*", "/bot{token}/{method}", self.call),)


def _succeeded(result: Any) -> web.Response:
    return _json({"ok": True, "result": result})


def _failed(status: int, why: str) -> web.Response:
    answer = {"ok": False, "error_code": status, "description": why}
    return _json(answer, status=status)


@pytest.mark.parametrize("injected", [False, True], ids=["own-token", "injected"])
async def test_aiogram(tmp_path: Path, injected: bool) -> None:
    need_the_clients()
    telegram = Telegram()
    async with answering(telegram.routes()) as url:
        if injected:
            route = opened("telegram", url, credential_file="bot.token")
            secrets = {"bot.token": telegram.TOKEN}
            found = await story(
                tmp_path, "aiogram", route, "1:stands-in-for-the-token", secrets=secrets
            )
        else:
            found = await story(tmp_path, "aiogram", opened("telegram", url), telegram.TOKEN)
    assert found["me"] == "lea"
    assert "AI" in found["sent"]["text"]
    assert found["sent"]["text"].endswith("👋🏽 the new clip is out")
    assert found["sent"]["linked"] == ["new clip"]
    assert "<b>new</b>" in found["html"]["text"]
    for refused in (found["blocked"], found["edit_blocked"]):
        kind, message = refused
        assert kind == "TelegramForbiddenError"
        assert "Not published" in message
    assert ADDRESS not in found["edited"]["text"]
    assert "AI" in found["edited"]["text"]
    assert found["edited"]["id"] == 1
    assert found["denied"][0] == "TelegramForbiddenError"
    assert found["deleted"] is True
    assert sorted(found["verdicts"]) == ["block"] * 2 + ["publish"] * 3
    methods = [method for method, _ in telegram.got]
    assert methods == ["sendMessage", "sendMessage", "editMessageText", "deleteMessage"]


class Discord:
    """Answers as https://docs.discord.com/developers says, for one bot."""

    TOKEN = "NDcxMQ.real.token-of-the-bot"
    USER = {"id": "4711", "username": "lea", "discriminator": "0", "avatar": None, "bot": True}  # noqa: RUF012

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []

    def known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bot {self.TOKEN}"

    async def me(self, request: web.Request) -> web.StreamResponse:
        return _json(self.USER) if self.known(request) else _unauthorized()

    async def application(self, request: web.Request) -> web.StreamResponse:
        about = {"id": "4711", "name": "lea", "description": "", "icon": None, "flags": 0}
        about |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "00"}
        known = self.known(request)
        return _json(about | {"owner": self.USER}) if known else _unauthorized()

    async def message(self, request: web.Request) -> web.StreamResponse:
        if not self.known(request):
            return _unauthorized()
        if request.method == "DELETE":
            self.got.append(("DELETE", {}))
            return web.Response(status=204)
        body, files = await _payload(request)
        self.got.append((request.method, body))
        number = request.match_info.get("message", str(len(self.got)))
        return _json(
            {
                **{"id": number, "channel_id": request.match_info["channel"], "type": 0},
                **{"author": self.USER, "content": body.get("content", ""), "tts": False},
                **{"timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None},
                **{"mention_everyone": False, "mentions": [], "mention_roles": []},
                **{"embeds": body.get("embeds", []), "attachments": files, "pinned": False},
            }
        )

    def routes(self) -> Routes:
        channel = "/api/v10/channels/{channel}/messages"
        return (
            ("GET", "/api/v10/users/@me", self.me),
            ("GET", "/api/v10/oauth2/applications/@me", self.application),
            ("POST", channel, self.message),
            ("PATCH", channel + "/{message}", self.message),
            ("DELETE", channel + "/{message}", self.message),
        )


async def _payload(request: web.Request) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The message, and its files as attachments."""
    if request.content_type == "application/json":
        return await request.json(), []
    fields = await request.post()
    files = [one for one in fields.values() if isinstance(one, web.FileField)]
    return json.loads(str(fields["payload_json"])), [
        {
            **{"id": str(number), "filename": one.filename, "size": len(one.file.read())},
            **{"url": "https://cdn.example/1", "proxy_url": "https://cdn.example/1"},
        }
        for number, one in enumerate(files)
    ]


def _unauthorized() -> web.Response:
    return _json({"message": "401: Unauthorized", "code": 0}, status=401)


@pytest.mark.parametrize("injected", [False, True], ids=["own-token", "injected"])
async def test_discord_py(tmp_path: Path, injected: bool) -> None:
    need_the_clients()
    discord = Discord()
    async with answering(discord.routes()) as url:
        if injected:
            route = opened("discord", url, credential_file="bot.token")
            secrets = {"bot.token": discord.TOKEN}
            found = await story(tmp_path, "discord", route, secrets=secrets)
        else:
            found = await story(tmp_path, "discord", opened("discord", url), discord.TOKEN)
    assert found["me"] == "lea"
    assert "AI" in found["sent"]
    assert found["sent"].endswith("the **new clip** is out")
    assert ADDRESS not in found["embed"]
    text, name = found["file"]
    assert "AI" in text
    assert name == "clip.txt"
    for refused in (found["blocked"], found["edit_blocked"]):
        kind, status, code, message = refused
        assert (kind, status, code) == ("HTTPException", 400, 200000)
        assert "Not published" in message
    assert ADDRESS not in found["edited"]
    assert "AI" in found["edited"]
    assert found["denied"][:2] == ["Forbidden", 403]
    assert sorted(found["verdicts"]) == ["block"] * 2 + ["publish"] * 4
    assert [method for method, _ in discord.got] == ["POST", "POST", "POST", "PATCH", "DELETE"]
