from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidField
from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.verdict import Verdict
from gateway.policy.packs.creator_rules import (
    MAX_BYTES,
    creator_rules,
    held,
    rule_name,
    rules_in,
    tightened,
)
from gateway.policy.packs.creator_settings import creator_checker
from gateway.policy.packs.source import load_snapshot

RULES = """\
package creator.lea

results contains {"rule": "no_mornings", "text": "Not before ten.", "verdict": "hold"} if {
	input.message.channel == "dm"
	short(input.text.length)
}

results contains {"rule": "never", "text": "Not this.", "verdict": "block"} if {
	input.text.length > 500
}

short(length) if length < 50
"""
HEAD = "package creator.lea\n\n"
RESULT = 'results contains {"rule": "a", "text": "b", "verdict": "hold"}'


def _decision(verdict: Verdict = Verdict.PUBLISH) -> Decision:
    return Decision(
        verdict=verdict,
        reasons=(Reason(rule="z.pack", text="Because.", verdict=verdict),),
        obligations=(),
        bundle=Bundle(digest="d", revisions={}),
        engine="e",
        path="p",
        document={},
        masked={},
    )


def test_a_module_is_known_by_what_it_can_answer() -> None:
    rules = creator_rules(RULES)
    assert rules.path == "data.creator.lea.results"
    assert {(name, verdict) for name, _, verdict in rules.answers} == {
        ("no_mornings", "hold"),
        ("never", "block"),
    }


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("package creator.lea\n\nresults contains", "settings.rego:"),
        ("package packs.legal.lea\n\n" + RESULT, "package is not creator"),
        ("package gateway\n\ndecision := 1", "package is not creator"),
        (HEAD + "x := 1", "no set `results`"),
        (HEAD + RESULT + " if data.packs.legal", "data that is not its own"),
        (HEAD + "import data.legal\n\n" + RESULT + " if legal.x", "data that is not its own"),
        (HEAD + RESULT + " if data[_]", "recursion"),
        (HEAD + RESULT + " if http.send({})", "neither a function"),
        (HEAD + RESULT + " if f(1)\n\nf(x) := f(x)", "recursion"),
        (HEAD + RESULT.replace("hold", "publish"), "three constants"),
        (HEAD + RESULT.replace('"b"', "input.text.submitted"), "text is empty"),
        (HEAD + RESULT.replace("}", ', "obligations": []}'), "three constants"),
        (HEAD + RESULT.replace('"a"', '"../x"'), "three constants"),
        (HEAD + "results := {1}", "three constants"),
        (HEAD + RESULT.replace('"b"', f'"{"b" * 301}"'), "longer than 300"),
        (HEAD + "#" * MAX_BYTES, "larger than"),
        (HEAD + RESULT + " if " + "[" * 20 + "]" * 20, "nested deeper"),
        (HEAD + RESULT + " if {\n" + "\tsome x in input.media\n" * 13 + "}", "loops|x"),
        (HEAD + RESULT + " if $`{input.text}`", "interpolation"),
    ],
)
def test_what_could_do_more_than_tighten_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(InvalidField, match=wrong):
        creator_rules(text)


@given(
    st.sampled_from(list(Verdict)),
    st.lists(
        st.sampled_from(
            [("no_mornings", "Not before ten.", "hold"), ("never", "Not this.", "block")]
        )
    ),
)
def test_it_only_ever_tightens(verdict: Verdict, answers: list[tuple[str, str, str]]) -> None:
    before = _decision(verdict)
    listed = [dict(zip(("rule", "text", "verdict"), one, strict=True)) for one in answers]
    after = tightened(before, creator_rules(RULES), orjson.dumps(listed), creator="Léa.1")
    assert after.verdict.severity >= before.verdict.severity
    assert set(before.reasons) <= set(after.reasons)
    assert after.obligations == before.obligations
    added = {one.rule for one in after.reasons} - {"z.pack"}
    assert added <= {"creator.l_a_1.no_mornings", "creator.l_a_1.never"}


def test_other_answers_than_its_own_are_not_taken() -> None:
    rules = creator_rules(RULES)
    for answer in ('[{"rule": "never", "text": "words of a message", "verdict": "block"}]', "{"):
        with pytest.raises(ValueError, match=r".+"):
            tightened(_decision(), rules, answer.encode(), creator="lea")


def test_what_failed_holds_and_never_loosens() -> None:
    after = held(_decision(), creator="lea", why="they took too long")
    assert after.verdict is Verdict.HOLD
    assert rule_name("lea", "rules") in {one.rule for one in after.reasons}
    assert held(_decision(Verdict.BLOCK), creator="lea", why="x").verdict is Verdict.BLOCK


def test_they_are_checked_with_the_settings(shipped: Path) -> None:
    check: Callable[..., None] = creator_checker(load_snapshot(shipped).schemas)
    check({"rego": RULES})
    with pytest.raises(InvalidField, match=r"settings\.rego:3"):
        check({"rego": HEAD + "no {"})
    assert rules_in({"rego": " "}) is rules_in({}) is None
