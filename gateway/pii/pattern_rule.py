"""A Presidio recognizer with all that decides when it runs and what its matches are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex
from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import NOWHERE, ContextWords
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.rule import ACCEPT, RuleHit, matches


@dataclass(frozen=True, kw_only=True)
class PatternRule:
    """Runs the patterns of a Presidio recognizer, its own validation and invalidation, without
    its engine: a time-out raises here, where Presidio would skip the pattern.

    `checksum`: what its `validate_result` lets pass has passed a checksum. `home`: places where
    a hit gains `at_home`. A hit with a context word nearby scores at least `in_context`.
    `accepts` looks at the text around a hit and may refuse it. Not `timed`: the patterns begin with
    a literal and repeat once, so that they cannot take long, and asking a clock would.
    """

    recognizer: PatternRecognizer
    about: str
    gate: Prefilter
    context: ContextWords = NOWHERE
    checksum: bool = False
    in_context: float = 0.85
    home: frozenset[str] = frozenset()
    at_home: float = 0.0
    advisory: bool = False
    timed: bool = True
    accepts: Callable[[ScannedText, int, int], bool] | None = None

    @cached_property
    def name(self) -> str:
        return str(self.recognizer.name)  # type: ignore[has-type] # not declared by Presidio

    @property
    def patterns(self) -> Sequence[Pattern]:
        patterns: Sequence[Pattern] = self.recognizer.patterns  # type: ignore[has-type] # not declared by Presidio
        return patterns

    @cached_property
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
                self.gate.named,
                self.about,
            ]
        )

    @cached_property
    def compiled(self) -> tuple[tuple[regex.Pattern[str], float], ...]:
        flags = int(self.recognizer.global_regex_flags or 0)
        return tuple(
            (regex.compile(pattern.regex, flags), float(pattern.score)) for pattern in self.patterns
        )

    def hits(self, message: ScannedText, budget_s: float) -> Iterator[RuleHit]:
        text = message.text
        for pattern, score in self.compiled:
            for match in matches(pattern, text, budget_s) if self.timed else pattern.finditer(text):
                start, end = match.span()
                valid = self._validated(text[start:end], score)
                if valid:
                    yield from self.weighed(message, start, end, valid)

    def weighed(
        self, message: ScannedText, start: int, end: int, score: float
    ) -> Iterator[RuleHit]:
        """The hit, if the text around it makes it count."""
        if self.at_home and message.is_at_home(self.home):
            score += self.at_home
        if score < self.in_context and self.context.supports(message.text, start, end):
            score = self.in_context
        if score >= ACCEPT and (self.accepts is None or self.accepts(message, start, end)):
            yield RuleHit(
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
