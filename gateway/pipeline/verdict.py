"""Combines the policies' decision and the failed stages into one verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.decision import Decision, Reason
from gateway.model.finding import Unavailable
from gateway.model.route import Route
from gateway.model.verdict import Verdict, strictest

UNAVAILABLE_RULE = "gateway.unavailable"
STREAM_RULE = "gateway.stream"


def combine(decision: Decision | None, unavailable: Sequence[Unavailable], route: Route) -> Verdict:
    """The stricter of the decision's verdict and the route's verdict on failure. A hold becomes the
    route's verdict on a hold. Without a decision, or with any stage unavailable, never publish."""
    verdict = _required_verdict(decision, unavailable, route)
    return route.on_hold if verdict is Verdict.HOLD else verdict


def explain(
    decision: Decision | None, unavailable: Sequence[Unavailable], route: Route
) -> tuple[Reason, ...]:
    """The decision's reasons, one for each stage that failed, which names the stage, and one for
    a hold that the route cannot wait for."""
    given = () if decision is None else decision.reasons
    verdict = _required_verdict(decision, unavailable, route)
    failed = tuple(
        Reason(
            rule=UNAVAILABLE_RULE,
            text=f"The stage {failure.stage.value} is unavailable: {failure.reason}. "
            "Nothing is published unchecked.",
            verdict=verdict,
        )
        for failure in unavailable
    )
    reasons = tuple(reason for reason in given if reason.rule != UNAVAILABLE_RULE) + failed
    if verdict is Verdict.HOLD and route.on_hold is Verdict.BLOCK:
        text = "A stream cannot wait for a person."
        return (*reasons, Reason(rule=STREAM_RULE, text=text, verdict=Verdict.BLOCK))
    return reasons


def _required_verdict(
    decision: Decision | None, unavailable: Sequence[Unavailable], route: Route
) -> Verdict:
    """What policies and failures ask for, whether or not the route can wait for a person."""
    if decision is not None and not unavailable:
        return decision.verdict
    on_failure = strictest(Verdict.HOLD, route.on_failure)
    return strictest(on_failure, decision.verdict if decision else on_failure)
