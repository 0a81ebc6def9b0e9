"""The sandbox platform: a receiver of webhooks that keeps what it gets in memory.

    python -m gateway.demo.sandbox --port 8090

It is also a generator (gateway/demo/generator.py), and takes plain posts, as a platform behind the
proxy does.

It does what any receiver should: checks the signature, takes each Idempotency-Key once, checks
that the receipt is about the text. `PUT /failure` makes it misbehave, for tests. The secret is
read from SANDBOX_WEBHOOK_SECRET; without one, signatures are not checked, which it prints.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.demo.generator import completions
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import read_claims
from gateway.errors import ReceiptInvalid
from gateway.platforms.signing import SignatureInvalid, secret_bytes, verify

SECRET_VARIABLE = "SANDBOX_WEBHOOK_SECRET"  # noqa: S105 - its name, not a secret
_MAX_BODY = 2_097_152  # bytes of one request
_MAX_MESSAGES = 100_000  # kept in memory, of each kind
_MAX_SLOW_S = 300.0  # of a planned delay


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFailure:
    """How the next `times` requests go wrong. `status`: refused with this HTTP status. `slow_s`:
    taken, and answered after so many seconds. `drop`: taken, and never answered."""

    times: int = 1
    status: int | None = None
    retry_after: str | None = None
    slow_s: float = 0.0
    drop: bool = False


class _RequestRefused(Exception):
    """Raised for a request that is not taken, with the HTTP status to answer."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


class SandboxPlatform:
    """The sandbox, with the messages it received, in order. `requests` counts all requests, the
    repeated and the refused included."""

    def __init__(
        self, *, secret: bytes | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._secret = secret
        self._now = now
        self.messages: list[dict[str, Any]] = []
        self.requests = 0
        self.failure = PlannedFailure(times=0)
        self._taken: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self.posts: list[dict[str, Any]] = []

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/messages", self._receive_message, methods=["POST"]),
                Route("/messages", self._list_messages, methods=["GET"]),
                Route("/messages", self._clear_messages, methods=["DELETE"]),
                Route("/failure", self._plan_failure, methods=["PUT"]),
                Route("/posts/messages", self._receive_post, methods=["POST"]),
                Route("/posts/messages", self._list_posts, methods=["GET"]),
                Route("/v1/chat/completions", completions, methods=["POST"]),
            ]
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve on a free loopback port from this event loop; gives the base URL."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            config = uvicorn.Config(
                self.app(), log_config=None, access_log=False, lifespan="off", ws="none"
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                while not (server.started or serving.done()):  # noqa: ASYNC110 - uvicorn's way
                    await asyncio.sleep(0.005)
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                server.force_exit = True
                await serving

    def next_failure(self) -> PlannedFailure:
        """How this request goes wrong; `times` is 0 when it does not."""
        failure = self.failure
        if failure.times > 0:
            self.failure = replace(failure, times=failure.times - 1)
        return failure

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Take one request; return the status and the answer. `headers` by lower-case name."""
        try:
            return self._taken_once(headers, body)
        except _RequestRefused as refusal:
            return refusal.status, {"error": str(refusal)}
        except SignatureInvalid as error:
            return 401, {"error": str(error)}

    def _taken_once(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if self._secret is not None:
            verify(headers, body, self._secret, now=self._now())
        key = headers.get("idempotency-key")
        if not key:
            raise _RequestRefused(400, "the header Idempotency-Key is missing")
        digest = sha256(body).digest()
        if key in self._taken:
            first_digest, answer = self._taken[key]
            if first_digest != digest:
                raise _RequestRefused(422, "the Idempotency-Key was used with another body")
            return 200, {**answer, "repeated": True}
        message = _parse_message(body)
        if len(self.messages) >= _MAX_MESSAGES:
            raise _RequestRefused(507, "the sandbox is full: DELETE /messages")
        answer = {"id": f"sandbox-{len(self._taken) + 1}"}
        self._taken[key] = digest, answer
        self.messages.append({**message, "id": answer["id"]})
        return 201, answer

    async def _receive_message(self, request: Request) -> Response:
        self.requests += 1
        failure = self.next_failure()
        try:
            body = await _bounded_body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return JSONResponse({"error": "the body is too large"}, 413)
        if failure.times > 0 and failure.status is not None:
            headers = {"Retry-After": failure.retry_after} if failure.retry_after else None
            return JSONResponse({"error": "as told"}, failure.status, headers=headers)
        status, answer = self.take(request.headers, body)
        if failure.times > 0 and failure.drop:
            while not await request.is_disconnected():  # noqa: ASYNC110 - ASGI has no event for it
                await asyncio.sleep(0.02)
        elif failure.times > 0 and failure.slow_s > 0:
            await asyncio.sleep(failure.slow_s)
        return JSONResponse(answer, status)

    async def _list_messages(self, _request: Request) -> Response:
        return JSONResponse(self.messages)

    async def _receive_post(self, request: Request) -> Response:
        body = await _bounded_body(request)
        try:
            post = json.loads(body or b"")
            text = str(post["text"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return JSONResponse({"error": "a post is an object with a text"}, 400)
        if len(self.posts) >= _MAX_MESSAGES:
            return JSONResponse({"error": "the sandbox is full"}, 507)
        stored = {"id": f"post-{len(self.posts) + 1}", "text": text}
        self.posts.append(stored)
        return JSONResponse(stored, 201)

    async def _list_posts(self, _request: Request) -> Response:
        return JSONResponse(self.posts)

    async def _clear_messages(self, _request: Request) -> Response:
        self.messages.clear()
        self._taken.clear()
        return Response(status_code=204)

    async def _plan_failure(self, request: Request) -> Response:
        body = await _bounded_body(request)
        failure = None if body is None else _parse_failure(body)
        if failure is None:
            fields = "times, status (300-599), retry_after, slow_s, drop"
            return JSONResponse({"error": f"give an object with {fields}"}, 422)
        self.failure = failure
        return Response(status_code=204)


async def _bounded_body(request: Request) -> bytes | None:
    """Read the body of a request; None when it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            return None
    return bytes(body)


def _parse_message(body: bytes) -> dict[str, Any]:
    """Parse a message, and check that its receipt is about its text. Raises _RequestRefused."""
    try:
        message = json.loads(body)
        text, receipt = message["text"], message["receipt"]
        disclosure = message["disclosure"]
        claims = read_claims(str(receipt))
        computed = content_hash(str(text), bytes.fromhex(disclosure["salt"]))
        disclosed = disclosure["content_hash"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _RequestRefused(400, "the body is not a message") from None
    except ReceiptInvalid as error:
        raise _RequestRefused(400, str(error)) from None
    if not computed == disclosed == claims.get("content_hash"):
        raise _RequestRefused(400, "the receipt is not about this text")
    if not isinstance(text, str) or not text:
        raise _RequestRefused(400, "the text is empty")
    if claims.get("message_id") != message.get("message_id"):
        raise _RequestRefused(400, "the receipt is about another message")
    return dict(message)


def _parse_failure(body: bytes) -> PlannedFailure | None:
    """Parse the body of `PUT /failure`; None when it is not well-formed."""
    try:
        failure = PlannedFailure(**json.loads(body))
    except (ValueError, TypeError):
        return None
    numbers_ok = (
        isinstance(failure.times, int)
        and 0 <= failure.times <= 1_000_000
        and isinstance(failure.slow_s, (int, float))
        and 0 <= failure.slow_s <= _MAX_SLOW_S
    )
    status_ok = failure.status is None or (
        isinstance(failure.status, int) and 300 <= failure.status <= 599
    )
    others_ok = isinstance(failure.drop, bool) and isinstance(
        failure.retry_after, (str, type(None))
    )
    return failure if numbers_ok and status_ok and others_ok else None


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The sandbox platform.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    options = parser.parse_args(arguments)
    text = os.environ.get(SECRET_VARIABLE)
    if text is None:
        print(  # noqa: T201 - a program's own output
            f"{SECRET_VARIABLE} is not set: signatures are NOT checked", file=sys.stderr
        )
    sandbox = SandboxPlatform(secret=None if text is None else secret_bytes(text, SECRET_VARIABLE))
    uvicorn.run(
        sandbox.app(), host=options.host, port=options.port, log_level="warning", access_log=False
    )


if __name__ == "__main__":
    main()
