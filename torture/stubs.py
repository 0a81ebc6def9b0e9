"""Stubs of everything that judges messages: trials do not depend on what a message says."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.decision import Bundle, Decision, Facts, Reason
from gateway.model.disclosure import Disclosure, Notice, Redaction
from gateway.model.finding import Detection, Stage
from gateway.model.obligation import Obligation
from gateway.model.receipt import Receipt
from gateway.model.submission import Submission
from gateway.model.text import Mapped, ReadText
from gateway.model.verdict import Verdict


def read_text(text: str, language: str | None) -> ReadText:
    """Read a text without normalising it."""
    form = Mapped(text, tuple(range(len(text) + 1)))
    return ReadText(
        original=text,
        clean=form,
        normalised=form,
        folded=form,
        language=language or "en",
        language_score=1.0,
    )


def redact(
    submission: Submission,
    _read: ReadText,
    _detections: Sequence[Detection],
    _obligations: Sequence[Obligation],
) -> Redaction:
    """Redact nothing."""
    return Redaction(text=submission.text)


def keep_findings(detection: Detection, _read: ReadText, _facts: tuple[str, ...]) -> Detection:
    return detection


class StubDetector:
    """A detector that finds nothing."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def warm(self) -> None: ...

    async def detect(self, _submission: Submission, _read: ReadText) -> Detection:
        return Detection(stage=self.stage)

    async def close(self) -> None: ...


class StubPolicyEngine:
    """A policy engine that holds texts that begin with "held", and publishes all others."""

    bundle = Bundle(digest="ab" * 32, revisions={"torture": "1"})

    async def warm(self) -> None: ...

    async def decide(self, facts: Facts) -> Decision:
        held = facts.submission.text.startswith("held")
        verdict = Verdict.HOLD if held else Verdict.PUBLISH
        return Decision(
            verdict=verdict,
            reasons=(Reason(rule="torture.any", text="As the text asks.", verdict=verdict),),
            obligations=(),
            bundle=self.bundle,
            engine="torture",
            path="gateway/main",
            document={"text": facts.submission.text},
            masked={"text": None},
        )

    async def close(self) -> None: ...


class StubDiscloser:
    """A discloser that puts "[AI]" before each text, and issues receipts of the usual length."""

    def disclose(
        self, _facts: Facts, redaction: Redaction, _obligations: Sequence[Obligation]
    ) -> Disclosure:
        return Disclosure(
            text=f"[AI] {redaction.text}",
            language="en",
            notices=(Notice(notice="ai", text="[AI]", position="start", rules=("torture.any",)),),
            marks={"iptc": {"digitalSourceType": "trainedAlgorithmicMedia"}},
            content_hash="cd" * 32,
            salt="5a" * 16,
        )

    def attest(self, facts: Facts, _decision: Decision, _disclosure: Disclosure) -> Receipt:
        message_id = facts.submission.message_id
        return Receipt(id=f"rcp_{message_id}", kid="k" * 43, jws="j" * 700, claims={"iss": "x"})
