from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.rule import RuleHit


@pytest.mark.parametrize("handle", ["@lea", "@lea_m.artin"])
def test_handles_are_advice(hits: Callable[..., tuple[RuleHit, ...]], handle: str) -> None:
    text = f"Merci {handle} !"
    [hit] = hits(text)
    assert (hit.kind, text[hit.start : hit.end], hit.advisory) == ("HANDLE", handle, True)


@pytest.mark.parametrize("text", ["a@b", "@", "@ lea", "x/@lea"])
def test_others(hits: Callable[..., tuple[RuleHit, ...]], text: str) -> None:
    assert hits(text) == ()
