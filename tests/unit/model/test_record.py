from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from gateway.model.decision import Reason
from gateway.model.disclosure import Disclosure, Redaction, Replacement
from gateway.model.finding import Finding, Stage
from gateway.model.record import Record, leaf_hash, outcome_of
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State, Verdict

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SUBMISSION = Submission(
    message_id="msg_1",
    tenant="t",
    channel=Channel.DM,
    creator="lea",
    avatar="twin",
    conversation="c",
    text="raw",
    received_at=NOW,
)


def test_a_leaf_is_told_from_a_node() -> None:
    assert leaf_hash(b"body") == sha256(b"\x00body").digest()


def test_an_outcome_tells_what_the_record_says() -> None:
    finding = Finding(
        stage=Stage.PII, kind="EMAIL_ADDRESS", score=1.0, start=0, end=3, source="test"
    )
    cut = Replacement(finding=finding, start=0, end=3, at=0, replacement="[email]")
    record = Record(
        decision_id="dec_1",
        submission=SUBMISSION,
        verdict=Verdict.PUBLISH,
        state=State.QUEUED,
        reasons=(Reason(rule="baseline.pii", text="Stripped.", verdict=Verdict.PUBLISH),),
        obligations=(),
        language="en",
        decided_at=NOW,
        redaction=Redaction(text="[email]", replacements=(cut, cut)),
        disclosure=Disclosure(text="[AI] [email]", language="en"),
    )
    outcome = outcome_of(record, 7)
    assert (outcome.text, outcome.entry_seq) == ("[AI] [email]", 7)
    assert outcome.redacted_kinds == ("EMAIL_ADDRESS",)
    assert outcome.receipt is None
    assert not outcome.replayed


def test_nothing_is_told_of_a_text_that_is_not_published() -> None:
    record = Record(
        decision_id="dec_1",
        submission=SUBMISSION,
        verdict=Verdict.BLOCK,
        state=State.BLOCKED,
        reasons=(),
        obligations=(),
        language="en",
        decided_at=NOW,
    )
    outcome = outcome_of(record, 0)
    assert outcome.text is None
    assert outcome.redacted_kinds == ()
