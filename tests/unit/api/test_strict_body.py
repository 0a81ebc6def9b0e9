"""Bodies that two readers could read differently never reach a reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from gateway.api.strict_body import StrictBody


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


def client() -> httpx.AsyncClient:
    app = StrictBody(Starlette(routes=[Route("/", echo, methods=["POST", "GET"])]), max_bytes=200)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


JSON = {"Content-Type": "application/json; charset=utf-8"}


async def test_a_good_body_passes_unchanged() -> None:
    body = '{"text": "é\\u00e9 \U0001f600"}'.encode()
    async with client() as http:
        answer = await http.post("/", content=body, headers=JSON)
    assert answer.content == body


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b'{"a": 1, "a": 2}', 400, "names a key twice"),
        (b'{"a": {"b": 1, "b": 2}}', 400, "names a key twice"),
        (b'{"a": "\xff"}', 400, "not UTF-8 (byte 7)"),
        (b'{"a": 1,\n oops}', 400, "line 2, column 2"),
        (b'{"a": NaN}', 400, "finite"),
        (b"", 400, "does not parse"),
        (b"[" * 199, 400, "does not parse"),
        (b'{"a": "' + b"x" * 200 + b'"}', 413, "At most 200 bytes"),
    ],
)
async def test_a_bad_body_is_a_problem(body: bytes, status: int, words: str) -> None:
    async with client() as http:
        answer = await http.post("/", content=body, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


async def test_a_stream_without_length_is_bounded_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b"x" * 50

    async with client() as http:
        answer = await http.post("/", content=endless(), headers=JSON)
    assert answer.status_code == 413


async def test_deep_nesting_is_refused() -> None:
    app = StrictBody(Starlette(routes=[Route("/", echo, methods=["POST"])]), max_bytes=1 << 20)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.post("/", content=b"[" * 200_000 + b"]" * 200_000, headers=JSON)
    assert answer.status_code == 400


async def test_another_media_type_is_refused() -> None:
    async with client() as http:
        answer = await http.post("/", content=b"a=1", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


async def test_reading_needs_no_body() -> None:
    async with client() as http:
        assert (await http.get("/")).status_code == 200


@pytest.mark.parametrize("length", ["9" * 5_000, "-1", "1e3", ""])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    async with client() as http:
        answer = await http.post("/", content=b"{}", headers={**JSON, "Content-Length": length})
    assert answer.status_code == 413


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    app = StrictBody(Starlette(), max_bytes=200, patience_s=0.05)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.post("/", content=nothing(), headers=JSON)
    assert answer.status_code == 408
    assert answer.json()["type"].endswith("/too-slow")


async def test_half_a_body_is_no_body() -> None:
    """The caller went away: what had come until then may read as a whole."""
    calls: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append("app")

    async def send(message: Message) -> None:
        calls.append("answer")

    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": b"{}", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Message:
        return next(messages)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    await StrictBody(app, max_bytes=200)(scope, receive, send)
    assert calls == []


async def test_paths_that_read_their_own_bodies_are_left_alone() -> None:
    inner = Starlette(routes=[Route("/p/x", echo, methods=["POST"])])
    app = StrictBody(inner, max_bytes=200, apart="/p/")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.post("/p/x", content=b"a=1&a=2", headers={"Content-Type": "text/plain"})
    assert answer.content == b"a=1&a=2"
