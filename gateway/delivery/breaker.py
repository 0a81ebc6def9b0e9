"""A circuit breaker: stops attempts while a platform fails, and probes it now and then."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.ports import Now


class RouteBreaker:
    """A circuit breaker for one route. After `failures` in a row it opens for `rest_s`; then one
    attempt at a time is let through. Each further failure doubles the rest, up to `max_rest_s`; one
    success closes it."""

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
        """Seconds until an attempt may be made; 0.0: now. The attempt then ends with a call of
        `succeeded` or `failed`."""
        if self._open_until is None:
            return 0.0
        left = (self._open_until - self._now()).total_seconds()
        if left > 0:
            return left
        # This attempt is the probe. If it never reports its end, another may try after a rest.
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
            return  # too few, or an attempt that began before the breaker opened
        self._open_until = self._now() + self._rest
