"""A circuit breaker: after repeated failures, fail at once for a while instead of waiting."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Circuit(StrEnum):
    CLOSED = "closed"  # calls go through
    OPEN = "open"  # calls fail at once
    HALF_OPEN = "half_open"  # one call tries whether it works again


class EngineBreaker:
    """A circuit breaker for one policy engine.

    `failures` in a row open it for `cooldown_s`; then one call is let through, and its
    outcome decides. `clock` gives monotonic seconds. For one event loop.
    """

    def __init__(self, *, failures: int, cooldown_s: float, clock: Callable[[], float]) -> None:
        self._allowed = failures
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._failed = 0
        self._opened_at = 0.0
        self._circuit = Circuit.CLOSED

    @property
    def circuit(self) -> Circuit:
        if self._circuit is Circuit.OPEN and self._clock() - self._opened_at >= self._cooldown_s:
            return Circuit.HALF_OPEN
        return self._circuit

    def admit(self) -> bool:
        """Whether a call may be made now. Every admitted call ends in succeed() or fail()."""
        circuit = self.circuit
        if circuit is Circuit.HALF_OPEN:
            # Others wait for this one's outcome: the cooldown starts anew.
            self._circuit, self._opened_at = Circuit.OPEN, self._clock()
        return circuit is not Circuit.OPEN

    def succeed(self) -> None:
        self._failed, self._circuit = 0, Circuit.CLOSED

    def fail(self) -> None:
        self._failed += 1
        if self._failed >= self._allowed:
            self._circuit, self._opened_at = Circuit.OPEN, self._clock()
