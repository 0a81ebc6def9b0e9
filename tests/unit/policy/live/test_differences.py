from __future__ import annotations

from typing import Any

import pytest

from gateway.model.verdict import Verdict
from gateway.policy.live.differences import difference

NONE: frozenset[str] = frozenset()
MARK = {"kind": "mark", "params": {"formats": ["iptc"]}, "rules": ["a"]}
AD = {"kind": "disclose", "params": {"notice": "ad"}, "rules": ["b"]}


def _said(
    *reasons: tuple[str, str], obligations: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    order = ["publish", "hold", "block"]
    verdict = max((given for _, given in reasons), key=order.index, default="publish")
    listed = [{"rule": rule, "verdict": given} for rule, given in reasons]
    return {"verdict": verdict, "reasons": listed, "obligations": list(obligations)}


def test_the_same_is_no_difference() -> None:
    said = _said(("a", "publish"), ("b", "hold"), obligations=(MARK, AD))
    again = _said(("b", "hold"), ("a", "publish"), obligations=(AD, {**MARK, "rules": ["c"]}))
    assert difference(said, again, blind=NONE) is None


def test_what_fired_and_what_is_gone() -> None:
    found = difference(_said(("a", "publish"), ("b", "block")), _said(("a", "hold")), blind=NONE)
    assert found is not None
    assert (found.before, found.after) == (Verdict.BLOCK, Verdict.HOLD)
    assert (found.fired, found.gone) == (("a",), ("a", "b"))
    assert found.step == "block → hold"
    assert not found.obligations


@pytest.mark.parametrize("after", [(MARK,), (MARK, {**AD, "params": {"notice": "ai"}})])
def test_other_obligations_are_a_difference(after: tuple[dict[str, Any], ...]) -> None:
    found = difference(_said(obligations=(MARK, AD)), _said(obligations=after), blind=NONE)
    assert found is not None
    assert found.obligations


def test_what_blind_rules_said_counts_for_both() -> None:
    before = _said(("a", "hold"), ("b", "publish"), obligations=(AD,))
    blind = frozenset({"a", "b"})
    assert difference(before, _said(), blind=blind) is None
    assert difference(before, _said(("a", "block"), obligations=(AD,)), blind=blind) is None
    found = difference(before, _said(("c", "block")), blind=blind)
    assert found is not None
    assert (found.after, found.fired, found.gone) == (Verdict.BLOCK, ("c",), ())
