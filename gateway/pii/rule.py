"""The interface of a detection rule (`PiiRule`) and its match (`RuleHit`), with CPU limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import regex

from gateway.errors import StageTimeout
from gateway.model.finding import Stage
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.placeholders import PlaceholderWord

ACCEPT = 0.5
"""Least score at which a hit counts, context and home taken into account."""

DENIED = "DENY_LIST"
"""The kind of findings of an operator's own list."""

_ATTEMPTS = 8
"""Most tries of one pattern: some may time out because of other threads, a garbage collection or a
busy host."""
_SLOW = 2
"""CPU budgets that this thread itself must have spent before a pattern counts as slow: only a slow
pattern uses up more than one."""


@dataclass(frozen=True, slots=True, order=True)
class RuleHit:
    """One match of a rule. Offsets are in the normalised text; `source` names the recognizer."""

    start: int
    end: int
    kind: str
    score: float
    checked: bool
    source: str
    advisory: bool = False


class PiiRule(Protocol):
    """A stateless detection rule: the scan looks at `gate` first, then runs `hits`."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def gate(self) -> Prefilter: ...

    @property
    def placeholder(self) -> PlaceholderWord:
        """The word that stands in for a stripped value; the same for all rules of one kind."""
        ...

    @property
    def about(self) -> str:
        """What it finds: one sentence for the reference."""
        ...

    @property
    def identity(self) -> str:
        """All that its hits depend on, as text. A hash of it is in the audit entries."""
        ...

    def hits(self, message: ScannedText, budget_s: float) -> Iterator[RuleHit]:
        """Yield the matches in `message`. Raises StageTimeout when one pattern takes more than
        `budget_s` of CPU."""
        ...


def matches(pattern: regex.Pattern[str], text: str, budget_s: float) -> list[regex.Match[str]]:
    """All matches of `pattern`. Raises StageTimeout when it repeatedly takes more than `budget_s`
    seconds of CPU.

    The regex module counts the CPU time of the whole process, so that a busy thread beside this one
    can cause a time-out: the pattern is tried again until this thread itself has used the time.
    """
    started = time.thread_time()
    for _ in range(_ATTEMPTS):
        try:
            return list(pattern.finditer(text, timeout=budget_s))
        except TimeoutError:
            if time.thread_time() - started >= _SLOW * budget_s:
                break
    raise StageTimeout(Stage.PII, budget_s * 1000)


class ScanDeadline:
    """A limit on the CPU time of this thread, `budget_s` seconds from now, for work that is not
    one regular expression."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._at = time.thread_time() + budget_s

    def check(self) -> None:
        """Raises StageTimeout once the time is used up."""
        if time.thread_time() > self._at:
            raise StageTimeout(Stage.PII, self._budget_s * 1000)
