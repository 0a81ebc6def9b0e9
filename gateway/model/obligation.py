"""What a decision requires to be done to a message before it may be published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ObligationKind(StrEnum):
    """Kinds of obligations, with the params of each:

    REDACT: `kinds` (list of PII kinds), `mode` ("placeholder" | "remove" | "mask" | "hmac" |
        "pseudonym").
    DISCLOSE: `notice` (a NoticeKind), `position` (a NoticePosition, "start" where it is missing).
    MARK: `formats` (list of MarkFormatName), machine-readable.
    REPLACE: `template` (a ReplacementTemplate), the whole text is replaced.
    ESCALATE: `to` ("reviewer"), `why`: a person must look at the conversation.
    """

    REDACT = "redact"
    DISCLOSE = "disclose"
    MARK = "mark"
    REPLACE = "replace"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What must be done to a message before it may be published.

    `rules` are the ids of the rules that caused it, at least one, sorted.
    """

    kind: ObligationKind
    rules: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


def escalating(obligations: Iterable[Obligation]) -> tuple[str, ...]:
    """The ids of the rules that call a person, sorted; empty when none does."""
    called = (due.rules for due in obligations if due.kind is ObligationKind.ESCALATE)
    return tuple(sorted({rule for rules in called for rule in rules}))
