"""Refuse bodies that are too large, not UTF-8, or not JSON with unique keys, before anything reads
them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.parsed_json import PARSED_JSON
from gateway.api.problems import problem

_JSON = "application/json"


class _DuplicateKey(ValueError):
    """An object of the body names a key twice."""


class _BodyRefused(Exception):
    """The body is not taken: the status, slug, title and detail of the problem to answer."""

    def __init__(self, status: int, slug: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = status, slug, title, detail


class _CallerLeft(Exception):
    """The connection closed before the end of the body."""


class StrictBody:
    """ASGI middleware. Reads the whole body (at most `max_bytes`, within `patience_s`), parses it,
    and passes on both the bytes and the value (in the scope, under PARSED_JSON).

    408 when the body does not come in time, 413 over the limit, 415 for another media type than
    JSON, 400 for what is not UTF-8, not JSON, nested too deep, or has a duplicate key (two readers
    could see two different texts). `raw` maps paths that take another media type to (type, most
    bytes).
    Paths that begin with `apart` read their bodies themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        patience_s: float = 30.0,
        raw: Mapping[str, tuple[str, int]] | None = None,
        apart: str | None = None,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._raw = dict(raw or {})
        self._apart = apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        apart = self._apart is not None and str(scope.get("path")).startswith(self._apart)
        if apart or scope["type"] != "http" or scope["method"] not in {"POST", "PUT", "PATCH"}:
            await self._app(scope, receive, send)
            return
        media_type, limit = self._raw.get(str(scope.get("path")), (_JSON, self._max_bytes))
        try:
            async with asyncio.timeout(self._patience_s):
                body = await _read_body(scope, receive, media_type, limit)
            if media_type == _JSON:
                scope[PARSED_JSON] = _parse_json(body)
        except TimeoutError:
            late = problem(408, "too-slow", "The body did not come in time", "Send it at once.")
            await late(scope, receive, send)
        except _BodyRefused as refused:
            await problem(*refused.problem)(scope, receive, send)
        except _CallerLeft:
            return
        else:
            await self._app(scope, _replay_body(body, receive), send)


async def _read_body(scope: Scope, receive: Receive, media_type: str, limit: int) -> bytes:
    """The whole body. Raises _BodyRefused and _CallerLeft."""
    headers = dict(scope["headers"])
    sent_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if sent_type != media_type.encode():
        title = "The body must be JSON" if media_type == _JSON else "It is of another type"
        raise _BodyRefused(415, "media-type", title, f"Send Content-Type: {media_type}.")
    mend = ", or raise max_body_bytes." if media_type == _JSON else "."
    too_large = _BodyRefused(
        413,
        "too-large",
        "The body is too large",
        f"At most {limit} bytes are accepted; send less{mend}",
    )
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit() or len(declared) > 18 or int(declared) > limit:
        raise too_large
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _CallerLeft
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _parse_json(body: bytes) -> Any:
    """The value of a JSON body. Raises _BodyRefused."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_nan
        )
    except UnicodeDecodeError as error:
        detail = f"It is not UTF-8 (byte {error.start}). Encode it as UTF-8."
    except _DuplicateKey:
        detail = "An object names a key twice. Name each key once."
    except RecursionError:
        detail = "It is nested too deep. Flatten it."
    except json.JSONDecodeError as error:
        detail = f"It does not parse at line {error.lineno}, column {error.colno}. Mend it there."
    except ValueError:
        detail = "It holds NaN, Infinity or a number out of range. Send finite numbers."
    raise _BodyRefused(400, "json", "The body is not acceptable JSON", detail) from None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKey
    return members


def _refuse_nan(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def _replay_body(body: bytes, receive: Receive) -> Receive:
    played = False

    async def play() -> Message:
        nonlocal played
        if played:
            return await receive()
        played = True
        return {"type": "http.request", "body": body, "more_body": False}

    return play
