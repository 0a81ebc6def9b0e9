"""What a judgement means for something that is said while it is judged. Pure."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.decision import Reason
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.submission import Submission
from gateway.model.verdict import Verdict
from gateway.pipeline.judgement import Judgement

RULE = "gateway.stream"


def as_streamed(submission: Submission, judgement: Judgement) -> tuple[Submission, Judgement]:
    """What is to be recorded of a part of a stream; anything else as it is.

    A hold becomes a block: those who listen cannot wait for a person. The check of the whole is a
    dry run while nothing is wrong, since nothing is sent; else a block that calls a person.
    """
    stream = submission.stream
    if stream is None:
        return submission, judgement
    if not stream.whole:
        if judgement.verdict is not Verdict.HOLD:
            return submission, judgement
        return submission, _blocked(judgement, "A stream cannot wait for a person.")
    wrong = _wrong_with(judgement)
    if wrong is None:
        return replace(submission, dry_run=True), judgement
    return replace(submission, dry_run=False), _blocked(judgement, wrong, escalate=True)


def _wrong_with(judgement: Judgement) -> str | None:
    """Why what was released should not have been; None when it may stand."""
    if judgement.verdict is not Verdict.PUBLISH:
        return "As a whole it would not have been published; parts of it were released."
    if judgement.redaction is None or judgement.redaction.replacements:
        return "As a whole it holds personal data that no part did; the parts were released."
    if judgement.disclosure is None or judgement.disclosure.replaced_by is not None:
        return "As a whole it would have been replaced; parts of it were released."
    return None


def _blocked(judgement: Judgement, why: str, *, escalate: bool = False) -> Judgement:
    decision = judgement.decision
    if escalate and decision is not None:
        call = Obligation(
            kind=ObligationKind.ESCALATE, rules=(RULE,), params={"to": "reviewer", "why": why}
        )
        decision = replace(decision, obligations=(*decision.obligations, call))
    return replace(
        judgement,
        verdict=Verdict.BLOCK,
        reasons=(*judgement.reasons, Reason(rule=RULE, text=why, verdict=Verdict.BLOCK)),
        decision=decision,
        redaction=None,
        disclosure=None,
        receipt=None,
    )
