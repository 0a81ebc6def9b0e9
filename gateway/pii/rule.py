"""A recognizer with all that decides when it runs and what its matches are worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import regex
from presidio_analyzer import Pattern, PatternRecognizer

from gateway.errors import StageTimeout
from gateway.model.finding import Stage
from gateway.pii.context import NOWHERE, Context
from gateway.pii.message import Gate, Message

ACCEPT = 0.5
"""A hit counts from this score on, after context."""

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A match: offsets in the normalised text."""

    start: int
    end: int
    kind: str
    score: float
    checked: bool
    source: str
    advisory: bool = False


class Rule(Protocol):
    """What the scan runs: `gate` first, then `hits`. Stateless."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def gate(self) -> Gate: ...

    @property
    def about(self) -> str: ...

    @property
    def identity(self) -> str:
        """All that its hits depend on, as text: hashed into the audit entries."""
        ...

    def hits(self, message: Message, budget_s: float) -> Iterator[Hit]:
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


class Deadline:
    """CPU time of this thread from now on, for work that is not one regular expression."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._at = time.thread_time() + budget_s

    def check(self) -> None:
        """Raises StageTimeout when it has passed."""
        if time.thread_time() > self._at:
            raise StageTimeout(Stage.PII, self._budget_s * 1000)


@dataclass(frozen=True, kw_only=True)
class PatternRule:
    """Runs the patterns of a Presidio recognizer, its own validation and invalidation, without
    its engine: a time-out raises here, where Presidio would skip the pattern.

    `checksum`: what its `validate_result` lets pass has passed a checksum. `home`: places where
    a hit gains `at_home`. A hit with a context word nearby scores at least `in_context`.
    `accepts` looks at the text around a hit and may refuse it.
    """

    recognizer: PatternRecognizer
    about: str
    gate: Gate
    context: Context = NOWHERE
    checksum: bool = False
    in_context: float = 0.85
    home: frozenset[str] = frozenset()
    at_home: float = 0.0
    advisory: bool = False
    accepts: Callable[[Message, int, int], bool] | None = None

    @property
    def name(self) -> str:
        return str(self.recognizer.name)  # type: ignore[has-type]

    @property
    def patterns(self) -> Sequence[Pattern]:
        patterns: Sequence[Pattern] = self.recognizer.patterns  # type: ignore[has-type]
        return patterns

    @property
    def kind(self) -> str:
        return str(self.recognizer.supported_entities[0])

    @property
    def identity(self) -> str:
        return repr(
            [
                (self.name, self.kind, self.checksum, self.in_context, self.at_home),
                [(p.name, p.regex, p.score) for p in self.patterns],
                sorted(self.home),
                self.context.stems,
                self.context.against,
            ]
        )

    @cached_property
    def compiled(self) -> tuple[tuple[regex.Pattern[str], float], ...]:
        flags = int(self.recognizer.global_regex_flags or 0)
        return tuple(
            (regex.compile(pattern.regex, flags), float(pattern.score)) for pattern in self.patterns
        )

    def hits(self, message: Message, budget_s: float) -> Iterator[Hit]:
        text = message.text
        for pattern, score in self.compiled:
            for match in matches(pattern, text, budget_s):
                start, end = match.span()
                valid = self._validated(text[start:end], score)
                if valid:
                    yield from self.weighed(message, start, end, valid)

    def weighed(self, message: Message, start: int, end: int, score: float) -> Iterator[Hit]:
        """The hit, if the text around it makes it count."""
        if self.at_home and message.is_at_home(self.home):
            score += self.at_home
        if score < self.in_context and self.context.supports(message.text, start, end):
            score = self.in_context
        if score >= ACCEPT and (self.accepts is None or self.accepts(message, start, end)):
            yield Hit(
                start,
                end,
                self.kind,
                min(round(score, 3), 1.0),
                self.checksum,
                self.name,
                self.advisory,
            )

    def _validated(self, value: str, score: float) -> float:
        """Presidio's own meaning: True is certain, False is nothing, None leaves the score."""
        if not value:
            return 0.0
        valid = self.recognizer.validate_result(value)
        if valid is not None:
            score = 1.0 if valid else 0.0
        if score and self.recognizer.invalidate_result(value):
            return 0.0
        return score
