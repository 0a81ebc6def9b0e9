from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from gateway.model.decision import Reason
from gateway.model.disclosure import Disclosure, Redaction, Replacement
from gateway.model.finding import Finding, Stage
from gateway.model.judgement import Grounds, Judgement
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
    redaction = Redaction(text="[email]", replacements=(cut, cut))
    judgement = Judgement(
        decision_id="dec_1",
        verdict=Verdict.PUBLISH,
        language="en",
        reasons=(Reason(rule="baseline.pii", text="Stripped.", verdict=Verdict.PUBLISH),),
        disclosure=Disclosure(text="[AI] [email]", language="en"),
        redacted_kinds=redaction.kinds,
    )
    record = Record(
        submission=SUBMISSION,
        judgement=judgement,
        grounds=Grounds(redaction=redaction),
        state=State.QUEUED,
        decided_at=NOW,
    )
    outcome = outcome_of(record, 7)
    assert (outcome.judgement.text, outcome.entry_seq) == ("[AI] [email]", 7)
    assert outcome.judgement.redacted_kinds == ("EMAIL_ADDRESS",)
    assert outcome.judgement.receipt is None
    assert not outcome.replayed


def test_nothing_is_told_of_a_text_that_is_not_published() -> None:
    judgement = Judgement(decision_id="dec_1", verdict=Verdict.BLOCK, language="en", reasons=())
    record = Record(
        submission=SUBMISSION,
        judgement=judgement,
        grounds=Grounds(),
        state=State.BLOCKED,
        decided_at=NOW,
    )
    outcome = outcome_of(record, 0)
    assert outcome.judgement.text is None
    assert outcome.judgement.redacted_kinds == ()
