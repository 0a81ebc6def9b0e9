"""Erasures, the legal holds that prevent them, and retention rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RETENTION_FLOOR = timedelta(days=184)
"""Six months, however long the months are (at most 184 days): no rule may erase texts earlier."""


class ErasureScope(StrEnum):
    SUBJECT = "subject"  # a person, by audience id
    CONVERSATION = "conversation"  # messages to nobody in particular, by conversation
    CREATOR = "creator"  # all that a creator's avatars said
    MESSAGE = "message"  # one message alone
    RETENTION = "retention"  # what a rule no longer keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrder:
    """Who wants what erased, and why. `target` is an audience id, a conversation, a creator or a
    message; one that names a person is written nowhere in clear. `reason` is never empty and is
    written to the log: it must not quote a message."""

    scope: ErasureScope
    tenant: str
    target: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCounts:
    """How much an erasure removed.

    `keys`: keys destroyed. `payloads`: texts, human texts and salts that they sealed, of so many
    `messages`. `stopped`: deliveries that were cancelled. `expired`: held messages that expired.
    `contacts`: records of how often and when the person was written to. `resealed`: payloads that
    shared a key and stay. `kept`: keys that a legal hold keeps.
    """

    keys: int = 0
    payloads: int = 0
    messages: int = 0
    stopped: int = 0
    expired: int = 0
    contacts: int = 0
    resealed: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure that was carried out: an entry of the log. `target` is the keyed digest of a
    person or conversation (hex), a creator, a message, or a retention rule. `before` is the first
    entry that the order does not reach; `ordered_at` when it was given, `at` when all of its keys
    were destroyed."""

    id: str
    scope: ErasureScope
    tenant: str
    target: str
    actor: str
    reason: str
    ordered_at: datetime
    before: int
    at: datetime
    counts: ErasureCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """The result of an order. `id` and `entry` are None for a dry run, and where there was nothing
    to erase. `legal_holds` are the ids of the holds that prevented erasure."""

    scope: ErasureScope
    tenant: str
    target: str
    counts: ErasureCounts
    id: str | None = None
    entry: int | None = None
    at: datetime | None = None
    legal_holds: tuple[str, ...] = ()


class LegalHoldScope(StrEnum):
    TENANT = "tenant"
    SUBJECT = "subject"
    CONVERSATION = "conversation"
    CREATOR = "creator"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """Nothing that it covers is erased until it is lifted or `expires_at` has passed. `target`
    as in `Erasure`; "" for a whole tenant."""

    id: str
    scope: LegalHoldScope
    tenant: str
    target: str
    reason: str
    placed_by: str
    placed_at: datetime
    expires_at: datetime | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None

    def holds_at(self, now: datetime) -> bool:
        return self.lifted_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """Texts of the messages that fit are erased after `after`; None fits any value. `kind` is that
    of the entry: decision, dry_run or review. Of the rules that fit, the first counts."""

    after: timedelta
    tenant: str | None = None
    channel: str | None = None
    kind: str | None = None

    def fits(self, tenant: str, channel: str, kind: str) -> bool:
        return (
            self.tenant in (None, tenant)
            and self.channel in (None, channel)
            and self.kind in (None, kind)
        )

    def __str__(self) -> str:
        where = "/".join(field or "*" for field in (self.tenant, self.channel, self.kind))
        return f"{where} after {self.after.days} days"
