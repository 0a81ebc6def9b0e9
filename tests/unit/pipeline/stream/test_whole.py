"""What the judgement of a whole stream means for what was released of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.model.decision import Bundle, Decision
from gateway.model.disclosure import Disclosure, Redaction, Replacement
from gateway.model.finding import Finding, Stage
from gateway.model.judgement import Grounds, Judgement
from gateway.model.obligation import escalating
from gateway.model.submission import Channel, StreamPart, Submission
from gateway.model.verdict import Verdict
from gateway.pipeline.judge import Judged
from gateway.pipeline.stream.whole import settle_whole
from gateway.pipeline.verdict import STREAM_RULE

WHOLE = Submission(
    message_id="m", tenant="t", channel=Channel.DM, creator="c", avatar="a", conversation="v",
    text="hello", received_at=datetime(2026, 9, 1, tzinfo=UTC), route="stream",
    stream=StreamPart(id="s", number=2, whole=True), dry_run=True,
)  # fmt: skip
DECISION = Decision(
    verdict=Verdict.PUBLISH, reasons=(), obligations=(), bundle=Bundle(digest="d", revisions={}),
    engine="e", path="p", document={}, masked={},
)  # fmt: skip
DISCLOSURE = Disclosure(text="hello", language="en")
GOOD = Judgement(
    decision_id="dec", verdict=Verdict.PUBLISH, language="en", reasons=(),
    disclosure=DISCLOSURE,
)  # fmt: skip
GROUNDS = Grounds(decision=DECISION, redaction=Redaction(text="hello"))
FOUND = Finding(stage=Stage.PII, kind="PHONE_NUMBER", score=1, start=0, end=5, source="x")
STRIPPED = Redaction(
    text="", replacements=(Replacement(finding=FOUND, start=0, end=5, at=0, replacement=""),)
)


def test_a_whole_that_stands_is_a_dry_run() -> None:
    assert settle_whole(WHOLE, (GOOD, GROUNDS)) == (WHOLE, (GOOD, GROUNDS))


@pytest.mark.parametrize(
    "wrong",
    [
        (replace(GOOD, verdict=Verdict.BLOCK), GROUNDS),
        (replace(GOOD, verdict=Verdict.HOLD), GROUNDS),
        (GOOD, replace(GROUNDS, redaction=STRIPPED)),
        (replace(GOOD, disclosure=replace(DISCLOSURE, replaced_by="crisis")), GROUNDS),
    ],
)
def test_a_whole_that_does_not_stand_calls_a_person(wrong: Judged) -> None:
    submission, (judgement, grounds) = settle_whole(WHOLE, wrong)
    assert not submission.dry_run
    assert judgement.verdict is Verdict.BLOCK
    assert grounds.decision is not None
    assert escalating(grounds.decision.obligations) == (STREAM_RULE,)
    assert judgement.receipt is None


def test_a_whole_that_nobody_could_judge_does_not_stand() -> None:
    unjudged = replace(GOOD, verdict=Verdict.HOLD, disclosure=None)
    submission, (judgement, grounds) = settle_whole(WHOLE, (unjudged, Grounds()))
    assert not submission.dry_run
    assert [reason.rule for reason in judgement.reasons] == [STREAM_RULE]
    assert judgement.verdict is Verdict.BLOCK
    assert (judgement.obligations, grounds.decision) == ((), None)
