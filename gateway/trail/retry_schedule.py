"""When to ask others again: every so often, and ever more rarely while they fail."""

from __future__ import annotations

from collections.abc import Callable

_DOUBLINGS = 5
_LONGEST_S = 600.0


class RetrySchedule:
    """For one server that is asked. `clock` counts seconds; `chance` gives 0 to 1, so that many
    who fail together do not all come back at once."""

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
        return self._clock() >= self._due

    def succeeded(self) -> None:
        self._failures = 0
        self._due = self._clock() + self._interval_s

    def failed(self) -> None:
        """The n-th failure in a row: wait 2^n intervals, ten minutes at most, less up to half."""
        times = 2 ** min(self._failures, _DOUBLINGS)
        longest = max(_LONGEST_S, self._interval_s)
        wait_s = min(times * self._interval_s, longest)
        self._failures += 1
        self._due = self._clock() + wait_s * (0.5 + self._chance() / 2)
