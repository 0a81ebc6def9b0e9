"""What the policies returned, and the facts they saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.model.creator import Creator
from gateway.model.finding import Detection, Unavailable
from gateway.model.human_turn import HumanTurn
from gateway.model.obligation import Obligation
from gateway.model.route import Route
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What is known of earlier messages to this person by this avatar on this channel. Times are
    UTC; None: never. `human_turn`: a person speaks in this conversation, or did."""

    first_at: datetime | None = None
    last_message_at: datetime | None = None
    disclosed_at: Mapping[str, datetime] = field(default_factory=dict)  # by notice
    human_turn: HumanTurn | None = None

    @property
    def is_first(self) -> bool:
        return self.first_at is None

    def human_spoke_at(self, now: datetime, reported: datetime | None) -> datetime | None:
        """When a human last spoke in the avatar's place: the later of what the caller `reported`
        and the end of the human turn, which is `now` while the turn goes on."""
        if self.human_turn is None:
            return reported
        until = self.human_turn.until or now
        return until if reported is None else max(until, reported)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the policies may look at. `now` is the only clock they have."""

    now: datetime
    submission: Submission
    read: ReadText
    detections: tuple[Detection, ...]
    unavailable: tuple[Unavailable, ...]
    creator: Creator
    contact: Contact
    route: Route
    decision_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a decision was made: a rule's id, its text, and the verdict that it asks for."""

    rule: str
    text: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The policies that decided. `digest` is sha256 over modules and data, hex;
    `revisions` maps a pack to its own revision."""

    digest: str
    revisions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What Rego returned for one document. `document` is the input document as the engine saw
    it (raw text inside: encrypt it); `masked` is the same without raw text, fit for an entry."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    bundle: Bundle
    engine: str
    path: str
    document: Mapping[str, Any]
    masked: Mapping[str, Any]
