"""Deliveries that were just recorded, kept in memory for the courier of this process.

Their outbox rows are inserted with a lease of this process, so that taking one costs neither a read
nor a commit. A delivery that the courier does not take becomes due when its first lease or this
process ends.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.model.disclosure import Disclosure
from gateway.model.receipt import Receipt
from gateway.model.record import Delivery, Record
from gateway.model.submission import Submission

_MAX_DELIVERIES = 10_000
"""Deliveries that are kept, which bounds the memory. Older ones are due when their lease ends."""


class FreshDeliveries:
    """Keeps deliveries that were just recorded.

    `lease_s` is the length of the first lease in seconds. Belongs to one event loop.
    """

    def __init__(self, *, lease_s: float) -> None:
        self._lease = timedelta(seconds=lease_s)
        self._waiting: OrderedDict[str, tuple[Record, int, datetime]] = OrderedDict()
        self._doubtful: OrderedDict[str, None] = OrderedDict()

    def until(self, recorded_at: datetime) -> datetime:
        """The end of the first lease of a delivery that is recorded at this time."""
        return recorded_at + self._lease

    def put(self, record: Record, seq: int, until: datetime) -> None:
        """Keep the delivery of a record with entry `seq`, whose first lease lasts `until` then."""
        self._waiting[record.submission.message_id] = (record, seq, until)
        if len(self._waiting) > _MAX_DELIVERIES:
            self._waiting.popitem(last=False)

    def doubt(self, message_id: str) -> None:
        """Note a message whose commit was cut off: it may be recorded and leased, although it is
        not kept here."""
        self._doubtful[message_id] = None
        if len(self._doubtful) > _MAX_DELIVERIES:
            self._doubtful.popitem(last=False)

    def doubtful(self) -> list[str]:
        """The ids of the messages in doubt."""
        return list(self._doubtful)

    def settled(self, message_ids: Iterable[str]) -> None:
        """Forget the doubt about these messages."""
        for message_id in message_ids:
            self._doubtful.pop(message_id, None)

    def take(self, message_id: str) -> tuple[Delivery, datetime] | None:
        """Take the delivery of a message, once, with the end of its lease; None when it is not
        kept."""
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
        """Forget the deliveries of these messages, which must not be sent any more."""
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
    """Build the delivery of a message. Its key is the same for every attempt, so that the message
    is published once. Raises ValueError without a disclosure or a receipt."""
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
