"""When to ask a server again: at regular intervals, and ever more rarely while it fails."""

from __future__ import annotations

from collections.abc import Callable

_MAX_DOUBLINGS = 5
"""After so many failures in a row, the wait doubles no more."""
_MAX_WAIT_S = 600.0
"""Longest wait in seconds, unless the regular interval is longer."""


class RetrySchedule:
    """The schedule of requests to one server.

    `clock` counts seconds. `chance` returns a random number from 0 to 1, which spreads the retries
    of replicas that failed together.
    """

    def __init__(
        self, *, interval_s: float, clock: Callable[[], float], chance: Callable[[], float]
    ) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._due = float("-inf")

    @property
    def due(self) -> bool:
        """Whether the server should be asked now."""
        return self._clock() >= self._due

    def succeeded(self) -> None:
        """Note a success: the next request is due after the regular interval."""
        self._failures = 0
        self._due = self._clock() + self._interval_s

    def failed(self) -> None:
        """Note a failure. After the n-th in a row, counted from 0, the next request is due after
        2^n intervals, at most ten minutes, shortened at random by up to a half."""
        times = 2 ** min(self._failures, _MAX_DOUBLINGS)
        longest = max(_MAX_WAIT_S, self._interval_s)
        wait_s = min(times * self._interval_s, longest)
        self._failures += 1
        self._due = self._clock() + wait_s * (0.5 + self._chance() / 2)
