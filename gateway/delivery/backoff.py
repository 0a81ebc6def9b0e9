"""Delays between attempts: exponential back-off with full jitter.

Full jitter (a random share of the whole delay) spreads the retries of many messages that failed
together; see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Delays between the attempts of one delivery.

    `base_s` is the longest delay after the first attempt; it doubles up to `cap_s`. `random`
    returns numbers in [0, 1).
    """

    def __init__(
        self, *, random: Callable[[], float], base_s: float = 1.0, cap_s: float = 300.0
    ) -> None:
        self._random = random
        self._base_s = base_s
        self._cap_s = cap_s

    def delay_s(self, attempt: int, retry_after_s: float | None = None) -> float:
        """Seconds to wait after failed `attempt` (from 1). The delay that the platform asked for is
        added in full, so that retries are spread after it."""
        doublings = min(attempt - 1, 32)
        jitter = self._random() * min(self._cap_s, self._base_s * 2.0**doublings)
        return jitter + (retry_after_s or 0.0)
