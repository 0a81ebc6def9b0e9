"""RFC 3161 time stamps of checkpoints: an authority states when the log had this size and root.

The text of a checkpoint is stamped, without its signatures. Needs the extra `timestamp`; nothing
else in this package imports this file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from random import random
from typing import Protocol

import httpx
import structlog
from cryptography.x509 import Certificate
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from gateway.errors import GatewayError, LogInvalid
from gateway.ports import Now
from gateway.trail.checkpoint import Checkpoint
from gateway.trail.http_client import read_at_most, untrusted_client
from gateway.trail.retry_schedule import RetrySchedule

MAX_RESPONSE_BYTES = 65_536
"""Longest response that is read; one with a chain of certificates has some thousand bytes."""
_MEDIA_TYPE = "application/timestamp-query"
_MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead the authority's clock may be, for its stamp to be taken."""
_TICK_S = 1.0
"""Seconds between two looks at whether a stamp is due."""
_FIRST_RETRY_S = 60.0
"""Seconds after which a first failure is tried again; then after two minutes, four, and so on."""


class StampedLog(Protocol):
    """The method of the log that is needed here; `trail.log.Log` has it."""

    async def latest(self) -> Checkpoint | None: ...


class StampStore(Protocol):
    """Stores time stamps. `tsa` is the URL of the authority."""

    async def put_stamp(self, *, size: int, tsa: str, response: bytes, at: datetime) -> None: ...

    async def latest_stamp(self, tsa: str) -> tuple[int, datetime] | None: ...


class StampChecker:
    """Verifies responses of time-stamping authorities, with `roots` as the trusted
    certificates."""

    def __init__(self, roots: Sequence[Certificate]) -> None:
        self._roots = list(roots)

    def __call__(self, response: bytes, text: bytes) -> datetime:
        """Verify a stored response; return when `text` was stamped. Raises LogInvalid."""
        return self.check(response, text, nonce=None)

    def check(self, response: bytes, text: bytes, *, nonce: int | None) -> datetime:
        """Verify a response, with the nonce of its request; return when `text` was stamped.
        Raises LogInvalid."""
        try:
            decoded = decode_timestamp_response(response)
            VerifierBuilder(roots=list(self._roots), nonce=nonce).build().verify_message(
                decoded, text
            )
        except (VerificationError, ValueError, TypeError, AssertionError) as error:
            raise LogInvalid(f"the time stamp does not verify ({error})") from error
        return decoded.tst_info.gen_time


class Stamping:
    """Has the newest checkpoint stamped by the authority at `url`, every `interval_s` seconds when
    there is a new one. Runs in the background, so that no message waits for it."""

    def __init__(
        self,
        *,
        log: StampedLog,
        store: StampStore,
        url: str,
        checker: StampChecker,
        now: Now,
        interval_s: float = 3_600.0,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._store = store
        self._url = url
        self._checker = checker
        self._now = now
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._schedule = RetrySchedule(
            interval_s=min(interval_s, _FIRST_RETRY_S), clock=clock, chance=random
        )
        self._problem = ""
        self._client = untrusted_client(timeout_s=timeout_s, media_type=_MEDIA_TYPE)

    @property
    def note(self) -> str:
        """A remark for a readiness answer: why there is no new stamp; "" when there is one."""
        return f"time stamps: {self._problem}" if self._problem else ""

    async def run(self) -> None:
        """Have checkpoints stamped until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(_TICK_S)

    async def close(self) -> None:
        await self._client.aclose()

    async def round(self) -> None:
        """Have a checkpoint stamped, if one is due."""
        if not self._schedule.due:
            return
        try:
            await self._stamp_newest()
        except (GatewayError, httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._schedule.failed()
            problem = str(error)[:200] if isinstance(error, GatewayError) else type(error).__name__
            if problem != self._problem:
                structlog.get_logger("trail").warning("no_time_stamp", problem=problem)
            self._problem = problem
            return
        self._schedule.succeeded()
        self._problem = ""

    async def _stamp_newest(self) -> None:
        newest = await self._log.latest()
        last = await self._store.latest_stamp(self._url)
        if newest is None or (last is not None and last[0] >= newest.size):
            return
        if last is not None and (self._now() - last[1]).total_seconds() < self._interval_s:
            return
        response = await self._request_stamp(newest.text.encode())
        await self._store.put_stamp(
            size=newest.size, tsa=self._url, response=response, at=self._now()
        )

    async def _request_stamp(self, text: bytes) -> bytes:
        """Ask the authority to stamp `text`, and verify its response. Raises LogInvalid."""
        request = (
            TimestampRequestBuilder()
            .data(text)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        async with asyncio.timeout(2 * self._timeout_s):
            response = await self._post_query(request.as_bytes())
        at = await asyncio.to_thread(self._checker.check, response, text, nonce=request.nonce)
        if at > self._now() + _MAX_CLOCK_SKEW:
            raise LogInvalid("the authority's clock is ahead")
        return response

    async def _post_query(self, query: bytes) -> bytes:
        request = self._client.build_request("POST", self._url, content=query)
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code != HTTPStatus.OK:
                raise LogInvalid(f"the authority answered {answer.status_code}")
            data = await read_at_most(answer, MAX_RESPONSE_BYTES)
            if data is None:
                raise LogInvalid("the authority's answer is too long")
            return data
        finally:
            await answer.aclose()
