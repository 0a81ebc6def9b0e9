"""What is erased, what must not be, and for how long texts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RETENTION_FLOOR = timedelta(days=184)
"""Six months, whichever six they are: no rule may let go of texts before."""


class ErasureScope(StrEnum):
    SUBJECT = "subject"  # a person, by audience id
    CONVERSATION = "conversation"  # messages to nobody in particular, by conversation
    CREATOR = "creator"  # all that a creator's avatars said
    MESSAGE = "message"  # one message alone
    RETENTION = "retention"  # what a rule no longer keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrder:
    """Who wants what erased, and why. `target` is an audience id, a conversation, a creator or a
    message: it stands nowhere in clear where it names a person. `reason` is never empty and does
    stand in the log: it must not quote a message."""

    scope: ErasureScope
    tenant: str
    target: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureCounts:
    """How much an erasure removed.

    `keys` destroyed, `payloads` (texts, human texts, salts) of `messages` that they sealed.
    `stopped`: deliveries that were not made any more, `expired`: held messages, `contacts`: how
    often and when the person was written to. `resealed`: payloads that shared a key and stay.
    `kept`: keys that a legal hold keeps.
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
    """What an order came to; a dry run has neither `id` nor `entry`, and what found nothing to
    erase has none either. `legal_holds` are the ids of those in the way."""

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
    """Texts of such messages are erased `after` so long; None: any. `kind` is that of the entry:
    decision, dry_run or review. Of the rules that fit, the first counts."""

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
        where = "/".join(one or "*" for one in (self.tenant, self.channel, self.kind))
        return f"{where} after {self.after.days} days"
