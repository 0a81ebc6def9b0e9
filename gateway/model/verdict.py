"""What happens to a message, and where it stands."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Ordered from mildest to strictest; the strictest of several wins."""

    PUBLISH = "publish"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        return _SEVERITY[self]


_SEVERITY = {Verdict.PUBLISH: 0, Verdict.HOLD: 1, Verdict.BLOCK: 2}


def strictest(*verdicts: Verdict) -> Verdict:
    """The strictest of `verdicts`; publish when there are none."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.PUBLISH)


class State(StrEnum):
    """Where a message stands (see docs/concepts.md, "State machine")."""

    RECEIVED = "received"
    DECIDED = "decided"  # a dry run ends here
    HELD = "held"  # waits for a person
    BLOCKED = "blocked"
    EXPIRED = "expired"  # held past its deadline; never published
    REJECTED_BY_REVIEW = "rejected_by_review"
    QUEUED = "queued"  # recorded, waits to be sent
    DELIVERED = "delivered"
    REFUSED = "refused"  # the platform refused it for good
    UNKNOWN = "unknown"  # sent, the platform's answer never came: a person decides
    DEAD = "dead"  # dead letter: retries used up
