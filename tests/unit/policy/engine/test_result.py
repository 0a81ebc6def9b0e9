from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import StageUndefined
from gateway.model.obligation import ObligationKind
from gateway.model.verdict import Verdict
from gateway.policy.engine.result import MAX_RESULT_BYTES, parse, parse_json


def _answer(**changes: Any) -> dict[str, Any]:
    return {"verdict": "publish", "reasons": [], "obligations": []} | changes


def _reason(**changes: Any) -> dict[str, Any]:
    return {"rule": "a.b", "text": "Because.", "verdict": "hold"} | changes


def _obligation(kind: str, params: Any, rules: Any = ("a.b",)) -> dict[str, Any]:
    return {"kind": kind, "params": params, "rules": list(rules)}


def test_a_decision() -> None:
    result = parse_json(
        json.dumps(
            _answer(
                verdict="hold",
                reasons=[_reason()],
                obligations=[_obligation("disclose", {"notice": "ai"}, ["b", "a"])],
            )
        )
    )
    assert result.verdict is Verdict.HOLD
    assert result.reasons[0].rule == "a.b"
    assert result.obligations[0].kind is ObligationKind.DISCLOSE
    assert result.obligations[0].rules == ("a", "b")


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("redact", {"kinds": ["EMAIL_ADDRESS"], "mode": "placeholder"}),
        ("disclose", {"notice": "take_a_break", "position": "end"}),
        ("mark", {"formats": ["iptc", "c2pa"]}),
        ("replace", {"template": "crisis"}),
        ("escalate", {"to": "reviewer", "why": "self-harm"}),
    ],
)
def test_obligations_that_can_be_followed(kind: str, params: dict[str, Any]) -> None:
    assert parse(_answer(obligations=[_obligation(kind, params)])).obligations[0].params == params


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "publish",
        [],
        {},
        {"verdict": "publish"},
        _answer(verdict="Publish"),
        _answer(verdict=None),
        _answer(verdict=["publish"]),
        _answer(extra=1),
        _answer(reasons=None),
        _answer(reasons={}),
        _answer(reasons=["a"]),
        _answer(reasons=[{"rule": "a", "text": "b"}]),
        _answer(verdict="hold", reasons=[_reason(rule="")]),
        _answer(verdict="hold", reasons=[_reason(text=3)]),
        _answer(verdict="hold", reasons=[_reason(text="x" * 3_000)]),
        _answer(verdict="hold", reasons=[_reason(verdict="maybe")]),
        _answer(obligations=None),
        _answer(obligations=[_obligation("sing", {})]),
        _answer(obligations=[_obligation("mark", {"formats": ["iptc"]}, [])]),
        _answer(obligations=[_obligation("mark", {"formats": ["iptc"]}, [1])]),
        _answer(obligations=[_obligation("mark", {"formats": []})]),
        _answer(obligations=[_obligation("mark", {"formats": ["stamp"]})]),
        _answer(obligations=[_obligation("mark", {"formats": ["iptc"], "more": 1})]),
        _answer(obligations=[_obligation("mark", None)]),
        _answer(obligations=[_obligation("redact", {"kinds": ["X"]})]),
        _answer(obligations=[_obligation("redact", {"kinds": "X", "mode": "mask"})]),
        _answer(obligations=[_obligation("redact", {"kinds": ["X"], "mode": "burn"})]),
        _answer(obligations=[_obligation("redact", {"kinds": ["X"], "mode": ["mask"]})]),
        _answer(obligations=[_obligation("disclose", {})]),
        _answer(obligations=[_obligation("disclose", {"notice": "rumour"})]),
        _answer(obligations=[_obligation("disclose", {"notice": "ai", "position": "top"})]),
        _answer(obligations=[_obligation("replace", {"template": "song"})]),
        _answer(obligations=[_obligation("escalate", {"to": "police"})]),
        _answer(obligations=[_obligation("escalate", {"to": "reviewer", "why": 1})]),
    ],
)
def test_what_is_not_understood_is_not_obeyed(answer: Any) -> None:
    with pytest.raises(StageUndefined):
        parse(answer)
    with pytest.raises(StageUndefined):
        parse_json(json.dumps(answer))


@pytest.mark.parametrize("verdict", ["hold", "block"])
def test_a_verdict_milder_than_its_reasons_is_no_verdict(verdict: str) -> None:
    with pytest.raises(StageUndefined, match="milder"):
        parse(_answer(reasons=[_reason(verdict=verdict)]))


def test_a_verdict_may_be_stricter_than_its_reasons() -> None:
    assert parse(_answer(verdict="block", reasons=[_reason()])).verdict is Verdict.BLOCK


@pytest.mark.parametrize("answer", ["", "{", "<html>secret", " " * (MAX_RESULT_BYTES + 1)])
def test_what_is_not_json_is_no_answer_and_is_not_quoted(answer: str) -> None:
    with pytest.raises(StageUndefined) as caught:
        parse_json(answer)
    assert "secret" not in str(caught.value)
