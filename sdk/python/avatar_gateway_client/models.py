"""The requests of a client and the answers of the gateway. Fields that a newer gateway adds are in
`raw` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PUBLISHED = "delivered"
"""The state of a message that the platform has."""
RELEASED = frozenset({PUBLISHED, "queued"})
"""States of messages that may be shown."""
"""States of a message that was, or will be, delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The person spoken to. Fields that are left out are unknown, for which the strictest rules
    apply."""

    id: str | None = None
    minor: str | None = None  # "yes" | "no" | "unknown"
    jurisdictions: Sequence[str] = ()  # ISO 3166 codes, or EU
    age_from: int | None = None
    guardian_consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that an avatar is to send. `more` are further fields of the API's SubmissionIn, as
    JSON."""

    channel: str  # "space" | "group" | "dm" | "comment" | "live"
    creator: str
    avatar: str
    conversation: str
    text: str
    language: str | None = None
    human_text: str | None = None
    human_author: str | None = None
    audience: Audience = Audience()
    route: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """The message as JSON, without the fields that are not known."""
        names = (
            *("channel", "creator", "avatar", "conversation", "text", "language"),
            *("human_text", "human_author", "route"),
        )
        fields = {name: value for name in names if (value := getattr(self, name)) is not None}
        person = self.audience
        known = {
            "id": person.id,
            "minor": person.minor,
            "jurisdictions": list(person.jurisdictions) or None,
            "age_from": person.age_from,
            "guardian_consent": person.guardian_consent,
        }
        audience = {name: value for name, value in known.items() if value is not None}
        return fields | ({"audience": audience} if audience else {}) | dict(self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason for the verdict; `verdict` is the one that the rule asked for."""

    rule: str
    text: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a message. Show `text`, the text as published with its label, and never your
    own text. It is None while the message is held and when it is blocked."""

    message_id: str
    decision_id: str
    state: str
    verdict: str  # "publish" | "hold" | "block"
    reasons: tuple[Reason, ...]
    text: str | None
    language: str
    redacted: tuple[str, ...]
    notices: tuple[str, ...]
    receipt: str | None  # compact JWS
    entry: int
    replayed: bool
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def published(self) -> bool:
        """Whether the platform has the message."""
        return self.state == PUBLISHED

    @property
    def released(self) -> bool:
        """Whether the message may be shown: published, or recorded and on its way to the platform,
        which may still refuse it."""
        return self.state in RELEASED


def outcome(body: Mapping[str, Any]) -> Outcome:
    disclosure, receipt = body.get("disclosure") or {}, body.get("receipt") or {}
    return Outcome(
        message_id=body["message_id"],
        decision_id=body["decision_id"],
        state=body["state"],
        verdict=body["verdict"],
        reasons=tuple(
            Reason(rule=reason["rule"], text=reason["text"], verdict=reason["verdict"])
            for reason in body["reasons"]
        ),
        text=body["text"],
        language=body["language"],
        redacted=tuple(body["redacted"]),
        notices=tuple(notice["notice"] for notice in disclosure.get("notices", ())),
        receipt=receipt.get("jws"),
        entry=body["entry"],
        replayed=body.get("replayed", False),
        raw=body,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A message that waits for a review. `submitted_text` is the text as the avatar wrote it, for
    reviewers only."""

    outcome: Outcome
    submitted_text: str = field(repr=False)
    human_text: str | None = field(repr=False)
    expires_at: str  # RFC 3339


def held(body: Any) -> tuple[Held, ...]:
    return tuple(
        Held(
            outcome=outcome(message["outcome"]),
            submitted_text=message["submitted_text"],
            human_text=message["human_text"],
            expires_at=message["expires_at"],
        )
        for message in body
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt. `jws` can be verified offline with the keys at /.well-known/jwks.json; `proof`
    proves that the entry number `entry` is in the log."""

    jws: str
    claims: Mapping[str, Any]
    entry: int
    proof: str | None


def receipt(body: Mapping[str, Any]) -> Receipt:
    return Receipt(
        jws=body["receipt"]["jws"],
        claims=body["claims"],
        entry=body["entry"],
        proof=body["proof"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """A creator and the newest version of its settings."""

    id: str
    version: int
    updated_at: str  # RFC 3339
    settings: Mapping[str, Any]


def creator(body: Mapping[str, Any]) -> Creator:
    return Creator(
        id=body["id"],
        version=body["version"],
        updated_at=body["updated_at"],
        settings=body["settings"],
    )


def creators(body: Any) -> tuple[Creator, ...]:
    return tuple(map(creator, body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks in a conversation: `speaker` is "avatar" or "human", `who` the person who speaks
    or last spoke in the avatar's place."""

    conversation: str
    speaker: str
    who: str | None


def speaker(body: Mapping[str, Any]) -> Speaker:
    return Speaker(conversation=body["conversation"], speaker=body["speaker"], who=body["who"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """The scores of one text by OpenAI's categories; None for a category that no model scored."""

    flagged: bool
    categories: Mapping[str, bool | None]
    scores: Mapping[str, float | None]


def moderations(body: Mapping[str, Any]) -> tuple[Moderation, ...]:
    return tuple(
        Moderation(
            flagged=result["flagged"],
            categories=result["categories"],
            scores=result["category_scores"],
        )
        for result in body["results"]
    )
