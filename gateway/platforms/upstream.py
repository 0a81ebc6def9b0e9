"""Requests to the platforms behind the proxy: which parts of a client's request are sent on, and
how."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import aiohttp
import yarl

from gateway.platforms.matching import OperationMatch, pairs
from gateway.platforms.proxies import ProxyRoute

KEY_HEADER = "x-avatar-gateway-key"
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL, ValueError)
"""Errors that are raised before the first byte of a request is sent."""

_CONNECT_S = 10.0  # seconds to connect
_SILENCE_S = 600.0  # seconds: long polls of clients stay silent for minutes
_READS, _WRITES = 1_000, 64  # connections open at once, to all platforms together
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = ("x-avatar-gateway-", "x-forwarded-")
_NOT_SENT_ON = _HOP_BY_HOP | {"host", "content-length", "expect", "forwarded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request to a platform. `url` is encoded as it is sent. Holds credentials."""

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)


def outgoing(
    proxy: ProxyRoute,
    match: OperationMatch,
    method: str,
    query: str,
    headers: tuple[tuple[str, str], ...],
) -> Outgoing:
    """The request that is sent on: without the headers of this connection and of the gateway, and
    with the platform's credential in its place where one is injected."""
    named_by_client = {
        name.strip().lower()
        for key, value in headers
        if key.lower() == "connection"
        for name in value.split(",")
    }
    left_out = _NOT_SENT_ON | named_by_client
    kept = [
        (name, value)
        for name, value in headers
        if (lower := name.lower()) not in left_out and not lower.startswith(_OURS)
    ]
    path = match.path
    if proxy.credential is not None:
        slot = proxy.declaration.credential
        kept = [
            (name, value) for name, value in kept if name.lower() not in ("authorization", "cookie")
        ]
        if slot.source == "header":
            kept = [(name, value) for name, value in kept if name.lower() != slot.name.lower()]
            kept.append((slot.name, slot.prefix + proxy.credential))
        elif slot.source == "query":
            others = [(name, value) for name, value in pairs(query) if name != slot.name]
            query = urlencode([*others, (slot.name, proxy.credential)])
        else:
            path = match.path_with(slot.name, proxy.credential)
    return Outgoing(
        method=method,
        url=proxy.base + path + (f"?{query}" if query else ""),
        headers=tuple(kept),
    )


def with_header(to: Outgoing, name: str, value: str | None) -> Outgoing:
    """`to` with exactly one header `name`; without it if `value` is None."""
    kept = tuple(header for header in to.headers if header[0].lower() != name.lower())
    return replace(to, headers=kept if value is None else (*kept, (name, value)))


def returned(raw: tuple[tuple[bytes, bytes], ...], *, whole: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer for the client. `whole`: its body passes unchanged, so that its
    length is still right."""
    left_out = _HOP_BY_HOP if whole else _HOP_BY_HOP | {"content-length", "content-encoding"}
    lowered = ((name.lower(), value) for name, value in raw)
    return [(name, value) for name, value in lowered if name.decode("latin-1") not in left_out]


class Upstream:
    """Connections to the platforms. Reads have their own, so that no write waits for long polls.
    Belongs to the event loop of its first use."""

    def __init__(self) -> None:
        self._opened: dict[bool, aiohttp.ClientSession] = {}

    def request(
        self, to: Outgoing, *, data: object = None, write: bool
    ) -> aiohttp.client._RequestContextManager:
        """One request; redirects are not followed, bodies not decompressed."""
        return self._open_session(write=write).request(
            to.method,
            yarl.URL(to.url, encoded=True),
            headers=to.headers,
            data=data,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    async def close(self) -> None:
        for session in self._opened.values():
            await session.close()

    def _open_session(self, *, write: bool) -> aiohttp.ClientSession:
        if write not in self._opened:
            self._opened[write] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_WRITES if write else _READS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # no proxy and no credentials from the environment
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S
                ),
                max_line_size=32_768,
                max_field_size=32_768,
            )
            # When a connection breaks, aiohttp would send a PUT again by itself, unasked.
            self._opened[write]._retry_connection = not write
        return self._opened[write]
