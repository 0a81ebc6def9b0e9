from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.demo.check import faults, tally
from gateway.demo.script import Expectation, ScriptLine

SAID = "Write to me@example.com!"
LINE = ScriptLine(
    id="one",
    submission={"text": SAID},
    expect=Expectation(
        verdict="publish", redacted=("EMAIL_ADDRESS",), labelled=True, rules=("baseline.pii",)
    ),
)
OUTCOME: dict[str, Any] = {
    "verdict": "publish",
    "reasons": [{"rule": "baseline.pii"}, {"rule": "eu.aia.50.1"}],
    "redacted": ["EMAIL_ADDRESS"],
    "text": "[AI] Write to [email]!",
    "disclosure": {"notices": [{"notice": "ai", "text": "[AI]"}], "replaced_by": None},
}
RECEIVED = {"text": "[AI] Write to [email]!"}


def test_what_came_out_as_it_must_has_no_faults() -> None:
    assert faults(LINE, OUTCOME, RECEIVED) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"verdict": "hold"}, "verdict hold, expected publish"),
        ({"reasons": []}, "did not fire: baseline.pii"),
        ({"redacted": []}, "stripped []"),
        ({"redacted": ["EMAIL_ADDRESS", "PHONE_NUMBER"]}, "stripped"),
        ({"disclosure": {"notices": [], "replaced_by": None}}, "expected labelled=True"),
        ({"disclosure": {**OUTCOME["disclosure"], "replaced_by": "crisis"}}, "replaced_by crisis"),
        (
            {"disclosure": {"notices": [{"notice": "ad", "text": "[AI]"}], "replaced_by": None}},
            "expected ad=False",
        ),
    ],
)
def test_a_fault_of_the_outcome_is_named(changed: dict[str, Any], fault: str) -> None:
    assert fault in "; ".join(faults(LINE, {**OUTCOME, **changed}, RECEIVED))


@pytest.mark.parametrize(
    ("received", "fault"),
    [
        (None, "the platform received nothing"),
        ({"text": "[AI] Write to me!"}, "another text"),
        ({"text": "Write to [email]!"}, "the notice ai is not in the text"),
        ({"text": f"[AI] {SAID}"}, "unstripped"),
    ],
)
def test_a_fault_of_what_arrived_is_named(received: dict[str, Any] | None, fault: str) -> None:
    assert fault in "; ".join(faults(LINE, OUTCOME, received))


def test_what_is_not_published_must_not_arrive() -> None:
    held = replace(LINE, expect=Expectation(verdict="hold"))
    outcome = {**OUTCOME, "verdict": "hold", "text": None, "disclosure": None}
    assert faults(held, outcome, None) == []
    assert faults(held, outcome, RECEIVED) == ["the platform received what was not published"]


def test_verdicts_are_counted() -> None:
    results = [{"verdict": verdict} for verdict in ("publish", "hold", "publish")]
    assert tally(results) == {"publish": 2, "hold": 1}
