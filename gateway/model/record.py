"""Values that are stored, such as decisions, deliveries, reviews and changes, and values read
back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gateway.model.disclosure import Disclosure
from gateway.model.erasure import Erasure, ErasureScope
from gateway.model.judgement import Grounds, Judgement
from gateway.model.receipt import Receipt
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State


class EntryKind(StrEnum):
    DECISION = "decision"
    DRY_RUN = "dry_run"
    DELIVERY = "delivery"  # the outcome of sending
    REVIEW = "review"  # a person released, edited or rejected what was held
    EXPIRY = "expiry"  # what was held passed its deadline
    CHANGE = "change"  # creator, API key, policy, key: who, what, when
    ERASED = "erased"  # keys were destroyed: texts, salts and commitments are gone


class ReviewAction(StrEnum):
    RELEASE = "release"
    EDIT = "edit"  # edit and release: the edit is judged again
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person decided about a held message. `reason` is required, never empty."""

    action: ReviewAction
    reviewer: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCommitment:
    """Binds an entry to a text that it does not hold: `hash` is hex HMAC-SHA256(salt, UTF-8 of
    the text as submitted). The salt (hex) lies encrypted with the text: destroying their key
    erases both."""

    salt: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One judged message, to be made durable in one transaction: the audit entry, the
    encrypted payload, the outbox row (state QUEUED), the review row (state HELD), the contact
    and the message's state. `review` is set when a person's decision caused this record."""

    submission: Submission
    judgement: Judgement
    grounds: Grounds
    state: State
    decided_at: datetime
    review: Review | None = None
    expires_at: datetime | None = None  # for HELD
    commitment: TextCommitment | None = None  # to the submitted text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the audit log. `body` is stored and hashed verbatim; `leaf` is
    sha256(0x00 ‖ body). `seq` starts at 0 and has no gaps."""

    seq: int
    kind: EntryKind
    at: datetime
    tenant: str
    message_id: str | None
    body: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way to a platform. `key` is the downstream idempotency key, the same
    on every attempt. `attempt` counts from 1. `uncertain`: an earlier attempt may have been
    delivered, since it ended UNKNOWN or was never settled."""

    message_id: str
    decision_id: str
    key: str
    tenant: str
    route: str
    channel: Channel
    creator: str
    avatar: str
    conversation: str
    audience_id: str | None
    disclosure: Disclosure
    receipt: Receipt
    recorded_seq: int  # the audit entry that allowed this delivery
    attempt: int
    queued_at: datetime
    uncertain: bool = False


class DispatchResult(StrEnum):
    DELIVERED = "delivered"
    REFUSED = "refused"  # the platform will never take it
    RETRY = "retry"  # surely not delivered; may be sent again
    UNKNOWN = "unknown"  # may or may not have been delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What the platform answered. `detail` carries no text and no credentials."""

    result: DispatchResult
    detail: str = ""
    platform_id: str | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The end of one attempt. `state` is DELIVERED, REFUSED, UNKNOWN, DEAD, or QUEUED with
    `next_attempt_at` when it will be tried again (no audit entry for that one)."""

    delivery: Delivery
    dispatch: Dispatch
    state: State
    at: datetime
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that auditors must see: to the configuration; a person's acknowledgement of an
    escalation; a conversation taken over or given back; a write that passed the proxy without being
    judged. `before` and `after` are sha256 digests (hex), None for "was not there"."""

    actor: str
    tenant: str
    # "creator", "api_key", "policy", "shadow", "signing_key", "escalation", "handover", "passed"
    what: str
    subject: str  # its id
    at: datetime
    before: str | None
    after: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedWrite:
    """A write that the proxy lets through unjudged, since its platform's file lists it so.
    `operation` and `listed` are in the words of that file (`DELETE /api/v1/statuses/{id}`).
    `target` and `body` are what is sent: credentials, ids and texts may be in them, so that only
    a keyed digest of both is written down."""

    tenant: str
    caller: str
    route: str
    operation: str
    listed: str
    target: str = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a message stands, as its caller gets it. Once the message is erased, its judgement has
    no texts, reasons, obligations or receipt."""

    message_id: str
    tenant: str
    channel: Channel
    creator: str
    avatar: str
    conversation: str
    route: str
    judgement: Judgement
    state: State
    decided_at: datetime
    entry_seq: int
    expires_at: datetime | None = None
    attempts: int = 0
    delivery_detail: str = ""
    dry_run: bool = False
    replayed: bool = False  # answered from an earlier request with the same Idempotency-Key
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """A message that waits for a person, with what that person needs to decide. `submission`
    holds raw text, decrypted for the reviewer alone."""

    outcome: Outcome
    submission: Submission
    held_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A message that a person must look at because of a rule, whatever its state, open since `at`.
    `submission` holds raw text, decrypted for the reviewer alone; None when it was erased."""

    outcome: Outcome
    submission: Submission | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """A held message passed its deadline unseen. `outcome` is as it stands from now on (state
    EXPIRED); its `entry_seq` is the entry that had put it on hold."""

    outcome: Outcome
    at: datetime


def leaf_hash(body: bytes) -> bytes:
    """The Merkle leaf of an entry's body, RFC 6962 section 2.1: sha256(0x00 ‖ body)."""
    return sha256(b"\x00" + body).digest()


def entry_of(
    event: Record | Settlement | Change | Expiry | Erasure, seq: int, body: bytes
) -> Entry:
    """The log entry of `event`, with the number `seq` and the stored `body`."""
    stamped = stamp(event)
    return Entry(
        seq=seq,
        kind=stamped.kind,
        at=stamped.at,
        tenant=stamped.tenant,
        message_id=stamped.message_id,
        body=body,
        leaf=leaf_hash(body),
    )


def outcome_of(record: Record, entry_seq: int) -> Outcome:
    """Where a message stands right after `record` became entry `entry_seq`."""
    submission = record.submission
    return Outcome(
        message_id=submission.message_id,
        tenant=submission.tenant,
        channel=submission.channel,
        creator=submission.creator,
        avatar=submission.avatar,
        conversation=submission.conversation,
        route=submission.route,
        judgement=record.judgement,
        state=record.state,
        decided_at=record.decided_at,
        entry_seq=entry_seq,
        expires_at=record.expires_at,
        dry_run=submission.dry_run,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The columns of an entry, which repeat parts of its body so that it can be found."""

    kind: EntryKind
    at: datetime
    tenant: str
    message_id: str | None


def stamp(event: Record | Settlement | Change | Expiry | Erasure) -> Stamp:
    """The columns of the entry that `event` makes. Verification compares them with the body."""
    match event:
        case Record(submission=submission, decided_at=at):
            kind = EntryKind.DECISION if event.review is None else EntryKind.REVIEW
            if submission.dry_run:
                kind = EntryKind.DRY_RUN
            return Stamp(
                kind=kind, at=at, tenant=submission.tenant, message_id=submission.message_id
            )
        case Settlement(delivery=delivery):
            return Stamp(
                kind=EntryKind.DELIVERY,
                at=event.at,
                tenant=delivery.tenant,
                message_id=delivery.message_id,
            )
        case Expiry(outcome=outcome):
            return Stamp(
                kind=EntryKind.EXPIRY,
                at=event.at,
                tenant=outcome.tenant,
                message_id=outcome.message_id,
            )
        case Change():
            return Stamp(kind=EntryKind.CHANGE, at=event.at, tenant=event.tenant, message_id=None)
        case Erasure():
            message = event.target if event.scope is ErasureScope.MESSAGE else None
            return Stamp(
                kind=EntryKind.ERASED, at=event.at, tenant=event.tenant, message_id=message
            )
