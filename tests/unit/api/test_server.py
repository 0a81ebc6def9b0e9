from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from gateway.api.server import allow_open_files, bound, listen, serve_app
from gateway.errors import ConfigurationError
from tests.patience import PATIENCE_S


def test_any_free_port() -> None:
    with bound("127.0.0.1", 0) as sockets:
        port = listen(sockets)
        assert port > 0
        with socket.create_connection(("127.0.0.1", port)):
            pass


def test_the_limit_of_open_files_is_raised_never_lowered() -> None:
    before = _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        allow_open_files()
        raised, kept = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert raised == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
        assert kept == hard
        allow_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (raised, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_nobody_is_answered_before_it_listens() -> None:
    with bound("127.0.0.1", 0) as sockets:
        address = sockets[0].getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)


def test_all_addresses_of_a_name_have_one_port() -> None:
    with bound("localhost", 0) as sockets:
        assert len({one.getsockname()[1] for one in sockets}) == 1


def test_a_port_in_use_is_named() -> None:
    with bound("127.0.0.1", 0) as first:
        port = listen(first)
        with (
            pytest.raises(ConfigurationError, match=rf"port: {port} is in use.*--port"),
            bound("127.0.0.1", port),
        ):
            pass


def test_of_two_that_start_together_one_listens() -> None:
    with bound("127.0.0.1", 0) as first:
        port = first[0].getsockname()[1]
        with bound("127.0.0.1", port) as second:
            listen(first)
            with pytest.raises(ConfigurationError, match="in use"):
                listen(second)


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a b", "x" * 300])
def test_an_address_of_others_is_named(host: str) -> None:
    with pytest.raises(ConfigurationError, match="host: "), bound(host, 0):
        pass


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_in_order_when_told(stop: signal.Signals) -> None:
    """What is under way is answered, and what is around the call goes on."""
    asked = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        asked.set()
        await asyncio.sleep(0.2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    with bound("127.0.0.1", 0) as sockets:
        port = listen(sockets)
        serving = asyncio.create_task(serve_app(app, sockets))
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            moderator = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/"))
            await asked.wait()
            os.kill(os.getpid(), stop)
            assert (await moderator).text == "done"
        await serving
