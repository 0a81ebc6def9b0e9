"""Posts messages to webhooks, signed and with an idempotency key, and reads the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

import aiohttp

from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route
from gateway.platforms.answers import NOT_PROCESSED, platform_id_of, read_start, unknown
from gateway.platforms.dispatcher import NOT_CONFIGURED
from gateway.platforms.signing import signed_headers

_MAX_ANSWER = 65_536  # bytes read of an answer: it only has to hold the id of the message
_LONGEST_ID = 128  # characters of the platform's id of a message
_MAX_RETRY_AFTER_S = 3_600.0  # the longest delay that a platform may ask for at a time
_MAX_CONNECTIONS = 64  # connections open at once, to all webhooks together

# Status for a key whose first request is still in progress and may yet be delivered.
_IN_PROGRESS = 409

# Errors that are raised before the first byte of a request is sent.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL, ValueError)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebhookPlatform:
    """Implements ports.Platform for routes of the kinds "webhook" and "sandbox". `secret` signs
    requests; `secrets`, by route name, those of routes with a secret of their own."""

    def __init__(
        self,
        *,
        routes: Mapping[str, Route],
        secret: bytes,
        secrets: Mapping[str, bytes] = MappingProxyType({}),
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._routes = routes
        self._secrets = secrets
        self._secret = secret
        self._now = now
        self._opened: aiohttp.ClientSession | None = None

    @property
    def routes(self) -> Mapping[str, Route]:
        return self._routes

    async def send(self, delivery: Delivery) -> Dispatch:
        route = self._routes.get(delivery.route)
        if route is None or route.url is None:
            return Dispatch(result=DispatchResult.RETRY, detail=NOT_CONFIGURED)
        body = message_body(delivery)
        secret = self._secrets.get(route.name, self._secret)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": delivery.key,
            **signed_headers(secret, key=delivery.key, at=self._now(), body=body),
        }
        try:
            async with asyncio.timeout(route.timeout_s):
                return await self._post_message(route, headers, body)
        except TimeoutError:
            return unknown(f"no answer within {route.timeout_s:g} s")
        except _NOT_SENT as error:
            return Dispatch(
                result=DispatchResult.RETRY, detail=f"not connected: {type(error).__name__}"
            )
        except aiohttp.ClientError as error:
            return unknown(f"the connection broke: {type(error).__name__}")

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    def _open_session(self) -> aiohttp.ClientSession:
        """The session. It is made at the first use and belongs to the event loop that runs then."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MAX_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # no proxy and no credentials from the environment
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),  # each route has its own
                headers={
                    "User-Agent": "avatar-gateway",
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                },
            )
        return self._opened

    async def _post_message(
        self, route: Route, headers: Mapping[str, str], body: bytes
    ) -> Dispatch:
        async with self._open_session().post(
            str(route.url), data=body, headers=headers, allow_redirects=False
        ) as answer:
            start = await read_start(answer.content, _MAX_ANSWER)
        return judge_answer(answer.status, answer.headers, start, now=self._now())


def message_body(delivery: Delivery) -> bytes:
    """The body that is posted, the same bytes on every attempt; see docs/reference/webhook.md."""
    disclosure = delivery.disclosure
    document = {
        "message_id": delivery.message_id,
        "decision_id": delivery.decision_id,
        "channel": delivery.channel.value,
        "creator": delivery.creator,
        "avatar": delivery.avatar,
        "conversation": delivery.conversation,
        "audience_id": delivery.audience_id,
        "text": disclosure.text,
        "language": disclosure.language,
        "disclosure": {
            "notices": [asdict(notice) for notice in disclosure.notices],
            "marks": dict(disclosure.marks),
            "content_hash": disclosure.content_hash,
            "salt": disclosure.salt,
        },
        "receipt": delivery.receipt.jws,
        "recorded_seq": delivery.recorded_seq,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def judge_answer(
    status: int, headers: Mapping[str, str], start: bytes, *, now: datetime
) -> Dispatch:
    """What an answer with `status` means for the message. `start` is the beginning of its body, of
    which only the platform's own id of the message is used. Pure."""
    detail = f"HTTP {status}"
    if 200 <= status < 300:
        return Dispatch(
            result=DispatchResult.DELIVERED, detail=detail, platform_id=_platform_id(start)
        )
    if status in NOT_PROCESSED:
        return Dispatch(
            result=DispatchResult.RETRY,
            detail=detail,
            retry_after_s=_retry_after(headers.get("retry-after"), now),
        )
    if status == _IN_PROGRESS or status >= 500:
        return unknown(detail)
    if 300 <= status < 400:
        detail += ": redirects are not followed"
    return Dispatch(result=DispatchResult.REFUSED, detail=detail)


def _platform_id(start: bytes) -> str | None:
    """The `id` in a JSON object; None if it cannot be kept as one."""
    try:
        document: Any = json.loads(start)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    return platform_id_of(document.get("id"), longest=_LONGEST_ID)


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3: seconds or a date), at most an hour."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _MAX_RETRY_AFTER_S)
