"""A platform of our own behind the proxy: takes messages, and answers as a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Routes = tuple[tuple[str, str, Handler], ...]


@asynccontextmanager
async def answering(routes: Routes) -> AsyncIterator[str]:
    """A server with these routes (method, path, handler); its URL."""
    app = web.Application()
    for method, path, handler in routes:
        app.router.add_route(method, path, handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class Receiver:
    """`messages` is what was published; a key is taken once. `answers` go before the normal
    ones, in their order; `requests` are all that came, headers and body."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    reads: list[Callable[[web.Request], Awaitable[web.StreamResponse]]] = field(
        default_factory=list
    )
    came: asyncio.Event = field(default_factory=asyncio.Event)
    _keys: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def post(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return await self.reads.pop(0)(request)
        body = await request.json()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((headers, body))
        self.came.set()
        if self.answers:
            return await self.answers.pop(0)(request, body)
        return self.take(headers, body)

    def take(self, headers: dict[str, str], body: dict[str, Any]) -> web.Response:
        key = headers.get("idempotency-key", f"none-{len(self.requests)}")
        if key not in self._keys:
            self.messages.append(body)
            self._keys[key] = {"id": f"m-{len(self.messages)}"}
        return web.json_response(self._keys[key], headers={"X-Platform": "here"})

    def forget(self) -> None:
        for one in (self.messages, self.requests, self.answers, self.reads, self._keys):
            one.clear()
        self.came.clear()

    def running(self) -> AbstractAsyncContextManager[str]:
        paths = ("/messages", "/messages/{id}")
        return answering(tuple(("*", path, self.post) for path in paths))


def status(code: int, **more: Any) -> Answer:
    async def answer(_request: web.Request, _body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"said": code}, status=code, **more)

    return answer
