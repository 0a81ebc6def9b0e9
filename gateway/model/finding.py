"""What the detectors found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """The stages of the pipeline that can fail, as named in entries, metrics and errors."""

    READ = "read"
    PII = "pii"
    TOXICITY = "toxicity"
    SIGNALS = "signals"
    CONTACT = "contact"
    POLICY = "policy"
    REDACT = "redact"
    DISCLOSE = "disclose"
    RECORD = "record"
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. `start` and `end` are code points of the submitted text (or of the
    human's message where `in_human_text`); the value itself is never kept here.

    `kind` is the detector's own name for it, such as "EMAIL_ADDRESS" or "creator.promise".
    `score` is 0..1. `checked` means that a checksum confirmed it. `advisory` findings reach
    policies and reviewers, never a redaction by default. `source` names the recognizer,
    model or phrase.
    """

    stage: Stage
    kind: str
    score: float
    start: int
    end: int
    source: str
    checked: bool = False
    advisory: bool = False
    in_human_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """The model or pattern set of a detector, as recorded in every audit entry."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """The result of one detector for one submission. `scores` maps a category to 0..1, or to None
    where the model does not cover it (never 0 for "not covered")."""

    stage: Stage
    findings: tuple[Finding, ...] = ()
    scores: Mapping[str, float | None] = field(default_factory=dict)
    models: tuple[ModelIdentity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """A stage that failed, timed out or answered nothing. The message cannot be published."""

    stage: Stage
    reason: str
