"""The judgement of a submission, and its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.decision import Decision, Reason
from gateway.model.disclosure import Disclosure, Redaction
from gateway.model.finding import Detection, Unavailable
from gateway.model.obligation import Obligation
from gateway.model.receipt import Receipt
from gateway.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on one submission and its reasons, as its caller gets them. `disclosure` and
    `receipt` are None unless the verdict is publish. `redacted_kinds` are the kinds of personal
    data that were stripped, each once, sorted. `timings_ms` is wall time by stage. The texts in it
    are never written down unencrypted."""

    decision_id: str
    verdict: Verdict
    language: str
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    disclosure: Disclosure | None = None
    redacted_kinds: tuple[str, ...] = ()
    receipt: Receipt | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The text as published (or as it would be, for a dry run); None while held and when
        blocked."""
        return self.disclosure.text if self.disclosure else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The grounds of a judgement, for the audit log: what the detectors found, what Rego returned
    (None: the policy stage was unavailable), and what was stripped where."""

    detections: tuple[Detection, ...] = ()
    decision: Decision | None = None
    redaction: Redaction | None = None
