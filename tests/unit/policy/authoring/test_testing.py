from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.authoring.testing import (
    RuleTestResult,
    RuleTestStatus,
    refuse_no_tests,
    run_tests,
)
from gateway.policy.packs.source import Snapshot

Of = Callable[[Mapping[str, str]], Snapshot]
RULE = "package a\n\nall := {x | some x in input.list}\n\nplus(x) := x + 1\n"
HEAD = 'package a_test\n\nimport data.a as tested\n\ngiven := {"list": [1, 2]}\n\n'


def _only(snapshot_of: Of, test: str) -> RuleTestResult:
    (outcome,) = run_tests(snapshot_of({"a.rego": RULE, "a_test.rego": HEAD + test}))
    return outcome


def test_what_holds_passes(snapshot_of: Of) -> None:
    outcome = _only(snapshot_of, "test_all if tested.all == {1, 2} with input as given\n")
    assert outcome.status is RuleTestStatus.PASSED
    assert (outcome.name, outcome.file, outcome.line) == ("a_test.test_all", "a_test.rego", 7)


GIVEN = " with input as given"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            f"tested.all == {{1, 3}}{GIVEN}",
            (7, f"tested.all == {{1, 3}}{GIVEN}", "[1, 2]", "==", "[1, 3]"),
        ),
        (
            f"{{\n\tx := 2\n\ttested.plus(x) == 3\n\tcount(tested.all) > x{GIVEN}\n}}",
            (10, f"count(tested.all) > x{GIVEN}", "2", ">", "2"),
        ),
        (
            "tested.plus(input.x) == 3",
            (7, "tested.plus(input.x) == 3", "undefined", "==", "3"),
        ),
        (f"not tested.all[1]{GIVEN}", (7, f"not tested.all[1]{GIVEN}", "1", None, None)),
        (f"3 in tested.all{GIVEN}", (7, f"3 in tested.all{GIVEN}", "false", None, None)),
        ('"é" == "è"', (7, '"é" == "è"', '"é"', "==", '"è"')),
        (
            f"{{\n\tsome x in tested.all{GIVEN}\n\tx == 7\n}}",
            (9, "x == 7", "1 or 2", "==", "7"),
        ),
        ("(1 + 2) * 3 == 10", (7, "(1 + 2) * 3 == 10", "9", "==", "10")),
        ("every x in [1, 2] { x == 1 }", (7, "every x in [1, 2] { x == 1 }", None, None, None)),
    ],
)
def test_what_does_not_hold_is_shown(
    snapshot_of: Of, body: str, shown: tuple[int, str, str | None, str | None, str | None]
) -> None:
    outcome = _only(snapshot_of, f"test_it if {body}\n")
    assert outcome.status is RuleTestStatus.FAILED
    assert (
        outcome.line,
        outcome.expression,
        outcome.actual,
        outcome.operator,
        outcome.expected,
    ) == shown


def test_a_test_that_is_simply_false_fails(snapshot_of: Of) -> None:
    assert _only(snapshot_of, "test_it := false\n").status is RuleTestStatus.FAILED


def test_one_of_several_rules_suffices(snapshot_of: Of) -> None:
    both = "test_it if input.nothing\n\ntest_it if tested.plus(1) == 2\n"
    assert _only(snapshot_of, both).status is RuleTestStatus.PASSED


def test_an_error_is_explained(snapshot_of: Of) -> None:
    outcome = _only(snapshot_of, 'test_it if tested.plus("a") == 2\n')
    assert outcome.status is RuleTestStatus.ERROR
    assert outcome.problem.startswith("a.rego:5:")


def test_a_filter(snapshot_of: Of, shop: dict[str, str]) -> None:
    outcomes = run_tests(snapshot_of(shop), only="word_test.test_p")
    assert [one.name for one in outcomes] == ["packs.shop.word_test.test_passes"]


def test_nothing_to_run_is_no_success(snapshot_of: Of) -> None:
    outcomes = run_tests(snapshot_of({"a.rego": RULE}))
    with pytest.raises(PolicyInvalid, match="there are no tests"):
        refuse_no_tests(outcomes, "")
    with pytest.raises(PolicyInvalid, match="nothing"):
        refuse_no_tests(outcomes, "nothing")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a_test.rego", HEAD + "f(x) := f(x)\n\ntest_it if f(1)\n"),
        ("a_test.rego", HEAD + "test_it if tested.misspelt == 1\n"),
        ("a.rego", RULE + "\nz := upper(input.a)\n"),
    ],
)
def test_what_cannot_be_loaded_is_not_run(snapshot_of: Of, file: str, text: str) -> None:
    files = {"a.rego": RULE, "a_test.rego": HEAD + "test_it if true\n"} | {file: text}
    with pytest.raises(PolicyInvalid):
        run_tests(snapshot_of(files))
