"""Deliveries that were just recorded, kept for the courier that comes for them next.

Their outbox rows are born leased to this process, so taking one costs neither a read nor a
commit. What nobody takes is due again when that first lease ends, or when this process does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.model.disclosure import Disclosure
from gateway.model.receipt import Receipt
from gateway.model.record import Delivery, Record
from gateway.model.submission import Submission

_MOST = 10_000
"""Deliveries that are kept; older ones are left to their lease. Bounds the memory."""


class FreshDeliveries:
    """`lease_s`: how long the first lease lasts. Belongs to one event loop."""

    def __init__(self, *, lease_s: float) -> None:
        self._lease = timedelta(seconds=lease_s)
        self._waiting: OrderedDict[str, tuple[Record, int, datetime]] = OrderedDict()
        self._doubtful: OrderedDict[str, None] = OrderedDict()

    def until(self, recorded_at: datetime) -> datetime:
        return recorded_at + self._lease

    def put(self, record: Record, seq: int, until: datetime) -> None:
        self._waiting[record.submission.message_id] = (record, seq, until)
        if len(self._waiting) > _MOST:
            self._waiting.popitem(last=False)

    def doubt(self, message_id: str) -> None:
        """Nobody knows whether this one was recorded. If it was, nobody comes for it."""
        self._doubtful[message_id] = None
        if len(self._doubtful) > _MOST:
            self._doubtful.popitem(last=False)

    def doubtful(self) -> list[str]:
        return list(self._doubtful)

    def settled(self, message_ids: Iterable[str]) -> None:
        """No doubt about these any more."""
        for message_id in message_ids:
            self._doubtful.pop(message_id, None)

    def take(self, message_id: str) -> tuple[Delivery, datetime] | None:
        """The delivery, and when its lease ends. Only once."""
        waiting = self._waiting.pop(message_id, None)
        if waiting is None:
            return None
        record, seq, until = waiting
        judgement = record.judgement
        return delivery_of(
            record.submission,
            decision_id=judgement.decision_id,
            disclosure=judgement.disclosure,
            receipt=judgement.receipt,
            recorded_seq=seq,
            attempt=1,
            queued_at=record.decided_at,
        ), until

    def drop(self, message_ids: Iterable[str]) -> None:
        """These are not to be sent any more."""
        for message_id in message_ids:
            self._waiting.pop(message_id, None)


def delivery_of(
    submission: Submission,
    *,
    decision_id: str,
    disclosure: Disclosure | None,
    receipt: Receipt | None,
    recorded_seq: int,
    attempt: int,
    queued_at: datetime,
    uncertain: bool = False,
) -> Delivery:
    """The key is the same on every attempt: a message is published once, whoever released it."""
    if disclosure is None or receipt is None:
        raise ValueError("what is to be sent needs a disclosure and a receipt")
    return Delivery(
        message_id=submission.message_id,
        decision_id=decision_id,
        key=submission.message_id,
        tenant=submission.tenant,
        route=submission.route,
        channel=submission.channel,
        creator=submission.creator,
        avatar=submission.avatar,
        conversation=submission.conversation,
        audience_id=submission.audience.id,
        disclosure=disclosure,
        receipt=receipt,
        recorded_seq=recorded_seq,
        attempt=attempt,
        queued_at=queued_at,
        uncertain=uncertain,
    )
