"""The platform proxy: the CPU that it adds to a request with nothing to moderate."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from aiohttp import web

from bench.figure import Figure
from bench.start import server_of
from gateway.demo.processes import running

ROUNDS = 5  # repetitions
PER_ROUND = 2_000  # requests in a turn
AT_ONCE = 8  # concurrent clients
ANSWER = {"id": "1", "content": "x" * 1_000}
ROUTE = "name: x\nkind: proxy\nplatform: mastodon\nurl: {url}\ncreator: bench\navatar: bench\n"


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, _upstream() as url:
        routes, data = Path(folder) / "routes", Path(folder) / "data"
        routes.mkdir()
        data.mkdir()
        (routes / "x.yaml").write_text(ROUTE.format(url=url), encoding="utf-8")
        with running(data, routes_dir=str(routes)) as there:
            token = (data / "first-api-key").read_text(encoding="utf-8").strip()
            server = server_of(there)
            headers = {"X-Avatar-Gateway-Key": token}
            asyncio.run(_read(there.gateway, headers, 200))
            taken = []
            for _ in range(ROUNDS):
                before = sum(server.cpu_times()[:2])
                asyncio.run(_read(there.gateway, headers, PER_ROUND))
                taken.append((sum(server.cpu_times()[:2]) - before) / PER_ROUND * 1e3)
    yield Figure(
        key="proxy.cpu_ms",
        value=median(taken),
        unit="ms CPU",
        bar=2,
        aim=0.5,
        n=ROUNDS * PER_ROUND,
        spread=(min(taken), max(taken)),
        note=f"reads of 1 kB, {AT_ONCE} in flight, user and system time of the whole server",
    )


async def _read(gateway: str, headers: dict[str, str], requests: int) -> None:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    waiting = iter(range(requests))
    async with httpx.AsyncClient(base_url=gateway, headers=headers, limits=limits) as client:

        async def work() -> None:
            for number in waiting:
                answer = await client.get(f"/p/x/api/v1/statuses/{number}")
                answer.raise_for_status()

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))


@contextmanager
def _upstream() -> Iterator[str]:
    """A platform that gives every read the same answer, in a thread of its own."""
    loop, urls = asyncio.new_event_loop(), list[str]()

    async def start() -> web.AppRunner:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response(ANSWER)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        return runner

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield urls[0]
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
