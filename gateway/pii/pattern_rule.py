"""`PatternRule`: a Presidio recognizer, when it runs, and how its matches are scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex
from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import NOWHERE, ContextWords
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.placeholders import PlaceholderWord
from gateway.pii.rule import ACCEPT, RuleHit, matches


@dataclass(frozen=True, kw_only=True)
class PatternRule:
    """A detection rule (`PiiRule`) that runs the patterns and the validation of a Presidio
    recognizer without Presidio's engine, which would skip a pattern that takes too long: here a
    time-out raises.

    `gate` says which texts it runs on, `about` what it finds. `placeholder` is the word for what
    was stripped. `checksum`: a value that passes `validate_result` has passed a checksum. A hit
    gains `at_home` in a message that belongs to one of the places of `home`, and scores at least
    `in_context` beside a word of `context`. `accepts` gets the message and the span of a hit and
    may refuse it. `advisory` hits are not stripped by default. `timed` is false for patterns that
    begin with a literal and repeat once: they cannot take long, and the clock costs more.
    """

    recognizer: PatternRecognizer
    placeholder: PlaceholderWord
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
                validated = self._validated_score(text[start:end], score)
                if validated:
                    yield from self.weighed(message, start, end, validated)

    def weighed(
        self, message: ScannedText, start: int, end: int, score: float
    ) -> Iterator[RuleHit]:
        """Yield the hit with its final score, if that is enough and `accepts` agrees."""
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

    def _validated_score(self, value: str, score: float) -> float:
        """The score after Presidio's validation, 0.0 for a refused value. An answer of True makes
        it certain, False refuses it, None leaves `score`."""
        if not value:
            return 0.0
        is_valid = self.recognizer.validate_result(value)
        if is_valid is not None:
            score = 1.0 if is_valid else 0.0
        if score and self.recognizer.invalidate_result(value):
            return 0.0
        return score
