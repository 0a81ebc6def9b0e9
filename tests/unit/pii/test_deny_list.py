from __future__ import annotations

from gateway.pii import deny_list
from gateway.pii.message import ScannedText


def test_whole_words_in_any_case_are_denied() -> None:
    rule = deny_list.rule(("Project X", "rue (secrète)"))
    text = "about project x, not project xy; RUE (SECRÈTE)"
    found = [text[hit.start : hit.end] for hit in rule.hits(ScannedText(text), 1.0)]
    assert found == ["project x", "RUE (SECRÈTE)"]
    assert rule.kind == "DENY_LIST"
