from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.trail.http_client import read_at_most, untrusted_client


@pytest.mark.parametrize(("limit", "expected"), [(6, b"abcdef"), (5, None)])
async def test_a_body_is_read_up_to_its_limit(limit: int, expected: bytes | None) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"def"

    response = httpx.Response(200, content=pieces())
    assert await read_at_most(response, limit) == expected


async def test_the_environment_and_redirects_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = untrusted_client(timeout_s=3.0, media_type="text/x")
    try:
        assert not client.trust_env
        assert not client.follow_redirects
        assert client.headers["Content-Type"] == "text/x"
        assert client.timeout == httpx.Timeout(3.0)
    finally:
        await client.aclose()
