"""What the scan runs, and what it yields."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import regex

from gateway.errors import StageTimeout
from gateway.model.finding import Stage
from gateway.pii.message import Prefilter, ScannedText

ACCEPT = 0.5
"""A hit counts from this score on, after context."""

DENIED = "DENY_LIST"
"""The kind of what an operator's own list found."""

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, order=True)
class RuleHit:
    """A match: offsets in the normalised text."""

    start: int
    end: int
    kind: str
    score: float
    checked: bool
    source: str
    advisory: bool = False


class PiiRule(Protocol):
    """What the scan runs: `gate` first, then `hits`. Stateless."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def gate(self) -> Prefilter: ...

    @property
    def about(self) -> str: ...

    @property
    def identity(self) -> str:
        """All that its hits depend on, as text: hashed into the audit entries."""
        ...

    def hits(self, message: ScannedText, budget_s: float) -> Iterator[RuleHit]:
        """Raises StageTimeout when one pattern takes more than `budget_s` of CPU."""
        ...


def matches(pattern: regex.Pattern[str], text: str, budget_s: float) -> list[regex.Match[str]]:
    """All matches. Raises StageTimeout when this thread spent `budget_s` seconds of CPU.

    The regex module counts the CPU time of the whole process, so that a busy neighbour thread
    could time us out: it is tried again unless this thread itself used the time.
    """
    for _ in range(_ATTEMPTS):
        started = time.thread_time()
        try:
            return list(pattern.finditer(text, timeout=budget_s))
        except TimeoutError:
            if time.thread_time() - started >= budget_s / 2:
                break
    raise StageTimeout(Stage.PII, budget_s * 1000)


class ScanDeadline:
    """CPU time of this thread from now on, for work that is not one regular expression."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._at = time.thread_time() + budget_s

    def check(self) -> None:
        """Raises StageTimeout when it has passed."""
        if time.thread_time() > self._at:
            raise StageTimeout(Stage.PII, self._budget_s * 1000)
