"""Runs the rules over one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gateway.pii.message import Message
from gateway.pii.resolve import resolve
from gateway.pii.rule import Hit, Rule

BUDGET_S = 0.05
"""CPU that one pattern may take on one message."""


def open_rules(rules: Sequence[Rule], message: Message) -> list[Rule]:
    """The rules whose gate opens: the others cannot match."""
    return [rule for rule in rules if rule.gate.opens(message)]


def scan(
    rules: Iterable[Rule],
    message: Message,
    *,
    budget_s: float = BUDGET_S,
    run: Callable[[Rule, Message, float], Iterable[Hit]] = lambda rule, message, budget_s: (
        rule.hits(message, budget_s)
    ),
) -> tuple[Hit, ...]:
    """What stands of the hits of `rules`, by start. Raises StageTimeout."""
    hits = [hit for rule in rules for hit in run(rule, message, budget_s)]
    if len(hits) < 2:
        return tuple(hits)
    return resolve(message.text, hits)
