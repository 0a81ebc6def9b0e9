"""Matrix through the proxy: matrix-nio before it, a real Synapse behind it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from nio import (
    AsyncClient,
    AsyncClientConfig,
    LoginResponse,
    RoomCreateError,
    RoomMessageText,
    RoomPutStateError,
    RoomSendError,
    RoomSendResponse,
    SyncResponse,
)

from tests.patience import PATIENCE_S
from tests.proxies import Proxying, from_the_guide, opened, proxying, raw
from tests.synapse import synapse

ADDRESS = "lea.perso@example.org"
MESSAGE = "m.room.message"
VERSIONS = ("v3", "r0", "v1", "unstable", "api/v1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with synapse(tmp_path_factory.mktemp("synapse")) as url:
        yield url


@pytest.fixture(scope="module")
def proxy(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxying]:
    folder = tmp_path_factory.mktemp("matrix")
    with proxying(folder, {"rooms": opened("matrix", server)}) as there:
        yield there


@pytest.fixture(scope="module")
def room(server: str) -> dict[str, str]:
    """A room of a fan's that the avatar was invited to; tokens of both."""
    with httpx.Client(base_url=f"{server}/_matrix/client/v3", timeout=60) as http:
        made = {}
        for name in ("avatar", "fan"):
            answer = http.post(
                "/register",
                json={"username": name, "password": "secret-1", "auth": {"type": "m.login.dummy"}},
            )
            answer.raise_for_status()
            made[name] = answer.json()["access_token"]
        fan = {"Authorization": f"Bearer {made['fan']}"}
        created = http.post("/createRoom", json={"invite": ["@avatar:localhost"]}, headers=fan)
        made["id"] = created.json()["room_id"]
        return made


@pytest.fixture
async def avatar(proxy: Proxying, room: dict[str, str]) -> AsyncIterator[AsyncClient]:
    config = AsyncClientConfig(custom_headers=proxy.headers, max_limit_exceeded=0, max_timeouts=0)
    client = AsyncClient(proxy.url("rooms"), "@avatar:localhost", config=config)
    assert isinstance(await client.login("secret-1"), LoginResponse)
    await client.join(room["id"])
    yield client
    await client.close()


@pytest.fixture
async def fan(server: str, room: dict[str, str]) -> AsyncIterator[AsyncClient]:
    """Reads without the gateway."""
    client = AsyncClient(server, "@fan:localhost")
    client.access_token, client.user_id = room["fan"], "@fan:localhost"
    yield client
    await client.close()


async def say(avatar: AsyncClient, room: dict[str, str], text: str, **more: Any) -> Any:
    tx_id = more.pop("tx_id", None)
    content = {"msgtype": "m.text", "body": text, **more}
    return await avatar.room_send(room["id"], MESSAGE, content, tx_id=tx_id)


def event(server: str, room: dict[str, str], event_id: str) -> dict[str, Any]:
    """What the fan gets."""
    path = f"/_matrix/client/v3/rooms/{quote(room['id'])}/event/{quote(event_id)}"
    headers = {"Authorization": f"Bearer {room['fan']}"}
    answer = httpx.get(server + path, headers=headers, timeout=PATIENCE_S)
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()["content"]
    return content


def said(server: str, room: dict[str, str], words: str) -> int:
    path = f"/_matrix/client/v3/rooms/{quote(room['id'])}/messages?dir=b&limit=200"
    answer = httpx.get(
        server + path, headers={"Authorization": f"Bearer {room['fan']}"}, timeout=PATIENCE_S
    )
    answer.raise_for_status()
    return sum(words in str(one["content"]) for one in answer.json()["chunk"])


async def test_the_reader_sees_the_label(
    avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    sent = await say(avatar, room, f"Hello there, write to {ADDRESS}")
    assert isinstance(sent, RoomSendResponse)
    seen = event(server, room, sent.event_id)
    assert "AI" in seen["body"]
    assert "Hello there" in seen["body"]
    assert ADDRESS not in str(seen)
    assert seen["org.avatar-gateway.disclosure"]["ai_generated"] is True


async def test_markup_stays_where_the_words_do(
    avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    markup = {"format": "org.matrix.custom.html"}
    sent = await say(avatar, room, "so bold", formatted_body="so <b>bold</b>", **markup)
    assert event(server, room, sent.event_id)["formatted_body"].endswith("so <b>bold</b>")
    hidden = f'look <a href="mailto:{ADDRESS}">here</a>'
    sent = await say(avatar, room, "look here", formatted_body=hidden, **markup)
    seen = event(server, room, sent.event_id)
    assert ADDRESS not in str(seen)
    assert seen["formatted_body"].endswith("look here")
    split = "lea.per<i></i>so@exam<b>ple.org</b>"
    sent = await say(avatar, room, "my address", formatted_body=split, **markup)
    seen = event(server, room, sent.event_id)
    assert ADDRESS not in re.sub("<[^>]*>", "", seen["formatted_body"])


async def test_a_block_is_the_platforms_own_error(
    avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    sent = await say(avatar, room, "I hate you, you worthless idiot, kill yourself blocked")
    assert isinstance(sent, RoomSendError)
    assert sent.status_code == "M_FORBIDDEN"
    assert "Not published" in sent.message
    assert said(server, room, "worthless") == 0


async def test_a_retry_does_not_post_twice(
    avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    first = await say(avatar, room, "once-and-only", tx_id="txn-1")
    again = await say(avatar, room, "once-and-only", tx_id="txn-1")
    assert first.event_id == again.event_id
    assert said(server, room, "once-and-only") == 1


async def test_at_the_same_time_too(avatar: AsyncClient, server: str, room: dict[str, str]) -> None:
    """One of them publishes; the others hear the same, or that it is under way."""
    several = [say(avatar, room, "all-at-once", tx_id="txn-2") for _ in range(4)]
    answers = await asyncio.gather(*several)
    published = {one.event_id for one in answers if isinstance(one, RoomSendResponse)}
    assert len(published) == 1
    assert said(server, room, "all-at-once") == 1


async def test_an_edit_is_judged(avatar: AsyncClient, server: str, room: dict[str, str]) -> None:
    first = await say(avatar, room, "before")
    content = {"msgtype": "m.text", "body": f"after {ADDRESS}"}
    relation = {"rel_type": "m.replace", "event_id": first.event_id}
    sent = await say(
        avatar, room, f"* after {ADDRESS}", **{"m.new_content": content, "m.relates_to": relation}
    )
    seen = event(server, room, sent.event_id)
    assert "AI" in seen["m.new_content"]["body"]
    assert ADDRESS not in str(seen)


async def test_other_writes_are_denied(avatar: AsyncClient, room: dict[str, str]) -> None:
    for kind, content in (
        ("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "key": "bypass"}}),
        ("m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "bypass"}),
        ("org.example.custom", {"body": "bypass"}),
    ):
        told = await avatar.room_send(room["id"], kind, content)
        assert isinstance(told, RoomSendError)
        assert told.status_code == "M_FORBIDDEN"
    state = await avatar.room_put_state(room["id"], "m.room.topic", {"topic": "bypass"})
    assert isinstance(state, RoomPutStateError)
    assert isinstance(await avatar.room_create(name="bypass"), RoomCreateError)


@pytest.mark.parametrize("version", VERSIONS)
async def test_old_prefixes_are_judged(
    version: str, proxy: Proxying, avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {avatar.access_token}"}
    there = f"/p/rooms/_matrix/client/{version}/rooms/{quote(room['id'])}"
    path = f"{there}/send/{MESSAGE}/old{version[0]}"
    answer = raw(proxy, "PUT", path, headers=headers, json={"msgtype": "m.text", "body": ADDRESS})
    assert answer.status_code in (200, 404)
    assert said(server, room, ADDRESS) == 0


@pytest.mark.parametrize(
    "content",
    [
        b'{"msgtype": "m.text", "body": "fine", "body": "bypass"}',
        b'{"msgtype": "m.text", "body": "fine", "ciphertext": "bypass"}',
        b'{"msgtype": "m.text", "body": "fine", "other": "bypass"}',
        b'{"msgtype": "m.text", "body": {"text": "bypass"}}',
        b'{"msgtype": "m.text", "formatted_body": "bypass"}',
        b'{"msgtype": "m.text"}',
        b'["bypass"]',
        b"\xff",
    ],
)
async def test_no_way_around(
    content: bytes, proxy: Proxying, avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    """Text in markup alone has no plain text that could carry the label."""
    path = f"/p/rooms/_matrix/client/v3/rooms/{quote(room['id'])}/send/{MESSAGE}/{hash(content)}"
    headers = {"Authorization": f"Bearer {avatar.access_token}", "Content-Type": "application/json"}
    answer = raw(proxy, "PUT", path, headers=headers, content=content)
    assert answer.status_code in (400, 403, 422)
    assert answer.json()["errcode"] == "M_FORBIDDEN"
    assert said(server, room, "bypass") == 0


async def test_an_encoded_event_type_is_the_event_type(
    proxy: Proxying, avatar: AsyncClient, server: str, room: dict[str, str]
) -> None:
    path = f"/p/rooms/_matrix/client/v3/rooms/{quote(room['id'])}/send/m%2Eroom.mess%61ge/enc"
    headers = {"Authorization": f"Bearer {avatar.access_token}"}
    body = {"msgtype": "m.text", "body": f"encoded {ADDRESS}"}
    answer = raw(proxy, "PUT", path, headers=headers, json=body)
    assert answer.status_code == 200
    assert ADDRESS not in str(event(server, room, answer.json()["event_id"]))


async def test_long_polls_keep_working(
    avatar: AsyncClient, fan: AsyncClient, room: dict[str, str]
) -> None:
    """The answer comes when something happened, not when the poll is over."""
    first = await avatar.sync(timeout=0, full_state=True)
    assert isinstance(first, SyncResponse)
    polling = asyncio.create_task(avatar.sync(timeout=60_000, since=first.next_batch))
    content = {"msgtype": "m.text", "body": "to the one who waits"}
    await fan.room_send(room["id"], MESSAGE, content)
    heard: list[str] = []
    async with asyncio.timeout(50):
        while "to the one who waits" not in heard:
            answer = await polling
            assert isinstance(answer, SyncResponse)
            timeline = answer.rooms.join[room["id"]].timeline if answer.rooms.join else None
            events = timeline.events if timeline else []
            heard += [one.body for one in events if isinstance(one, RoomMessageText)]
            polling = asyncio.create_task(avatar.sync(timeout=60_000, since=answer.next_batch))
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)


async def test_the_client_of_the_guide(proxy: Proxying, room: dict[str, str]) -> None:
    client = from_the_guide("AsyncClientConfig", proxy, proxy.url("rooms"))
    client.user = "@avatar:localhost"
    assert isinstance(await client.login("secret-1"), LoginResponse)
    assert isinstance(await say(client, room, "as in the guide"), RoomSendResponse)
    await client.close()


def test_the_client_is_not_led_past_the_gateway(proxy: Proxying, room: dict[str, str]) -> None:
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": "avatar"},
        "password": "secret-1",
    }
    answer = raw(proxy, "POST", "/p/rooms/_matrix/client/v3/login", json=login).json()
    told = answer.get("well_known", {}).get("m.homeserver", {}).get("base_url")
    assert told == "http://127.0.0.1:8080/p/rooms"
    assert room["avatar"]
