"""The HTTP client for servers that are not trusted: witnesses and time-stamping authorities."""

from __future__ import annotations

import httpx


def untrusted_client(*, timeout_s: float, media_type: str | None = None) -> httpx.AsyncClient:
    """A client that follows no redirects, and takes no proxy and no credentials from the
    environment. `media_type` is that of all request bodies."""
    headers = {"User-Agent": "avatar-gateway"}
    if media_type is not None:
        headers["Content-Type"] = media_type
    return httpx.AsyncClient(
        follow_redirects=False, trust_env=False, headers=headers, timeout=timeout_s
    )


async def read_at_most(response: httpx.Response, limit: int) -> bytes | None:
    """Read the body of a streamed response as it was sent, without decompressing it. None when it
    is longer than `limit` bytes: the rest is not read."""
    data = bytearray()
    async for piece in response.aiter_raw():
        data += piece
        if len(data) > limit:
            return None
    return bytes(data)
