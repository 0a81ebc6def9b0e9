"""Client of an OpenAI-compatible generator. Its answers are bounded, and never quoted in errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from gateway.errors import UpstreamFailed
from gateway.platforms.sse import EventReader

_MOST_BYTES = 8 * 1024 * 1024  # of one answer
_CONNECT_S = 10.0  # seconds to connect
_MAX_CONNECTIONS = 1_000  # connections open at once: one for each stream
_DONE = "[DONE]"


class GeneratorClient:
    """A client of the generator's chat API.

    `url` ends before /chat/completions. `quiet_s` is how long it may be silent. Belongs to one
    event loop.
    """

    def __init__(self, *, url: str, key: str | None = None, quiet_s: float = 60.0) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._quiet_s = quiet_s
        self._opened: aiohttp.ClientSession | None = None

    async def complete(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer. Raises UpstreamFailed."""
        async with self._answer_to(path, body) as answer:
            pieces, size = [], 0
            async for piece in answer.content.iter_any():
                size += len(piece)
                if size > _MOST_BYTES:
                    raise UpstreamFailed("the generator's answer is too long")
                pieces.append(piece)
        return _json_object(b"".join(pieces))

    async def stream(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """The objects of the event stream, up to [DONE]. Raises UpstreamFailed, also when it
        breaks off before that. Closing the iterator hangs up."""
        reader, size = EventReader(), 0
        async with self._answer_to(path, body) as answer:
            async for piece in answer.content.iter_any():
                size += len(piece)
                if size > _MOST_BYTES:
                    raise UpstreamFailed("the generator's answer is too long")
                try:
                    events = list(reader.feed(piece))
                except ValueError:
                    raise UpstreamFailed("the generator's events cannot be read") from None
                for event in events:
                    if event == _DONE:
                        return
                    yield _json_object(event)
        raise UpstreamFailed("the generator broke off")

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    @asynccontextmanager
    async def _answer_to(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            async with self._open_session().post(
                f"{self._url}{path}",
                data=orjson.dumps(body),
                headers=headers,
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise UpstreamFailed(f"the generator answered with HTTP {answer.status}")
                yield answer
        except aiohttp.ClientError as error:
            raise UpstreamFailed(f"the connection failed: {type(error).__name__}") from None
        except TimeoutError:
            raise UpstreamFailed("the generator was silent for too long") from None

    def _open_session(self) -> aiohttp.ClientSession:
        """The session. It is made at the first use and belongs to the event loop that runs then."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MAX_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=_CONNECT_S, sock_read=self._quiet_s
                ),
                headers={"User-Agent": "avatar-gateway", "Accept-Encoding": "identity"},
            )
        return self._opened


def _json_object(text: bytes | str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UpstreamFailed("the generator's answer is no JSON object")
    return document
