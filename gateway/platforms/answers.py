"""Answers of a platform: their meaning for a message, and errors in the platform's own form."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from gateway.model.record import Dispatch, DispatchResult
from gateway.platforms.declaration import Declaration, ErrorForm, Operation, Rewrite
from gateway.platforms.pointers import TooManyPlaces, first, get, places, put
from gateway.platforms.words import filled

NOT_PROCESSED = frozenset({408, 425, 429, 503})
"""Statuses that say that the platform did not process the request."""

_LONGEST_ID = 256  # characters of a platform's id of a message
_DIGITS_OF_AN_ID = 30  # of a number: more than any platform's, and quick to write out


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyResponse:
    """The answer to the client. `headers` are pairs, so that a name may occur twice."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def error_answer(
    form: ErrorForm, message: str, *, status: int | None = None, code: str = "refused"
) -> ProxyResponse:
    """An error in the platform's own form, with the text `message`."""
    shown = form.status if form.fixed or status is None else status
    body = filled(form.body, {"message": message, "code": code})
    return ProxyResponse(
        status=shown,
        headers=(("content-type", "application/json"),),
        body=json.dumps(_with_status(body, shown), ensure_ascii=False).encode(),
    )


def _with_status(value: Any, status: int) -> Any:
    if isinstance(value, dict):
        return {key: _with_status(inner, status) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_status(inner, status) for inner in value]
    return status if value == "{status}" else value


def dispatch_of(operation: Operation, status: int, body: bytes) -> Dispatch:
    """What the platform's answer to a judged request means for its message. A request that was
    surely not processed is REFUSED and not tried again: its client is told, and may repeat it."""
    detail = f"HTTP {status}"
    if 200 <= status < 300:
        document = _json_or_none(body)
        if operation.success is not None:
            success = _first_at(document, operation.success.at)
            if success != operation.success.equals:
                return Dispatch(
                    result=DispatchResult.REFUSED, detail=f"{detail}, an error in its body"
                )
        given = None if operation.answer_id is None else _first_at(document, operation.answer_id)
        return Dispatch(
            result=DispatchResult.DELIVERED, detail=detail, platform_id=platform_id_of(given)
        )
    if status >= 500 and status not in NOT_PROCESSED:
        return unknown(detail)
    return Dispatch(result=DispatchResult.REFUSED, detail=detail)


def rewrites_for(declaration: Declaration, decoded: str) -> tuple[Rewrite, ...]:
    return tuple(rewrite for rewrite in declaration.rewrites if rewrite.path.fullmatch(decoded))


def rewritten(rewrites: tuple[Rewrite, ...], body: bytes, here: str) -> bytes:
    """`body` with the URLs that `rewrites` name replaced by `here`. A body that is no JSON stays
    as it is."""
    document = _json_or_none(body)
    changed = False
    for rewrite in rewrites:
        for pattern in rewrite.at:
            try:
                rewritten_places = places(document, pattern)
            except TooManyPlaces:
                rewritten_places = []
            for place in rewritten_places:
                if isinstance(get(document, place), str):
                    put(document, place, here)
                    changed = True
    return json.dumps(document, ensure_ascii=False).encode() if changed else body


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _first_at(document: Any, pattern: Any) -> Any:
    try:
        return first(document, pattern)
    except TooManyPlaces:
        return None


def unknown(detail: str) -> Dispatch:
    return Dispatch(result=DispatchResult.UNKNOWN, detail=detail)


def platform_id_of(value: Any, *, longest: int = _LONGEST_ID) -> str | None:
    """The platform's id of a message: a short printable string, or a number. None for others."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value) if isinstance(value, str) or abs(value) < 10**_DIGITS_OF_AN_ID else ""
    return text if 0 < len(text) <= longest and text.isprintable() else None


async def read_start(content: aiohttp.StreamReader, most: int) -> bytes:
    """The first `most` bytes of a body. The status counts even if the body breaks off."""
    start = b""
    with contextlib.suppress(aiohttp.ClientError):
        while len(start) < most and (part := await content.read(most - len(start))):
            start += part
    return start
