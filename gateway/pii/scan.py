"""`scan` runs rules over one message; `Gated` picks the rules that can match in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.resolve import resolve
from gateway.pii.rule import PiiRule, RuleHit

BUDGET_S = 0.05
"""CPU seconds that one pattern may take on one message: hundreds of times what it usually takes."""


class Gated:
    """Rules ordered by their gates, so that most gates are skipped without a test.

    A gate that several rules share is tested once for a message. Skipped are gates that need more
    digits than the message has; and gates that need a name, when the message is in none of their
    places and none of its words begins like one of their names.
    """

    __slots__ = ("_digits", "_gates", "_homes", "_named", "_named_digits", "_openings")

    def __init__(self, rules: Iterable[PiiRule]) -> None:
        behind: dict[Prefilter, list[PiiRule]] = {}
        for rule in rules:
            behind.setdefault(rule.gate, []).append(rule)
        ordered = sorted(behind.items(), key=lambda item: item[0].digits)
        self._gates = [item for item in ordered if not item[0].named]
        self._digits = [gate.digits for gate, _ in self._gates]
        self._named = [item for item in ordered if item[0].named]
        self._named_digits = [gate.digits for gate, _ in self._named]
        self._homes = frozenset().union(*(gate.home for gate, _ in self._named))
        self._openings = frozenset().union(*(gate.openings for gate, _ in self._named))

    def open(self, message: ScannedText) -> list[PiiRule]:
        """The rules that can match in `message`: those whose gate opens."""
        reach = bisect_right(self._digits, message.digits)
        gates = self._gates[:reach]
        reach = bisect_right(self._named_digits, message.digits)
        if reach and self._may_be_named(message):
            gates += self._named[:reach]
        return [rule for gate, rules in gates if gate.opens(message) for rule in rules]

    def _may_be_named(self, message: ScannedText) -> bool:
        return (
            not message.text.isascii()
            or not message.places.isdisjoint(self._homes)
            or not message.openings.isdisjoint(self._openings)
        )


def scan(
    rules: Iterable[PiiRule],
    message: ScannedText,
    *,
    budget_s: float = BUDGET_S,
    run: Callable[
        [PiiRule, ScannedText, float], Iterable[RuleHit]
    ] = lambda rule, message, budget_s: rule.hits(message, budget_s),
) -> tuple[RuleHit, ...]:
    """The hits of `rules` that stand in `message`, sorted by start. `run` yields the hits of one
    rule. Raises StageTimeout when a pattern takes more than `budget_s` of CPU."""
    hits = [hit for rule in rules for hit in run(rule, message, budget_s)]
    if len(hits) < 2:
        return tuple(hits)
    return resolve(message.text, hits)
