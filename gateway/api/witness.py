"""The HTTP API of a witness: `POST /add-checkpoint` of tlog-witness, and `GET /healthz`."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import structlog
from starlette.types import Receive, Scope, Send

from gateway.errors import LogInvalid
from gateway.trail.witness import MAX_REQUEST_BYTES, Witness, WitnessResponse

_AT_ONCE = 16  # requests judged at a time; each takes a thread
_PATH = "/add-checkpoint"


class WitnessApp:
    """The ASGI application. Bodies are read up to the protocol's bound; requests past `_AT_ONCE`
    wait."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _acknowledge_lifespan(receive, send)
        elif scope["type"] == "http":
            await _send_answer(send, await self._answer_request(scope, receive))

    async def _answer_request(self, scope: Scope, receive: Receive) -> WitnessResponse:
        if scope["path"] == "/healthz":
            return WitnessResponse(status=HTTPStatus.OK, body="alive\n")
        if scope["path"] != _PATH:
            return WitnessResponse(status=HTTPStatus.NOT_FOUND, body=f"only {_PATH} is here\n")
        if scope["method"] != "POST":
            return WitnessResponse(status=HTTPStatus.METHOD_NOT_ALLOWED, body="POST it\n")
        body = await _read_body(receive)
        if body is None:
            return WitnessResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, body="too long\n")
        try:
            async with self._places:
                return await asyncio.to_thread(self._witness.add_checkpoint, body)
        except (OSError, LogInvalid) as error:
            # Stored checkpoints cannot be read or written: the witness must not answer as if it had
            # none.
            structlog.get_logger("witness").critical("no memory", error=type(error).__name__)
            return WitnessResponse(status=HTTPStatus.INTERNAL_SERVER_ERROR, body="no memory\n")


async def _read_body(receive: Receive) -> bytes | None:
    """Read the body of a request; None when it is too long, or was not sent to its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_REQUEST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send_answer(send: Send, answer: WitnessResponse) -> None:
    data = answer.body.encode()
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(data)).encode()),
    ]
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def _acknowledge_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
