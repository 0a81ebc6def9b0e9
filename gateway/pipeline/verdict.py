"""From what the policies said and what failed to the one verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.decision import Decision, Reason
from gateway.model.finding import Unavailable
from gateway.model.route import Route
from gateway.model.verdict import Verdict, strictest

UNAVAILABLE_RULE = "gateway.unavailable"


def combine(decision: Decision | None, unavailable: Sequence[Unavailable], route: Route) -> Verdict:
    """The strictest of the decision and of what the route does about failure. Without a
    decision, or with any stage unavailable, never publish."""
    if decision is None or unavailable:
        on_failure = strictest(Verdict.HOLD, route.on_failure)
        return strictest(on_failure, decision.verdict if decision else on_failure)
    return decision.verdict


def explain(
    decision: Decision | None, unavailable: Sequence[Unavailable], verdict: Verdict
) -> tuple[Reason, ...]:
    """The decision's reasons, and one for each stage that failed, which names the stage."""
    given = () if decision is None else decision.reasons
    failed = tuple(
        Reason(
            rule=UNAVAILABLE_RULE,
            text=f"The stage {failure.stage.value} is unavailable: {failure.reason}. "
            "Nothing is published unchecked.",
            verdict=verdict,
        )
        for failure in unavailable
    )
    return tuple(reason for reason in given if reason.rule != UNAVAILABLE_RULE) + failed
