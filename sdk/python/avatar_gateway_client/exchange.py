"""One call with its retries, without sockets and without waiting.

A client sends `request` and reports the answer (`answered`) or the failure (`failed`). It sleeps
for the `Wait` that this returns and sends again, until it gets a `Result` or an error is raised.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

import httpx

from avatar_gateway_client.calls import Call, T
from avatar_gateway_client.errors import Problem, UnexpectedAnswer, Unreachable, problem_of

_BUSY_SLUG = "idempotency-key-in-progress"
_RETRIED_STATUSES = frozenset({408, 425, 500, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a call is sent: at most `attempts` times.

    The first wait is at most `first_s` seconds, each later one at most twice as long, up to
    `longest_s`; a longer Retry-After of the gateway is kept. When a wait would be longer than
    `patience_s`, the call fails instead.
    """

    attempts: int = 4
    first_s: float = 0.2
    longest_s: float = 5.0
    patience_s: float = 30.0

    def wait_s(self, attempt: int, retry_after_s: float | None, spread: float) -> float | None:
        """Seconds to wait after `attempt`, counted from 1; None when no further attempt is made."""
        if attempt >= self.attempts:
            return None
        wait = min(self.longest_s, self.first_s * 2 ** (attempt - 1)) * (0.5 + spread / 2)
        wait = max(wait, retry_after_s or 0.0)
        return wait if wait <= self.patience_s else None


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """The result of the call."""

    value: T


@dataclass(frozen=True, slots=True)
class Wait:
    """The sleep before the next attempt, in seconds."""

    seconds: float


class Exchange(Generic[T]):
    """The attempts of one call. `spread` returns random numbers from 0 to 1, so that many clients
    do not retry at the same time."""

    def __init__(
        self, call: Call[T], retries: Retries, *, spread: Callable[[], float] = random.random
    ) -> None:
        self._call = call
        self._retries = retries
        self._spread = spread
        self._attempt = 1

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request, the same for each attempt, Idempotency-Key included."""
        call = self._call
        return client.build_request(
            call.method, call.path, json=call.json, params=call.params, headers=call.headers
        )

    def answered(self, response: httpx.Response) -> Result[T] | Wait:
        """Take an answer. Raises Problem and UnexpectedAnswer."""
        is_text = self._call.is_text and response.is_success
        body = response.text if is_text else _json_of(response)
        decided = self._call.decides and isinstance(body, Mapping) and "decision_id" in body
        if response.is_success or decided:
            try:
                return Result(self._call.read(body))
            except (KeyError, TypeError, AttributeError) as error:
                raise UnexpectedAnswer(
                    f"{self._call.method} {self._call.path}: the answer is of another shape"
                ) from error
        problem = problem_of(response.status_code, body, _retry_after_s(response))
        if self._may_repeat(problem):
            wait = self._next_attempt(problem.retry_after_s)
            if wait is not None:
                return wait
        raise problem

    def failed(self, error: httpx.TransportError) -> Wait:
        """Take a failure of the network. Raises Unreachable."""
        unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if self._call.repeatable or unsent:
            wait = self._next_attempt(None)
            if wait is not None:
                return wait
        raise Unreachable(
            f"{self._call.method} {self._call.path}: {type(error).__name__} "
            f"after {self._attempt} attempt(s)"
        ) from error

    def _may_repeat(self, problem: Problem) -> bool:
        if problem.status == 429 or problem.slug == _BUSY_SLUG:
            return True
        return self._call.repeatable and problem.status in _RETRIED_STATUSES

    def _next_attempt(self, retry_after_s: float | None) -> Wait | None:
        wait = self._retries.wait_s(self._attempt, retry_after_s, self._spread())
        if wait is None:
            return None
        self._attempt += 1
        return Wait(wait)


def _json_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        if response.is_success:
            raise UnexpectedAnswer(
                f"{response.request.method} {response.request.url.path}: the answer is no JSON"
            ) from None
        return None


def _retry_after_s(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
