from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.platforms.webhook import WebhookPlatform, judge_answer, message_body
from tests.deliveries import webhook_platform

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
SECRET = b"a secret of at least 24 bytes"
MakeDelivery = Callable[..., Delivery]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def test_delivers(
    platform: WebhookPlatform, sandbox: tuple[SandboxPlatform, str], make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery(audience_id="person-7")
    told = await platform.send(delivery)
    assert told == Dispatch(
        result=DispatchResult.DELIVERED, detail="HTTP 201", platform_id="sandbox-1"
    )
    assert sandbox[0].messages == [
        {
            "message_id": "msg_1",
            "decision_id": "dec_1",
            "channel": "dm",
            "creator": "zoe",
            "avatar": "zoe-twin",
            "conversation": "conversation-1",
            "audience_id": "person-7",
            "text": "[AI] héllo \U0001f44b",
            "language": "en",
            "disclosure": {
                "notices": [{"notice": "ai", "text": "AI", "position": "start", "rules": ["eu"]}],
                "marks": {"iptc": {"digitalSourceType": "x"}},
                "content_hash": delivery.disclosure.content_hash,
                "salt": delivery.disclosure.salt,
            },
            "receipt": delivery.receipt.jws,
            "recorded_seq": 7,
            "id": "sandbox-1",
        }
    ]


async def test_the_same_message_is_taken_once(
    platform: WebhookPlatform, sandbox: tuple[SandboxPlatform, str], make_delivery: MakeDelivery
) -> None:
    first = await platform.send(make_delivery())
    again = await platform.send(make_delivery(attempt=2))
    assert first.platform_id == again.platform_id
    assert len(sandbox[0].messages) == 1
    assert sandbox[0].requests == 2


async def test_the_secret_signs(
    sandbox: tuple[SandboxPlatform, str], make_delivery: MakeDelivery
) -> None:
    wrong = webhook_platform(sandbox[1], secret=b"another secret of 24 bytes")
    told = await wrong.send(make_delivery())
    await wrong.close()
    assert told == Dispatch(result=DispatchResult.REFUSED, detail="HTTP 401")
    assert sandbox[0].messages == []


async def test_a_route_may_have_its_own_secret(
    sandbox: tuple[SandboxPlatform, str], make_delivery: MakeDelivery, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(
        f"name: own\nkind: webhook\nurl: {sandbox[1]}\nsecret_file: own.secret\n"
    )
    (tmp_path / "own.secret").write_bytes(SECRET)
    (tmp_path / "own.secret").chmod(0o600)
    platform = webhook_platform("http://127.0.0.1:1/", tmp_path, secret=b"another secret")
    told = await platform.send(make_delivery(route="own"))
    await platform.close()
    assert told.result is DispatchResult.DELIVERED


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (PlannedFailure(status=400), (DispatchResult.REFUSED, None)),
        (PlannedFailure(status=404), (DispatchResult.REFUSED, None)),
        (PlannedFailure(status=301), (DispatchResult.REFUSED, None)),
        (PlannedFailure(status=409), (DispatchResult.UNKNOWN, None)),
        (PlannedFailure(status=429, retry_after="7"), (DispatchResult.RETRY, 7.0)),
        (PlannedFailure(status=503), (DispatchResult.RETRY, None)),
        (PlannedFailure(status=500), (DispatchResult.UNKNOWN, None)),
    ],
)
async def test_failures(
    failure: PlannedFailure,
    told: tuple[DispatchResult, float | None],
    platform: WebhookPlatform,
    sandbox: tuple[SandboxPlatform, str],
    make_delivery: MakeDelivery,
) -> None:
    sandbox[0].failure = failure
    dispatch = await platform.send(make_delivery())
    assert (dispatch.result, dispatch.retry_after_s) == told
    assert (await platform.send(make_delivery())).result is DispatchResult.DELIVERED


@asynccontextmanager
async def raw_server(answer: Answer) -> AsyncIterator[str]:
    """A server that says what `answer` writes, then closes the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def send_to(
    answer: Answer, delivery: Delivery, tmp_path: Path, *, timeout_s: float = 60
) -> Dispatch:
    async with raw_server(answer) as url:
        (tmp_path / "raw.yaml").write_text(
            f"name: raw\nkind: webhook\nurl: {url}\ntimeout_s: {timeout_s}\n"
        )
        platform = webhook_platform(url, tmp_path)
        told = await platform.send(delivery)
        await platform.close()
        return told


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.splitlines()
        if line.lower().startswith(b"content-length:")
    )
    return head + await reader.readexactly(length)


async def test_silence_is_unknown(make_delivery: MakeDelivery, tmp_path: Path) -> None:
    done = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        try:
            await read_request(reader)
            await reader.read()
        finally:
            done.set()

    told = await send_to(silent, make_delivery(route="raw"), tmp_path, timeout_s=1)
    assert told == Dispatch(result=DispatchResult.UNKNOWN, detail="no answer within 1 s")
    await done.wait()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 2", b"nonsense\r\n\r\n"])
async def test_a_broken_answer_is_unknown(
    said: bytes, make_delivery: MakeDelivery, tmp_path: Path
) -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(said)

    told = await send_to(broken, make_delivery(route="raw"), tmp_path)
    assert told.result is DispatchResult.UNKNOWN


async def test_a_body_without_end_is_cut(make_delivery: MakeDelivery, tmp_path: Path) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(20):
            writer.write(b"x" * 65_536)
        with suppress(ConnectionError):
            await writer.drain()

    told = await send_to(endless, make_delivery(route="raw"), tmp_path)
    assert told == Dispatch(result=DispatchResult.DELIVERED, detail="HTTP 200")


async def test_the_status_counts_when_the_body_breaks_off(
    make_delivery: MakeDelivery, tmp_path: Path
) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')

    told = await send_to(cut, make_delivery(route="raw"), tmp_path)
    assert told.result is DispatchResult.DELIVERED


async def test_no_connection_is_surely_not_sent(make_delivery: MakeDelivery) -> None:
    async with raw_server(lambda *_: asyncio.sleep(0)) as url:
        pass
    platform = webhook_platform(url)
    told = await platform.send(make_delivery())
    await platform.close()
    assert told.result is DispatchResult.RETRY
    assert told.detail == "not connected: ClientConnectorError"


async def test_a_route_that_is_gone(platform: WebhookPlatform, make_delivery: MakeDelivery) -> None:
    assert (await platform.send(make_delivery(route="gone"))).result is DispatchResult.RETRY


def test_the_body_is_the_same_on_every_attempt(make_delivery: MakeDelivery) -> None:
    assert message_body(make_delivery(attempt=1)) == message_body(make_delivery(attempt=5))


@pytest.mark.parametrize(
    ("start", "platform_id"),
    [
        (b'{"id":"m-1"}', "m-1"),
        (b'{"id":12}', "12"),
        (b'{"id":true}', None),
        (b'{"id":""}', None),
        (b'{"id":"a\\nb"}', None),
        (b'{"id":"' + b"x" * 129 + b'"}', None),
        (b'{"id":' + b"9" * 4_000 + b"}", None),
        (b'{"id":' + b"9" * 5_000 + b"}", None),
        (b"[" * 100_000, None),
        (b'["id"]', None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_platform_id(start: bytes, platform_id: str | None) -> None:
    told = judge_answer(200, {}, start, now=NOW)
    assert told.result is DispatchResult.DELIVERED
    assert told.platform_id == platform_id


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("999999999999", 3_600.0),
        ("Sun, 22 Nov 2026 20:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 19:00:00 GMT", 0.0),
        ("-1", None),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    headers = {} if value is None else {"retry-after": value}
    assert judge_answer(429, headers, b"", now=NOW).retry_after_s == seconds


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_a_meaning(status: int) -> None:
    told = judge_answer(status, {}, b"secret text", now=NOW)
    assert (told.result is DispatchResult.DELIVERED) == (200 <= status < 300)
    assert "secret" not in json.dumps(told.detail)
