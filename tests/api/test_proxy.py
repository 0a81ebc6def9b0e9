"""The proxy, with a whole gateway behind it and a platform of our own behind that."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from gateway.api.app import build_app
from gateway.assembly.build import AssembledGateway
from gateway.assembly.serving import api_services
from gateway.errors import NotRecorded
from gateway.model.access import Role
from gateway.model.verdict import State
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.settings import read_settings
from gateway.storage.messages.changes import Changes
from tests.house import SECRET, House
from tests.patience import PATIENCE_S, PATIENT
from tests.processes import free_port
from tests.receiver import Receiver, status
from tests.unhurried import assemble_unhurried

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDRESS = "lea.perso@example.org"
BLOCKED = "I hate you, you worthless idiot, kill yourself"
HELD = "Promis, je t'appelle ce soir à 20 h !"
ROUTE = """
name: {name}
kind: proxy
platform: webhook
url: {url}
creator: lea
avatar: lea-twin
timeout_s: {timeout_s}
audience: {{jurisdictions: [FR], minor: "no"}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    house: House
    receiver: Receiver
    parts: AssembledGateway

    async def post(
        self, body: Mapping[str, Any], route: str = "fans", key: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = more.pop("headers", {}) | ({} if key is None else {"Idempotency-Key": key})
        return await self.house.client.post(
            f"/p/{route}/messages", json=dict(body), headers=headers, **more
        )

    async def state(self, answer: httpx.Response) -> State:
        """Where the message of `answer` stands, once its delivery has ended."""
        message_id = answer.headers["x-avatar-gateway-message"]
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = await self.parts.adapters.ledger.outcome("default", message_id)
                assert told is not None
                if told.state is not State.QUEUED:
                    return told.state
                await asyncio.sleep(0.01)

    async def review(self, answer: httpx.Response, action: str, **more: str) -> dict[str, Any]:
        told = await self.house.client.post(
            f"/v1/reviews/{answer.headers['x-avatar-gateway-message']}",
            json={"action": action, "reason": "looked at it", **more},
        )
        return dict(told.json())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("proxy")
    receiver = Receiver()
    async with receiver.running() as url:
        (folder / "fans.yaml").write_text(ROUTE.format(name="fans", url=url, timeout_s=60))
        own = ROUTE.format(name="own", url=url, timeout_s=60) + "credential_file: own.token\n"
        (folder / "own.yaml").write_text(own)
        (folder / "hasty.yaml").write_text(ROUTE.format(name="hasty", url=url, timeout_s=4))
        (folder / "own.token").write_text("the platform's own token\n")
        (folder / "own.token").chmod(0o600)
        away = ROUTE.format(name="away", url=f"http://127.0.0.1:{free_port()}", timeout_s=60)
        (folder / "away.yaml").write_text(away)
        flags = {
            "data_dir": folder / "data",
            "routes_dir": folder,
            "webhook_secret": SECRET,
            **PATIENT,
        }
        async with assemble_unhurried(read_settings(None, flags)) as parts:
            app = build_app(api_services(parts), version="test", max_body_bytes=65_536)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                house = House(parts=parts, client=client, platform="")
                headers = await house.key(Role.ADMIN, requests_per_s=10_000)
                await client.put("/v1/creators/lea", json={"display_name": "Léa"}, headers=headers)
                token = headers["Authorization"].removeprefix("Bearer ")
                client.headers.update({"X-Avatar-Gateway-Key": token, **headers})
                yield Scene(house=house, receiver=receiver, parts=parts)


@pytest.fixture
def scene(whole: Scene) -> Scene:
    whole.receiver.forget()
    return whole


async def test_published(scene: Scene) -> None:
    answer = await scene.post({"text": f"hello {ADDRESS}", "conversation": "c-1"})
    assert answer.status_code == 200
    assert answer.json() == {"id": "m-1"}
    assert answer.headers["x-platform"] == "here"
    (message,) = scene.receiver.messages
    assert "hello" in message["text"]
    assert "AI" in message["text"] or "IA" in message["text"]
    assert ADDRESS not in message["text"]
    assert message["conversation"] == "c-1"
    ((headers, _),) = scene.receiver.requests
    assert "authorization" not in headers  # it was a key of the gateway's
    assert message["disclosure"]["message_id"] == answer.headers["x-avatar-gateway-message"]
    assert await scene.state(answer) is State.DELIVERED


async def test_recorded_before_a_byte_leaves(scene: Scene) -> None:
    """The platform itself looks into the database while it is being asked."""
    database = scene.parts.opened.settings.data_dir / "gateway.db"
    seen: list[Any] = []

    async def look(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        with closing(sqlite3.connect(database)) as db:
            message = body["disclosure"]["message_id"]
            rows = db.execute(
                "SELECT kind FROM audit_entry WHERE msg_id = ?", (message,)
            ).fetchall()
            seen.extend(rows)
        return web.json_response({"id": "x"})

    scene.receiver.answers.append(look)
    assert (await scene.post({"text": "first recorded"})).status_code == 200
    assert seen == [("decision",)]


async def test_what_cannot_be_recorded_is_not_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    monkeypatch.setattr(type(scene.parts.adapters.ledger), "record", full)
    answer = await scene.post({"text": "not recorded"}, key="full")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("Not published")
    assert scene.receiver.requests == []
    monkeypatch.undo()
    assert (await scene.post({"text": "not recorded"}, key="full")).status_code == 200


async def test_blocked(scene: Scene) -> None:
    answer = await scene.post({"text": BLOCKED})
    assert answer.status_code == 403
    assert answer.json()["title"] == "The message was not published"
    assert scene.receiver.requests == []
    assert await scene.state(answer) in (State.BLOCKED, State.HELD)
    assert BLOCKED not in answer.text


async def test_held_with_the_clients_credentials(scene: Scene) -> None:
    """A release cannot send what only the client could: said at once, and recorded."""
    answer = await scene.post({"text": HELD, "channel": "dm"})
    assert answer.status_code == 403
    assert "held for review (a release cannot send it" in answer.json()["detail"]
    told = await scene.review(answer, "release")
    assert told["state"] == "refused"
    assert "request is gone" in told["delivery_detail"]
    assert scene.receiver.requests == []


async def test_held_with_the_gateways_credentials(scene: Scene) -> None:
    answer = await scene.post({"text": HELD, "channel": "dm"}, route="own")
    assert "sent when a reviewer releases it" in answer.json()["detail"]
    assert scene.receiver.requests == []
    assert (await scene.review(answer, "release"))["state"] == "delivered"
    ((headers, body),) = scene.receiver.requests
    assert headers["authorization"] == "Bearer the platform's own token"
    assert body["text"].endswith(HELD)


async def test_an_edit_of_a_reviewer_is_what_is_sent(scene: Scene) -> None:
    answer = await scene.post({"text": HELD, "channel": "dm"}, route="own")
    told = await scene.review(answer, "edit", text="À bientôt !")
    assert told["state"] == "delivered"
    assert scene.receiver.messages[0]["text"].endswith("À bientôt !")


async def test_an_injected_credential_replaces_the_clients(scene: Scene) -> None:
    await scene.post({"text": "hi"}, route="own", headers={"Cookie": "a=b"})
    ((headers, _),) = scene.receiver.requests
    assert headers["authorization"] == "Bearer the platform's own token"
    assert "cookie" not in headers
    assert not any(name.startswith("x-avatar-gateway") for name in headers)


@pytest.mark.parametrize("scheme", ["Bearer", "Bot"])
async def test_a_key_of_the_gateway_is_not_sent_on(scene: Scene, scheme: str) -> None:
    key = scene.house.client.headers["X-Avatar-Gateway-Key"]
    await scene.post({"text": "hi"}, headers={"Authorization": f"{scheme} {key}"})
    ((headers, _),) = scene.receiver.requests
    assert "authorization" not in headers


async def test_the_same_key_is_taken_once(scene: Scene) -> None:
    first = await scene.post({"text": "once"}, key="k-1")
    again = await scene.post({"text": "once"}, key="k-1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(scene.receiver.requests) == 1
    other = await scene.post({"text": "another text"}, key="k-1")
    assert other.status_code == 422
    assert len(scene.receiver.messages) == 1


async def test_the_same_key_after_the_answer_is_forgotten(scene: Scene) -> None:
    """The platform takes a key once: it gets the very same words again."""
    first = await scene.post({"text": "forgotten"}, key="k-2")
    platform = scene.parts.proxied
    assert isinstance(platform, ProxiedPlatform)
    platform._answers.clear()
    again = await scene.post({"text": "forgotten"}, key="k-2")
    assert again.json() == first.json()
    one, two = scene.receiver.requests
    assert one[1] == two[1]
    assert len(scene.receiver.messages) == 1


async def test_what_the_platform_refused_may_be_sent_again(scene: Scene) -> None:
    scene.receiver.answers.append(status(429, headers={"Retry-After": "1"}))
    first = await scene.post({"text": "too fast"}, key="k-3")
    assert first.status_code == 429
    assert first.headers["retry-after"] == "1"
    assert first.json() == {"said": 429}
    assert await scene.state(first) is State.REFUSED
    again = await scene.post({"text": "too fast"}, key="k-3")
    assert again.status_code == 200
    assert len(scene.receiver.messages) == 1


async def test_an_answer_that_never_comes(scene: Scene) -> None:
    """Unknown, escalated; the same key sends the same words, which the platform takes once."""

    async def taken_but_silent(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        scene.receiver.take(headers, body)
        await asyncio.sleep(30)
        return web.json_response({})

    scene.receiver.answers.append(taken_but_silent)
    first = await scene.post({"text": "silence"}, route="hasty", key="k-4")
    assert first.status_code == 504
    assert await scene.state(first) is State.UNKNOWN
    escalated = await scene.parts.opened.store.escalations.waiting("default")
    assert first.headers["x-avatar-gateway-message"] in [
        one.outcome.message_id for one in escalated
    ]
    again = await scene.post({"text": "silence"}, route="hasty", key="k-4")
    assert again.status_code == 200
    assert len(scene.receiver.messages) == 1


async def test_an_answer_of_failure_passes(scene: Scene) -> None:
    scene.receiver.answers.append(status(500))
    answer = await scene.post({"text": "failing"})
    assert answer.status_code == 500
    assert answer.json() == {"said": 500}
    assert await scene.state(answer) is State.UNKNOWN


async def test_two_at_once_with_one_key(scene: Scene) -> None:
    answers = await asyncio.gather(
        *(scene.post({"text": "both at once"}, key="k-5") for _ in range(3))
    )
    assert {200} <= {one.status_code for one in answers} <= {200, 409}
    assert len(scene.receiver.messages) == 1


async def test_a_platform_that_is_away(scene: Scene) -> None:
    answer = await scene.post({"text": "nobody there"}, route="away")
    assert answer.status_code == 502
    assert await scene.state(answer) is State.REFUSED


async def test_a_request_without_its_client_is_not_sent(scene: Scene) -> None:
    """A submission of the API cannot go where only a client's own request can."""
    body = scene.house.message("hello", route="fans")
    told = (await scene.house.post(body)).json()
    assert told["state"] == "refused"
    assert scene.receiver.requests == []


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("/p/fans/messages", None, 401),
        ("/p/fans/messages", "agk_000000000000_" + "0" * 64, 401),
        ("/p/nowhere/messages", "good", 404),
        ("/p/fans/other", "good", 403),
    ],
)
async def test_who_may_ask_for_what(
    scene: Scene, path: str, key: str | None, expected: int
) -> None:
    headers = {"X-Avatar-Gateway-Key": key} if key and key != "good" else {}
    client = scene.house.client
    request = client.build_request("POST", path, json={"text": "hi"}, headers=headers)
    if key is None:
        del request.headers["X-Avatar-Gateway-Key"]
    answer = await client.send(request)
    assert answer.status_code == expected
    assert scene.receiver.requests == []


async def test_a_key_of_another_role(scene: Scene) -> None:
    given = await scene.house.key(Role.AUDITOR)
    token = given["Authorization"].removeprefix("Bearer ")
    answer = await scene.post({"text": "hi"}, headers={"X-Avatar-Gateway-Key": token})
    assert answer.status_code == 403


@pytest.mark.parametrize("size", [65_000, 70_000])
async def test_a_body_that_is_too_large(scene: Scene, size: int) -> None:
    answer = await scene.post({"text": "x", "id": "y" * size})
    assert answer.status_code == (200 if size < 65_536 else 413)


async def test_reads_pass_untouched(scene: Scene) -> None:
    """Ranges and compressed bodies as they are; where a redirect would lead past the gateway, it
    leads to the gateway."""
    asked: dict[str, str] = {}
    body = b"\x1f\x8b not really compressed"

    async def partial(request: web.Request) -> web.StreamResponse:
        asked.update(request.headers)
        head = {"Content-Encoding": "gzip", "Location": f"{url}/next?x=1"}
        return web.Response(body=body, status=206, headers=head)

    url = str(scene.parts.proxied and scene.parts.proxied.proxies["fans"].base)
    scene.receiver.reads.append(partial)
    client = scene.house.client
    headers = {"Range": "bytes=0-3", "Accept-Encoding": "gzip", "X-Forwarded-For": "1.2.3.4"}
    async with client.stream("GET", "/p/fans/messages/a%20b?c=d%2Fe", headers=headers) as answer:
        got = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.status_code, got) == (206, body)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["location"] == "/p/fans/next?x=1"
    assert asked["Range"] == "bytes=0-3"
    assert not any(name.lower().startswith(("x-avatar", "x-forwarded")) for name in asked)


async def passes(scene: Scene) -> list[dict[str, Any]]:
    """What the log says of writes that passed unjudged, oldest first."""
    asked: dict[str, str | int] = {"kind": "change", "limit": 1_000}
    told = await scene.house.client.get("/v1/audit/entries", params=asked)
    bodies = [one["body"] for one in told.json()["entries"]]
    noted = [one for one in bodies if one["what"] == "passed"]
    return sorted(noted, key=lambda one: one["seq"])


async def test_a_write_that_passes_is_on_record_before_a_byte_leaves(scene: Scene) -> None:
    database = scene.parts.opened.settings.data_dir / "gateway.db"
    seen: list[Any] = []

    async def look(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        with closing(sqlite3.connect(database)) as db:
            rows = db.execute("SELECT body FROM audit_entry ORDER BY seq DESC LIMIT 1").fetchall()
            seen.extend(rows)
        return web.json_response({"gone": True})

    scene.receiver.answers.append(look)
    client, body = scene.house.client, {"why": f"ask {ADDRESS}"}
    answer = await client.request("DELETE", "/p/fans/messages/secret-id?q=secret-too", json=body)
    assert answer.json() == {"gone": True}
    ((row,),) = seen
    for secret in (ADDRESS, "secret-id", "secret-too", "agk_"):
        assert secret not in bytes(row).decode()
    noted = (await passes(scene))[-1]
    assert noted["subject"] == "fans"
    assert noted["actor"] == client.headers["X-Avatar-Gateway-Key"].split("_")[1]
    assert noted["detail"]["operation"] == "delete"
    assert noted["detail"]["request"] == "DELETE /messages/{id}"
    assert len(noted["detail"]["digest"]) == 64


async def test_the_digest_tells_requests_apart(scene: Scene) -> None:
    before = len(await passes(scene))
    for path, body in (("a", {}), ("a", {}), ("b", {}), ("a?c=1", {}), ("a", {"d": "x" * 50_000})):
        answer = await scene.house.client.request("DELETE", f"/p/fans/messages/{path}", json=body)
        assert answer.status_code == 200
    digests = [one["detail"]["digest"] for one in (await passes(scene))[before:]]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


async def test_a_write_that_cannot_be_recorded_does_not_pass(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    monkeypatch.setattr(Changes, "note", full)
    answer = await scene.house.client.request("DELETE", "/p/fans/messages/a", json={})
    assert answer.status_code == 503
    assert scene.receiver.requests == []


async def test_reads_make_no_entry(scene: Scene) -> None:
    before = len(await passes(scene))

    async def read(_request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    scene.receiver.reads.append(read)
    assert (await scene.house.client.get("/p/fans/messages/a")).status_code == 200
    assert len(await passes(scene)) == before


async def test_secrets_stay_secret(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.receiver.answers.append(status(500))
    await scene.post({"text": f"hello {ADDRESS}"}, route="own")
    await scene.post({"text": BLOCKED}, headers={"Authorization": "Bearer their-own-token"})
    said = "".join(capfd.readouterr())
    for secret in (ADDRESS, "the platform's own token", "their-own-token", "worthless"):
        assert secret not in said
