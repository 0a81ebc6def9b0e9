"""What a judgement means for what is said while it is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.model.decision import Bundle, Decision
from gateway.model.disclosure import Disclosure, Redaction, Replacement
from gateway.model.finding import Finding, Stage
from gateway.model.obligation import escalating
from gateway.model.submission import Channel, StreamPart, Submission
from gateway.model.verdict import Verdict
from gateway.pipeline.judgement import Judgement
from gateway.pipeline.stream.recording import RULE, as_streamed

PART = Submission(
    message_id="m", tenant="t", channel=Channel.DM, creator="c", avatar="a", conversation="v",
    text="hello", received_at=datetime(2026, 9, 1, tzinfo=UTC), route="stream",
    stream=StreamPart(id="s", number=1),
)  # fmt: skip
WHOLE = replace(PART, stream=StreamPart(id="s", number=2, whole=True), dry_run=True)
DECISION = Decision(
    verdict=Verdict.PUBLISH, reasons=(), obligations=(), bundle=Bundle(digest="d", revisions={}),
    engine="e", path="p", document={}, masked={},
)  # fmt: skip
DISCLOSURE = Disclosure(text="hello", language="en")
GOOD = Judgement(
    decision_id="dec", language="en", verdict=Verdict.PUBLISH, reasons=(), decision=DECISION,
    redaction=Redaction(text="hello"), disclosure=DISCLOSURE,
)  # fmt: skip
FOUND = Finding(stage=Stage.PII, kind="PHONE_NUMBER", score=1, start=0, end=5, source="x")
STRIPPED = Redaction(
    text="", replacements=(Replacement(finding=FOUND, start=0, end=5, at=0, replacement=""),)
)


def test_a_message_and_a_part_that_may_be_published_are_as_they_were() -> None:
    message = replace(PART, stream=None)
    held = replace(GOOD, verdict=Verdict.HOLD)
    assert as_streamed(message, held) == (message, held)
    assert as_streamed(PART, GOOD) == (PART, GOOD)


def test_a_hold_becomes_a_block() -> None:
    _, judgement = as_streamed(PART, replace(GOOD, verdict=Verdict.HOLD))
    assert judgement.verdict is Verdict.BLOCK
    assert judgement.reasons[-1].rule == RULE
    assert judgement.disclosure is None


def test_a_whole_that_stands_is_a_dry_run() -> None:
    assert as_streamed(WHOLE, GOOD) == (WHOLE, GOOD)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GOOD, verdict=Verdict.BLOCK),
        replace(GOOD, verdict=Verdict.HOLD),
        replace(GOOD, redaction=STRIPPED),
        replace(GOOD, disclosure=replace(DISCLOSURE, replaced_by="crisis")),
    ],
)
def test_a_whole_that_does_not_stand_calls_a_person(wrong: Judgement) -> None:
    submission, judgement = as_streamed(WHOLE, wrong)
    assert not submission.dry_run
    assert judgement.verdict is Verdict.BLOCK
    assert judgement.decision is not None
    assert escalating(judgement.decision.obligations) == (RULE,)
    assert judgement.receipt is None
