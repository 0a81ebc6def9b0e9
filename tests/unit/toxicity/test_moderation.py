"""Our categories as OpenAI's: what is not covered stays unknown."""

from __future__ import annotations

import pytest

from gateway.errors import StageUndefined
from gateway.policy.packs.source import load_snapshot
from gateway.toxicity.moderation import CATEGORIES, hold_lines, moderation
from gateway.toxicity.scorer import CATEGORIES as OURS
from tests.paths import ROOT

LINES = {"other": 0.6, "threat": 0.5, "identity_attack": 0.5}
QUIET: dict[str, float | None] = dict.fromkeys(OURS, 0.1)
NEVER = {
    "illicit",
    "illicit/violent",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual/minors",
    "violence/graphic",
}


def test_what_no_model_covers_is_none_in_every_answer() -> None:
    answer = moderation(dict.fromkeys(OURS, 1.0), LINES, self_harm_told=True)
    assert set(answer.categories) == set(answer.scores) == set(CATEGORIES)
    assert {name for name, flag in answer.categories.items() if flag is None} == NEVER
    assert {name for name, score in answer.scores.items() if score is None} == NEVER
    assert answer.flagged


@pytest.mark.parametrize(
    ("ours", "flags"),
    [
        ("insult", {"harassment"}),
        ("threat", {"harassment/threatening", "violence"}),
        ("identity_attack", {"hate"}),
        ("sexual_explicit", {"sexual"}),
        ("self_harm", {"self-harm"}),
        ("obscene", set()),
        ("toxicity", set()),
    ],
)
def test_each_category_has_its_own(ours: str, flags: set[str]) -> None:
    answer = moderation({**QUIET, ours: 0.9}, LINES, self_harm_told=False)
    assert {name for name, flag in answer.categories.items() if flag} == flags
    assert answer.flagged == bool(flags)


def test_a_threat_to_a_group_needs_both() -> None:
    both = moderation({**QUIET, "identity_attack": 0.8, "threat": 0.7}, LINES, self_harm_told=False)
    assert both.categories["hate/threatening"] is True
    assert both.scores["hate/threatening"] == 0.7
    one = moderation({**QUIET, "identity_attack": 0.8, "threat": None}, LINES, self_harm_told=False)
    assert one.categories["hate/threatening"] is None
    assert one.categories["violence"] is None
    assert one.categories["hate"] is True


def test_a_score_at_the_line_is_flagged_just_below_it_is_not() -> None:
    at = moderation({**QUIET, "threat": 0.5}, LINES, self_harm_told=False)
    below = moderation({**QUIET, "threat": 0.4999}, LINES, self_harm_told=False)
    assert (at.categories["violence"], below.categories["violence"]) == (True, False)


def test_no_phrase_of_self_harm_is_no_all_clear() -> None:
    uncovered = {**QUIET, "self_harm": None}
    assert moderation(uncovered, LINES, self_harm_told=False).categories["self-harm"] is None
    told = moderation(uncovered, LINES, self_harm_told=True)
    assert (told.categories["self-harm"], told.scores["self-harm"]) == (True, 1.0)


def test_the_lines_are_the_lowest_of_the_shipped_channels() -> None:
    data = load_snapshot(ROOT / "policies").data
    lines = hold_lines(data)
    tables = data["baseline"]["toxicity"]["normal"].values()
    for name, line in lines.items():
        assert line == min(table["hold"].get(name, table["hold"]["other"]) for table in tables)
    assert {"other", "threat", "identity_attack", "sexual_explicit"} <= set(lines)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"baseline": {"toxicity": {"normal": {}}}},
        {"baseline": {"toxicity": {"normal": {"dm": {"hold": {"threat": 0.5}}}}}},
        {"baseline": {"toxicity": {"normal": {"dm": {"hold": {"other": "high"}}}}}},
        {"baseline": {"toxicity": {"normal": "dm"}}},
    ],
)
def test_without_lines_nothing_is_said(data: dict[str, object]) -> None:
    with pytest.raises(StageUndefined):
        hold_lines(data)
