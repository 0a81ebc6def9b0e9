"""What the judgement of a whole stream means for what was released of it. Pure."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.decision import Reason
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.submission import Submission
from gateway.model.verdict import Verdict
from gateway.pipeline.judge import Judged
from gateway.pipeline.verdict import STREAM_RULE


def settle_whole(submission: Submission, judged: Judged) -> tuple[Submission, Judged]:
    """The submission and judgement to record for the check of a whole stream.

    While nothing is wrong it is a dry run, since nothing is sent; else a block that calls a person,
    since parts of it were released.
    """
    problem = _problem_of(judged)
    if problem is None:
        return replace(submission, dry_run=True), judged
    return replace(submission, dry_run=False), _block_stream(judged, problem)


def _problem_of(judged: Judged) -> str | None:
    """Why what was released should not have been; None when it may stand."""
    judgement, grounds = judged
    if judgement.verdict is not Verdict.PUBLISH:
        return "As a whole it would not have been published; parts of it were released."
    if grounds.redaction is None or grounds.redaction.replacements:
        return "As a whole it holds personal data that no part did; the parts were released."
    if judgement.disclosure is None or judgement.disclosure.replaced_by is not None:
        return "As a whole it would have been replaced; parts of it were released."
    return None


def _block_stream(judged: Judged, problem: str) -> Judged:
    """`judged`, blocked for `problem`. The call for a person joins the decision's own obligations,
    so that the entry lists them once; without a decision, the failed stage is reason enough."""
    judgement, grounds = judged
    decision = grounds.decision
    if decision is not None:
        call = Obligation(
            kind=ObligationKind.ESCALATE,
            rules=(STREAM_RULE,),
            params={"to": "reviewer", "why": problem},
        )
        decision = replace(decision, obligations=(*decision.obligations, call))
    reason = Reason(rule=STREAM_RULE, text=problem, verdict=Verdict.BLOCK)
    blocked = replace(
        judgement,
        verdict=Verdict.BLOCK,
        reasons=(*judgement.reasons, reason),
        obligations=decision.obligations if decision else (),
        disclosure=None,
        redacted_kinds=(),
        receipt=None,
    )
    return blocked, replace(grounds, decision=decision, redaction=None)
