"""A circuit breaker: leaves a platform alone while it fails, and asks again now and then."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.ports import Now


class RouteBreaker:
    """For one route. After `failures` in a row it opens for `rest_s`; then one attempt at a time
    may try. Each further failure doubles the rest, up to `max_rest_s`; one success closes it."""

    def __init__(
        self, *, now: Now, failures: int = 5, rest_s: float = 5.0, max_rest_s: float = 120.0
    ) -> None:
        self._now = now
        self._threshold = failures
        self._first_rest = timedelta(seconds=rest_s)
        self._max_rest = timedelta(seconds=max_rest_s)
        self._failed = 0
        self._rest = self._first_rest
        self._open_until: datetime | None = None
        self._probing = False

    def wait_s(self) -> float:
        """0.0 when an attempt may be made now, whose end must be told to `succeeded` or `failed`;
        else the seconds until it is worth asking again."""
        if self._open_until is None:
            return 0.0
        left = (self._open_until - self._now()).total_seconds()
        if left > 0:
            return left
        # This attempt is the probe. Should its end never be told, another may try after a rest.
        self._probing = True
        self._open_until = self._now() + self._rest
        return 0.0

    def succeeded(self) -> None:
        self._failed = 0
        self._rest = self._first_rest
        self._open_until = None
        self._probing = False

    def failed(self) -> None:
        self._failed += 1
        if self._probing:
            self._probing = False
            self._rest = min(self._rest * 2, self._max_rest)
        elif self._open_until is not None or self._failed < self._threshold:
            return  # a straggler from before it opened tells nothing new
        self._open_until = self._now() + self._rest
