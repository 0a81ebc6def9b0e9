"""What a client sends, and what the gateway answers. Fields that a newer gateway adds stand in
`raw` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PUBLISHED = frozenset({"delivered", "queued"})
"""States of a message that was, or will be, delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The person spoken to. What is left out is unknown, and unknown takes the strictest rule."""

    id: str | None = None
    minor: str | None = None  # "yes" | "no" | "unknown"
    jurisdictions: Sequence[str] = ()  # ISO 3166 codes, or EU
    age_from: int | None = None
    guardian_consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that an avatar wants to say. `more` are further fields of the API's
    SubmissionIn, as JSON."""

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
        """As JSON; what is not known is not said."""
        names = (
            *("channel", "creator", "avatar", "conversation", "text", "language"),
            *("human_text", "human_author", "route"),
        )
        said = {name: value for name in names if (value := getattr(self, name)) is not None}
        person = self.audience
        known = {
            "id": person.id,
            "minor": person.minor,
            "jurisdictions": list(person.jurisdictions) or None,
            "age_from": person.age_from,
            "guardian_consent": person.guardian_consent,
        }
        audience = {name: value for name, value in known.items() if value is not None}
        return said | ({"audience": audience} if audience else {}) | dict(self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    rule: str
    text: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a message stands. `text` is the text as published, label included: show it, never
    your own. It is None while held and when blocked."""

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
        return self.state in PUBLISHED


def outcome(body: Mapping[str, Any]) -> Outcome:
    disclosure, receipt = body.get("disclosure") or {}, body.get("receipt") or {}
    return Outcome(
        message_id=body["message_id"],
        decision_id=body["decision_id"],
        state=body["state"],
        verdict=body["verdict"],
        reasons=tuple(
            Reason(rule=one["rule"], text=one["text"], verdict=one["verdict"])
            for one in body["reasons"]
        ),
        text=body["text"],
        language=body["language"],
        redacted=tuple(body["redacted"]),
        notices=tuple(one["notice"] for one in disclosure.get("notices", ())),
        receipt=receipt.get("jws"),
        entry=body["entry"],
        replayed=body.get("replayed", False),
        raw=body,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A message that waits for a person. `submitted_text` is as the avatar wrote it: for
    reviewers only."""

    outcome: Outcome
    submitted_text: str = field(repr=False)
    human_text: str | None = field(repr=False)
    expires_at: str  # RFC 3339


def held(body: Any) -> tuple[Held, ...]:
    return tuple(
        Held(
            outcome=outcome(one["outcome"]),
            submitted_text=one["submitted_text"],
            human_text=one["human_text"],
            expires_at=one["expires_at"],
        )
        for one in body
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`jws` verifies offline with the keys at /.well-known/jwks.json; `proof` says that `entry`
    is in the log."""

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
    """Who speaks in a conversation: "avatar" or "human". `who` is the person who does, or last
    did."""

    conversation: str
    speaker: str
    who: str | None


def speaker(body: Mapping[str, Any]) -> Speaker:
    return Speaker(conversation=body["conversation"], speaker=body["speaker"], who=body["who"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """By OpenAI's categories. None: no model looked, so nothing is known."""

    flagged: bool
    categories: Mapping[str, bool | None]
    scores: Mapping[str, float | None]


def moderations(body: Mapping[str, Any]) -> tuple[Moderation, ...]:
    return tuple(
        Moderation(
            flagged=one["flagged"],
            categories=one["categories"],
            scores=one["category_scores"],
        )
        for one in body["results"]
    )
