"""Errors of the OpenAI-compatible endpoints, in OpenAI's form.

Whatever refuses a request to one of them (the bounds of bodies, the guard, the schema, a stage)
answers with an RFC 9457 problem, as everywhere; this middleware translates it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS: Final = frozenset({"/v1/chat/completions", "/v1/moderations", "/v1/responses"})
PROBLEM: Final = b"application/problem+json"
_BAD_REQUEST, _WRONG_FIELD = 400, 422  # HTTP status of a wrong field at OpenAI, and here

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def translated(problem: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Translate a problem into a status and a body in OpenAI's form."""
    status = int(problem["status"])
    kind = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    fields = problem.get("errors") or [{}]
    error = {
        "message": f"{problem['title']}: {problem['detail']}",
        "type": kind,
        "param": fields[0].get("field"),
        "code": str(problem["type"]).rpartition("/")[2].replace("-", "_"),
    }
    return (_BAD_REQUEST if status == _WRONG_FIELD else status), {"error": error}


class OpenAiErrors:
    """ASGI middleware around everything that may refuse a request to one of PATHS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PATHS:
            send = _Translating(send)
        await self._app(scope, receive, send)


class _Translating:
    """A send function that keeps a problem until it is whole and sends its translation; everything
    else passes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type") == PROBLEM.decode():
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body", False):
                return
            await self._translate(self._start)
            return
        await self._send(message)

    async def _translate(self, start: Message) -> None:
        status, error_json = translated(json.loads(self._body))
        body = json.dumps(error_json, ensure_ascii=False).encode()
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(body))
        await self._send({**start, "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})
