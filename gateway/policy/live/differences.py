"""How the decisions of two sets of policies about one message differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.verdict import Verdict, strictest

Said = Mapping[str, Any]  # a decision as JSON: verdict, reasons, obligations


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two sets of policies differ about one message.

    `fired` are rules that the other policies add (or whose verdict they change), `gone` those
    that they leave out; ids, sorted. `obligations`: what must be done differs.
    """

    before: Verdict
    after: Verdict
    fired: tuple[str, ...]
    gone: tuple[str, ...]
    obligations: bool

    @property
    def step(self) -> str:
        return f"{self.before.value} → {self.after.value}"


def difference(before: Said, after: Said, *, blind: frozenset[str]) -> Difference | None:
    """The difference; None when both decisions agree. Rules in `blind` could not see what they
    decide by: their results in `before` count for both."""
    carried = [reason for reason in before["reasons"] if reason["rule"] in blind]
    seen = [reason for reason in after["reasons"] if reason["rule"] not in blind]
    old, new = _rule_verdicts(before["reasons"]), _rule_verdicts([*carried, *seen])
    verdict = strictest(*(Verdict(verdict) for _, verdict in new))
    was = Verdict(before["verdict"])
    kept = [item for item in before["obligations"] if blind.intersection(item["rules"])]
    added = [item for item in after["obligations"] if not blind.issuperset(item["rules"])]
    obligations = _obligation_set(before["obligations"]) != _obligation_set([*kept, *added])
    if was is verdict and old == new and not obligations:
        return None
    return Difference(
        before=was,
        after=verdict,
        fired=tuple(sorted({rule for rule, _ in new - old})),
        gone=tuple(sorted({rule for rule, _ in old - new})),
        obligations=obligations,
    )


def _rule_verdicts(reasons: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {(str(reason["rule"]), str(reason["verdict"])) for reason in reasons}


def _obligation_set(given: Sequence[Mapping[str, Any]]) -> set[str]:
    return {json.dumps([item["kind"], item["params"]], sort_keys=True) for item in given}
