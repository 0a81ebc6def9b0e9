from __future__ import annotations

import itertools

import pytest

from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.finding import Stage, Unavailable
from gateway.model.route import Route, RouteKind
from gateway.model.verdict import Verdict, strictest
from gateway.pipeline.verdict import STREAM_RULE, combine, explain

FAILED = Unavailable(stage=Stage.PII, reason="no answer within 10 ms")


def decision(verdict: Verdict) -> Decision:
    return Decision(
        verdict=verdict,
        reasons=(Reason(rule="some.rule", text="Because.", verdict=verdict),),
        obligations=(),
        bundle=Bundle(digest="0" * 64, revisions={}),
        engine="embedded",
        path="gateway/decision",
        document={},
        masked={},
    )


def test_the_strictest_wins_in_any_order() -> None:
    for verdicts in itertools.permutations(Verdict):
        assert strictest(*verdicts) is Verdict.BLOCK
    assert strictest(Verdict.PUBLISH, Verdict.HOLD) is Verdict.HOLD
    assert strictest() is Verdict.PUBLISH


@pytest.mark.parametrize("verdict", list(Verdict))
def test_with_all_stages_there_the_decision_stands(verdict: Verdict) -> None:
    assert combine(decision(verdict), (), Route(name="r", kind=RouteKind.SANDBOX)) is verdict


@pytest.mark.parametrize("on_failure", list(Verdict))
@pytest.mark.parametrize("decided", [None, *Verdict])
def test_a_failed_stage_never_publishes(decided: Verdict | None, on_failure: Verdict) -> None:
    route = Route(name="r", kind=RouteKind.SANDBOX, on_failure=on_failure)
    made = None if decided is None else decision(decided)
    verdict = combine(made, (FAILED,), route)
    assert verdict is not Verdict.PUBLISH
    assert verdict.severity >= on_failure.severity
    assert made is None or verdict.severity >= made.verdict.severity


def test_no_decision_never_publishes() -> None:
    assert combine(None, (), Route(name="r", kind=RouteKind.SANDBOX)) is Verdict.HOLD


def test_the_failed_stage_is_named_once() -> None:
    reasons = explain(decision(Verdict.PUBLISH), (FAILED,), Route(name="r", kind=RouteKind.SANDBOX))
    assert [reason.rule for reason in reasons] == ["some.rule", "gateway.unavailable"]
    assert "pii" in reasons[1].text
    assert "no answer within 10 ms" in reasons[1].text


STREAM = Route(name="s", kind=RouteKind.STREAM, on_hold=Verdict.BLOCK)


def test_what_may_be_published_of_a_stream_is_as_it_was() -> None:
    published = decision(Verdict.PUBLISH)
    assert combine(published, (), STREAM) is Verdict.PUBLISH
    assert explain(published, (), STREAM) == published.reasons
    held, sandbox = decision(Verdict.HOLD), Route(name="r", kind=RouteKind.SANDBOX)
    assert explain(held, (), sandbox) == held.reasons


def test_a_hold_becomes_a_block_where_nobody_can_wait() -> None:
    held = decision(Verdict.HOLD)
    assert combine(held, (), STREAM) is Verdict.BLOCK
    *given, last = explain(held, (), STREAM)
    assert tuple(given) == held.reasons
    assert last == Reason(
        rule=STREAM_RULE, text="A stream cannot wait for a person.", verdict=Verdict.BLOCK
    )


def test_a_failure_that_would_hold_says_so_before_it_blocks() -> None:
    assert combine(None, (FAILED,), STREAM) is Verdict.BLOCK
    reasons = explain(None, (FAILED,), STREAM)
    assert [(reason.rule, reason.verdict) for reason in reasons] == [
        ("gateway.unavailable", Verdict.HOLD),
        (STREAM_RULE, Verdict.BLOCK),
    ]
    blocking = Route(
        name="s", kind=RouteKind.STREAM, on_failure=Verdict.BLOCK, on_hold=Verdict.BLOCK
    )
    assert [reason.rule for reason in explain(None, (FAILED,), blocking)] == ["gateway.unavailable"]
