"""Records as the pipeline makes them, for measurements of storage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bench.messages import MESSAGES
from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.disclosure import Disclosure, Notice, Redaction
from gateway.model.finding import Detection, ModelIdentity, Stage
from gateway.model.judgement import Grounds, Judgement
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.receipt import Receipt
from gateway.model.record import Delivery, Record
from gateway.model.submission import Audience, Channel, Submission
from gateway.model.verdict import State, Verdict

START: Final = datetime(2026, 11, 22, 20, tzinfo=UTC)
RULES: Final = ("eu.aia.50.1", "us.ca.sb243", "fr.influ")


class Records:
    """Published messages of two hundred conversations, as large as the pipeline makes them."""

    def __init__(self) -> None:
        self.made = 0
        self._number = 0
        self.sample = self.make(counted=False)

    def number(self) -> int:
        self._number += 1
        return self._number

    def make(self, *, counted: bool = True) -> Record:
        self.made += counted
        number = self.number()
        text = MESSAGES[number % len(MESSAGES)]
        submission = Submission(
            message_id=f"msg_{number:032x}",
            tenant="bench",
            channel=Channel.DM,
            creator="bench",
            avatar="bench-twin",
            conversation=f"conversation-{number % 200}",
            text=text,
            human_text="That was great, tell me more!",
            received_at=START,
            audience=Audience(id=f"person-{number % 200}", jurisdictions=("FR", "US-CA")),
        )
        return _filled(submission, number)


def _filled(submission: Submission, number: int) -> Record:
    document = {
        "text": dict.fromkeys(("submitted", "normalised", "folded"), submission.text),
        "human": {"text": submission.human_text},
        "scores": {f"category_{n}": n / 10 for n in range(8)},
        "rules": {f"rule_{n}": {"in_force": True, "params": {"hours": n}} for n in range(12)},
    }
    masked = {**document, "text": {"length": 120}, "human": {"text": None}}
    disclosure = Disclosure(
        text=f"[AI] {submission.text}",
        language="en",
        notices=(Notice(notice="ai", text="[AI]", position="start", rules=RULES[:1]),),
        marks={"iptc": {"digitalSourceType": "trainedAlgorithmicMedia"}},
        content_hash="cd" * 32,
        salt="5a" * 16,
    )
    receipt = Receipt(
        id=f"rcp_{number}", kid="k" * 43, jws="j" * 700, claims={"iss": "x", "sub": "y" * 64}
    )
    return Record(
        submission=submission,
        judgement=replace(
            _JUDGEMENT, decision_id=f"dec_{number:032x}", disclosure=disclosure, receipt=receipt
        ),
        grounds=Grounds(
            detections=_DETECTIONS,
            decision=replace(_DECISION, document=document, masked=masked),
            redaction=Redaction(text=submission.text),
        ),
        state=State.QUEUED,
        decided_at=START + timedelta(milliseconds=number),
    )


_JUDGEMENT = Judgement(
    decision_id="",
    verdict=Verdict.PUBLISH,
    language="en",
    reasons=tuple(
        Reason(rule=rule, text="A plain sentence that says why.", verdict=Verdict.PUBLISH)
        for rule in RULES
    ),
    obligations=(
        Obligation(kind=ObligationKind.DISCLOSE, rules=RULES[:1], params={"notice": "ai"}),
        Obligation(kind=ObligationKind.MARK, rules=RULES[:1], params={"formats": ["iptc"]}),
    ),
    timings_ms={"read": 0.1, "pii": 0.4, "toxicity": 1.2, "policy": 0.5},
)
_DETECTIONS = (
    Detection(
        stage=Stage.TOXICITY,
        scores={"toxicity": 0.01},
        models=(ModelIdentity(id="embedded", sha256="00" * 32),),
    ),
)
_DECISION = Decision(
    verdict=Verdict.PUBLISH,
    reasons=(),
    obligations=(),
    bundle=Bundle(digest="ab" * 32, revisions={"starter": "1", "legal": "1"}),
    engine="embedded",
    path="gateway/main",
    document={},
    masked={},
)


def delivery_of(record: Record, seq: int) -> Delivery:
    """The first delivery attempt for `record`, which was published as entry `seq`."""
    submission, judgement = record.submission, record.judgement
    assert judgement.disclosure is not None
    assert judgement.receipt is not None
    return Delivery(
        message_id=submission.message_id,
        decision_id=judgement.decision_id,
        key=submission.message_id,
        tenant=submission.tenant,
        route=submission.route,
        channel=submission.channel,
        creator=submission.creator,
        avatar=submission.avatar,
        conversation=submission.conversation,
        audience_id=None,
        disclosure=judgement.disclosure,
        receipt=judgement.receipt,
        recorded_seq=seq,
        attempt=1,
        queued_at=record.decided_at,
    )
