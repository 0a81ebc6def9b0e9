"""Pass requests that are not judged on to the platform, and stream the answers back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import aiohttp
from starlette.requests import Request
from starlette.types import Send

from gateway.platforms.answers import (
    ProxyResponse,
    error_answer,
    read_start,
    rewrites_for,
    rewritten,
)
from gateway.platforms.matching import OperationMatch
from gateway.platforms.proxies import ProxyRoute
from gateway.platforms.upstream import Outgoing, Upstream, returned, with_header

_MAX_REWRITTEN = 1_048_576  # bytes of an answer whose URLs are rewritten
_SMALL = 65_536  # bytes; an answer up to this size is sent on in one piece

RawHeaders = tuple[tuple[bytes, bytes], ...]


async def pass_on(
    http: Request,
    send: Send,
    upstream: Upstream,
    *,
    proxy: ProxyRoute,
    match: OperationMatch,
    to: Outgoing,
    data: bytes | None,
    here: str,
) -> ProxyResponse | None:
    """Send the request `to` on. Return the answer when it had to be rewritten, None once it was
    streamed to the client. URLs that would lead the client past the gateway lead `here` instead."""
    rewrites = rewrites_for(proxy.declaration, match.decoded)
    if rewrites:
        to = with_header(to, "Accept-Encoding", "identity")
    began = False
    try:
        async with upstream.request(to, data=data, write=data is not None) as response:
            raw = _relocate_redirects(response.raw_headers, proxy.base, here)
            if rewrites:
                body = await read_start(response.content, _MAX_REWRITTEN)
                return ProxyResponse(
                    status=response.status,
                    headers=_decode_headers(returned(raw, whole=False)),
                    body=rewritten(rewrites, body, here),
                )
            began = True
            head = returned(raw, whole=True)
            await send({"type": "http.response.start", "status": response.status, "headers": head})
            if response.content_length is not None and response.content_length <= _SMALL:
                await send({"type": "http.response.body", "body": await response.read()})
            else:
                await _stream_body(http, send, response.content)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        if began:
            raise
        return error_answer(
            proxy.declaration.error,
            "The platform cannot be reached.",
            status=502,
            code="upstream",
        )
    return None


async def _stream_body(http: Request, send: Send, content: aiohttp.StreamReader) -> None:
    """Send the body chunk by chunk, as it comes, until its end or until the client leaves."""

    async def carry() -> None:
        async for chunk in content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def wait_for_disconnect() -> None:
        while (await http.receive())["type"] != "http.disconnect":
            pass

    carrying, leaving = asyncio.create_task(carry()), asyncio.create_task(wait_for_disconnect())
    try:
        await asyncio.wait({carrying, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if carrying.done():
            carrying.result()
    finally:
        for task in (carrying, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await task


def _relocate_redirects(raw: RawHeaders, base: str, here: str) -> RawHeaders:
    """Make redirects to the platform lead to the proxy, which clients reach at `here`."""
    return tuple(
        (name, here.encode() + value[len(base) :])
        if name.lower() == b"location" and value.startswith(base.encode())
        else (name, value)
        for name, value in raw
    )


def _decode_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
