from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.api import protocol
from gateway.api.protocol import BoundedHttp
from gateway.api.server import bound, listen
from tests.patience import PATIENCE_S


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    with bound("127.0.0.1", 0) as sockets:
        port = listen(sockets)
        config = uvicorn.Config(app, http=BoundedHttp, log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(list(sockets)))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()
        server.should_exit = server.force_exit = True
        await serving


async def test_several_requests_with_bodies_on_one_connection() -> None:
    body = b"x" * 300_000
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
    async with connection() as (reader, writer):
        for _ in range(3):
            writer.write(head + body)
            assert b" 200 OK" in await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(6) == b"300000"


async def test_a_head_without_end_is_cut_off() -> None:
    async with connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        sent = 0
        with suppress(ConnectionError):
            while sent < 64 << 20:
                writer.write(b"a" * 65_536)
                sent += 65_536
                await writer.drain()
        assert sent < 64 << 20
        with suppress(ConnectionError):
            assert b"400" in await reader.readline()


async def test_many_headers_are_too_much_as_well() -> None:
    async with connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with suppress(ConnectionError):
            for _ in range(3_000):
                writer.write(b"X-Short: " + b"a" * 100 + b"\r\n")
                await writer.drain()
        with suppress(ConnectionError):
            assert b"400" in await reader.readline()


@pytest.mark.parametrize("begun", [b"", b"GET / HTT"])
async def test_a_head_that_does_not_come_is_not_waited_for(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.1)
    async with connection() as (reader, writer):
        writer.write(begun)
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
