"""Bodies are bounded, UTF-8, and JSON without duplicate keys, before anything reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.problems import problem


class _Duplicate(ValueError):
    pass


_TOO_SLOW = (408, "too-slow", "The body did not come in time", "Send it at once.")


class StrictBody:
    """ASGI middleware. Reads the whole body (at most `max_bytes`, within `patience_s`), checks it,
    and plays it on.

    408 when it does not come, 413 over the limit, 415 for another media type than JSON, 400 for
    what is not UTF-8, not JSON, nested too deep, or has a duplicate key (two readers could see
    two different texts). `raw` maps paths that take another media type to (type, most bytes).
    Paths that begin with `apart` are read by their own door.
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
        try:
            async with asyncio.timeout(self._patience_s):
                body, refusal = await self._read(scope, receive)
        except TimeoutError:
            body, refusal = None, _TOO_SLOW
        if refusal is not None:
            status, slug, title, detail = refusal
            await problem(status, slug, title, detail)(scope, receive, send)
        elif body is not None:
            await self._app(scope, _replay(body, receive), send)

    async def _read(
        self, scope: Scope, receive: Receive
    ) -> tuple[bytes | None, tuple[int, str, str, str] | None]:
        """The body, or why it is refused; neither when the caller went away before its end."""
        headers = dict(scope["headers"])
        media_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        json_limit = ("application/json", self._max_bytes)
        wanted, limit = self._raw.get(str(scope.get("path")), json_limit)
        if media_type != wanted.encode():
            return b"", (
                415,
                "media-type",
                "The body must be JSON" if wanted == json_limit[0] else "It is of another type",
                f"Send Content-Type: {wanted}.",
            )
        too_large = (
            413,
            "too-large",
            "The body is too large",
            f"At most {limit} bytes are accepted; send less"
            + (", or raise max_body_bytes." if wanted == json_limit[0] else "."),
        )
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 18 or int(declared) > limit:
            return b"", too_large
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None, None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                return b"", too_large
            chunks.append(chunk)
            more = message.get("more_body", False)
        body = b"".join(chunks)
        return body, _fault(body) if wanted == json_limit[0] else None


def _fault(body: bytes) -> tuple[int, str, str, str] | None:
    title = "The body is not acceptable JSON"
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_nan)
    except UnicodeDecodeError as error:
        detail = f"It is not UTF-8 (byte {error.start}). Encode it as UTF-8."
    except _Duplicate:
        detail = "An object names a key twice. Name each key once."
    except RecursionError:
        detail = "It is nested too deep. Flatten it."
    except json.JSONDecodeError as error:
        detail = f"It does not parse at line {error.lineno}, column {error.colno}. Mend it there."
    except ValueError:
        detail = "It holds NaN, Infinity or a number out of range. Send finite numbers."
    else:
        return None
    return 400, "json", title, detail


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Duplicate
    return found


def _no_nan(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def _replay(body: bytes, receive: Receive) -> Receive:
    played = False

    async def play() -> Message:
        nonlocal played
        if played:
            return await receive()
        played = True
        return {"type": "http.request", "body": body, "more_body": False}

    return play
