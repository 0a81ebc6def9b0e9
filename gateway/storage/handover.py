"""Deliveries that were just recorded, kept for the courier that comes for them next.

Their outbox rows are born leased to this process, so taking one costs neither a read nor a
commit. What nobody takes is due again when that first lease ends, or when this process does.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from gateway.model.record import Delivery, Outcome, Record, outcome_of

_MOST = 10_000


class Handover:
    """`lease_s`: how long the first lease lasts. Belongs to one event loop."""

    def __init__(self, *, lease_s: float) -> None:
        self._lease = timedelta(seconds=lease_s)
        self._waiting: OrderedDict[str, tuple[Delivery, datetime]] = OrderedDict()

    def until(self, recorded_at: datetime) -> datetime:
        return recorded_at + self._lease

    def put(self, record: Record, seq: int, until: datetime) -> None:
        delivery = delivery_of(
            outcome_of(record, seq),
            audience_id=record.submission.audience.id,
            attempt=1,
            queued_at=record.decided_at,
        )
        self._waiting[delivery.message_id] = (delivery, until)
        if len(self._waiting) > _MOST:
            self._waiting.popitem(last=False)

    def take(self, message_id: str) -> tuple[Delivery, datetime] | None:
        """The delivery, and when its lease ends. Only once."""
        return self._waiting.pop(message_id, None)


def delivery_of(
    outcome: Outcome, *, audience_id: str | None, attempt: int, queued_at: datetime
) -> Delivery:
    """The key is the same on every attempt: a message is published once, whoever released it."""
    if outcome.disclosure is None or outcome.receipt is None:
        raise ValueError("what is to be sent needs a disclosure and a receipt")
    return Delivery(
        message_id=outcome.message_id,
        decision_id=outcome.decision_id,
        key=outcome.message_id,
        tenant=outcome.tenant,
        route=outcome.route,
        channel=outcome.channel,
        creator=outcome.creator,
        avatar=outcome.avatar,
        conversation=outcome.conversation,
        audience_id=audience_id,
        disclosure=outcome.disclosure,
        receipt=outcome.receipt,
        recorded_seq=outcome.entry_seq,
        attempt=attempt,
        queued_at=queued_at,
    )
