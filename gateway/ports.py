"""The ports: interfaces by which the pipeline uses the rooms around it. Pure steps are callables.

Every adapter of a port passes that port's contract suite in tests/contracts/. A port that fails
raises; only pipeline/stages.py turns that into an `Unavailable`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.model.access import ApiKey
from gateway.model.creator import Creator
from gateway.model.decision import Bundle, Contact, Decision, Facts
from gateway.model.disclosure import Disclosure, Redaction
from gateway.model.erasure import Erasure
from gateway.model.finding import Detection, Stage
from gateway.model.obligation import Obligation
from gateway.model.receipt import Receipt
from gateway.model.record import (
    Change,
    Delivery,
    Dispatch,
    Entry,
    Expiry,
    HeldMessage,
    Outcome,
    Record,
    Settlement,
)
from gateway.model.route import Route
from gateway.model.submission import Submission
from gateway.model.text import ReadText

Now = Callable[[], datetime]
"""The clock: returns the time now, aware and in UTC."""

Read = Callable[[str, str | None], ReadText]
"""Takes a text as submitted and its declared language, or None; returns its forms. Pure."""

Redact = Callable[[Submission, ReadText, Sequence[Detection], Sequence[Obligation]], Redaction]
"""Replaces what the REDACT obligations name in the clean text. Pure but for keyed pseudonyms."""


LogEvent = Record | Settlement | Change | Expiry | Erasure
"""Every event that the audit log has an entry for."""

Encode = Callable[[LogEvent, int], bytes]
"""Takes an event and the number of its entry; returns the entry's body, which is stored and hashed
verbatim. Pure. The body holds no raw text and no PII, only keyed or salted hashes of them. Called
inside the writing transaction, and again when that is retried with another number."""


class Detector(Protocol):
    """Detects PII, toxicity or signals in one submission. Used by one event loop; work that takes
    longer than a millisecond runs in a thread.

    Every detection names the detector's own stage. Findings lie inside the submitted text (or the
    human's message) and never hold the value they found. The same text gives the same detection.
    `close` may be called more than once.
    """

    @property
    def stage(self) -> Stage: ...

    async def warm(self) -> None:
        """Load models and run once, so that the first message is not slow."""
        ...

    async def detect(self, submission: Submission, read: ReadText) -> Detection: ...

    async def close(self) -> None: ...


class PolicyEngine(Protocol):
    """Evaluates all packs on one document built from the facts. Raises on a time-out, on an
    exception of the engine and on an undefined result, so that none of them can mean "publish"."""

    @property
    def bundle(self) -> Bundle: ...

    async def warm(self) -> None: ...

    async def decide(self, facts: Facts) -> Decision: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyGeneration:
    """One set of policies as a message uses it: `signals` looks for the phrases of these policies,
    `decide` evaluates their rules. A message takes both from one generation."""

    signals: Detector
    decide: Callable[[Facts], Awaitable[Decision]]


CurrentPolicies = Callable[[], AbstractContextManager[PolicyGeneration]]
"""Returns the policies in use now. They stay open until the context is left, even when newer ones
have been taken into use meanwhile."""


class Discloser(Protocol):
    """Labels texts and signs receipts for them. Pure but for salts and signatures."""

    def disclose(
        self, facts: Facts, redaction: Redaction, obligations: Sequence[Obligation]
    ) -> Disclosure:
        """The text to publish: replaced if an obligation says so, shortened to the route's
        length budget, with its visible notices and machine-readable marks. Raises
        StageUndefined when it cannot be made to fit (route.overflow is HOLD, or the label alone
        is too long)."""
        ...

    def attest(self, facts: Facts, decision: Decision, disclosure: Disclosure) -> Receipt:
        """The signed receipt for `disclosure`. It verifies against the published text, its salt
        and the public keys, and against no other text."""
        ...


class Ledger(Protocol):
    """The durable memory of messages. Every method that writes returns only after the write is
    durable, or raises NotRecorded."""

    async def claim(self, submission: Submission) -> Outcome | None:
        """For a submission with an idempotency key: None when it is the first with this key
        (and caller), its outcome when it was settled before. Raises IdempotencyBusy or
        IdempotencyReused. Without a key: None."""
        ...

    async def abandon(self, submission: Submission) -> None:
        """Give back the claim of a submission that was not recorded: its key is free again."""
        ...

    async def contact(self, submission: Submission) -> Contact: ...

    async def record(self, record: Record) -> Entry: ...

    async def outcome(self, tenant: str, message_id: str) -> Outcome | None: ...

    async def held(self, tenant: str, message_id: str) -> HeldMessage | None: ...


class Outbox(Protocol):
    """The recorded messages that wait to be sent."""

    async def lease(
        self, *, message_id: str | None = None, limit: int = 1, until: datetime
    ) -> Sequence[Delivery]:
        """Take deliveries that are due and not leased (or that one message's), for sending
        until `until`; `attempt` is already counted up, durably."""
        ...

    async def settle(self, settlement: Settlement) -> Entry | None:
        """Store the end of an attempt, its audit entry and the message's state, in one durable
        transaction. Returns the entry, None when the message stays QUEUED."""
        ...


class Registry(Protocol):
    """Creators and API keys. Each write appends an entry to the audit log in its transaction."""

    async def creator(self, tenant: str, creator_id: str) -> Creator | None: ...

    async def creators(self, tenant: str) -> Sequence[Creator]: ...

    async def put_creator(
        self, tenant: str, creator_id: str, settings: Mapping[str, Any], *, actor: str
    ) -> Creator: ...

    async def api_key(self, key_id: str) -> ApiKey | None: ...

    async def api_keys(self, tenant: str | None = None) -> Sequence[ApiKey]: ...

    async def put_api_key(self, key: ApiKey, *, actor: str) -> None:
        """Add a key, or replace the one with this id (to revoke it)."""
        ...


class Platform(Protocol):
    """Sends messages to the platform that a route leads to."""

    @property
    def routes(self) -> Mapping[str, Route]: ...

    async def send(self, delivery: Delivery) -> Dispatch:
        """Make one attempt. Failures of the platform or the network are results, not exceptions."""
        ...

    async def close(self) -> None: ...


class Courier(Protocol):
    """Sends the messages of the outbox to their platforms at least once, with the same key on every
    attempt. An attempt goes on when its caller is cancelled."""

    def start(self, message_id: str) -> None:
        """Start an attempt for this message, without waiting for its end."""
        ...

    async def deliver(self, message_id: str) -> Settlement | None:
        """Make an attempt for this message now; return the settlement that ended delivery, once it
        is durable. None when delivery goes on, another attempt is under way, or it was settled
        before."""
        ...
