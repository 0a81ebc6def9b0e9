"""What two sets of policies say differently of one message."""

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
    """None when they say the same. Of the rules in `blind`, which could not see what they judge
    by, what was said `before` counts for both."""
    carried = [one for one in before["reasons"] if one["rule"] in blind]
    seen = [one for one in after["reasons"] if one["rule"] not in blind]
    old, new = _rule_verdicts(before["reasons"]), _rule_verdicts([*carried, *seen])
    verdict = strictest(*(Verdict(verdict) for _, verdict in new))
    was = Verdict(before["verdict"])
    kept = [one for one in before["obligations"] if blind.intersection(one["rules"])]
    asked = [one for one in after["obligations"] if not blind.issuperset(one["rules"])]
    obligations = _obligation_set(before["obligations"]) != _obligation_set([*kept, *asked])
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
    return {(str(one["rule"]), str(one["verdict"])) for one in reasons}


def _obligation_set(given: Sequence[Mapping[str, Any]]) -> set[str]:
    return {json.dumps([one["kind"], one["params"]], sort_keys=True) for one in given}
