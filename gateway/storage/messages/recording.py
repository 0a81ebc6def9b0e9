"""Writes all rows of one judged message in one transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gateway.errors import NotRecorded, StateConflict
from gateway.model.obligation import escalating
from gateway.model.record import Entry, Record
from gateway.model.verdict import State
from gateway.storage.engine.database import Database
from gateway.storage.engine.tables import (
    ContactNoticeRow,
    ContactRow,
    EscalationRow,
    MessageRow,
    OutboxRow,
    PayloadRow,
    ReviewRow,
    SubjectRow,
    table,
)
from gateway.storage.engine.times import micros, micros_or_none
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.messages.human_turns import insert_unless_human
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.vault import SealedRecord, SealedTooEarly

_MESSAGE = table(MessageRow)
_REVIEW = table(ReviewRow)
_DECIDED_COLUMNS = (
    "state",
    "decision_id",
    "entry_seq",
    "channel",
    "creator",
    "avatar",
    "conversation",
    "route",
    "verdict",
    "language",
    "decided_at",
    "expires_at",
)


class Recording:
    """The statements that record a message, as a job for the writer."""

    def __init__(self, *, database: Database, digests: Digests) -> None:
        self._digests = digests
        self._boot = database.instance_id
        compiled, message = database.statement, sa.bindparam("message", type_=sa.String)
        self._insert_payload = compiled(sa.insert(table(PayloadRow)))
        self._insert_subject = compiled(sa.insert(table(SubjectRow)))
        self._insert_outbox = insert_unless_human(database, table(OutboxRow))
        self._decide = database.upsert(
            _MESSAGE,
            keys=["id"],
            change=_DECIDED_COLUMNS,
            where=_MESSAGE.c.state == State.RECEIVED.value,
        )
        self._decide_again = compiled(
            sa.update(_MESSAGE)
            .where(_MESSAGE.c.id == message, _MESSAGE.c.state == State.HELD.value)
            .values({name: sa.bindparam(f"new_{name}") for name in _DECIDED_COLUMNS})
        )
        self._put_review = database.upsert(_REVIEW, keys=["message_id"], change=["expires_at"])
        self._waiting = compiled(
            sa.select(_REVIEW.c.expires_at).where(_REVIEW.c.message_id == message)
        )
        self._drop_review = compiled(sa.delete(_REVIEW).where(_REVIEW.c.message_id == message))
        self._escalate = database.upsert(table(EscalationRow), keys=["message_id"])
        self._put_contact = database.upsert(
            table(ContactRow), keys=["id"], latest=["last_message_at"]
        )
        self._put_notice = database.upsert(
            table(ContactNoticeRow), keys=["contact", "notice"], latest=["at"]
        )

    def write(
        self, transaction: Transaction, record: Record, sealed: SealedRecord, leased_until: datetime
    ) -> Entry:
        """Write the record's rows; return its entry.

        Raises NotRecorded when the message was recorded before or its claim was lost; StateConflict
        when a review comes too late or a person has taken the conversation over; SealedTooEarly
        when keys were erased after the payload was sealed.
        """
        submission, judgement = record.submission, record.judgement
        unprovable = judgement.disclosure is None or judgement.receipt is None
        if record.state is State.QUEUED and unprovable:
            raise NotRecorded("what is to be sent needs a disclosure and a receipt")
        if transaction.erasures > sealed.known:
            raise SealedTooEarly
        if record.review is not None:
            self._check_still_held(transaction, record)
        entry = transaction.append(record, _entry_columns(record))
        transaction.add(
            self._insert_payload,
            seq=entry.seq,
            kid=sealed.kid,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
        )
        if sealed.fresh:
            group = sealed.group._asdict()
            transaction.add(self._insert_subject, kid=sealed.kid, since=entry.seq, **group)
        self._write_message(transaction, record, entry)
        if record.state is State.QUEUED:
            self._queue_delivery(transaction, record, leased_until)
            self._write_contact(transaction, record, sealed)
        if record.state is State.HELD:
            transaction.add(
                self._put_review,
                message_id=submission.message_id,
                tenant=submission.tenant,
                held_at=micros(record.decided_at),
                expires_at=micros(record.expires_at or record.decided_at),
            )
        elif record.review is not None:
            transaction.add(self._drop_review, message=submission.message_id)
        if escalating(judgement.obligations) and not submission.dry_run:
            transaction.add(
                self._escalate,
                message_id=submission.message_id,
                tenant=submission.tenant,
                at=micros(record.decided_at),
            )
        return entry

    def _queue_delivery(
        self, transaction: Transaction, record: Record, leased_until: datetime
    ) -> None:
        submission = record.submission
        transaction.add(
            self._insert_outbox,
            otherwise=StateConflict(
                "a person took over this conversation while the message was judged; nothing "
                "was sent. Submit it again: it will wait for a person"
            ),
            tenant=submission.tenant,
            conversation=submission.conversation,
            # What a person wrote or released may go out while a person speaks.
            regardless=int(submission.human_author is not None or record.review is not None),
            message_id=submission.message_id,
            due_at=micros(leased_until),
            boot=self._boot,
            attempt=1,
            queued_at=micros(record.decided_at),
            uncertain=False,
        )

    def _check_still_held(self, transaction: Transaction, record: Record) -> None:
        rows = transaction.fetch(self._waiting, message=record.submission.message_id)
        if not rows or rows[0][0] <= micros(record.decided_at):
            raise StateConflict("the message does not wait for a person any more")

    def _write_message(self, transaction: Transaction, record: Record, entry: Entry) -> None:
        submission, judgement = record.submission, record.judgement
        decided = {
            "state": record.state.value,
            "decision_id": judgement.decision_id,
            "entry_seq": entry.seq,
            "channel": submission.channel.value,
            "creator": submission.creator,
            "avatar": submission.avatar,
            "conversation": submission.conversation,
            "route": submission.route,
            "verdict": judgement.verdict.value,
            "language": judgement.language,
            "decided_at": micros(record.decided_at),
            "expires_at": micros_or_none(record.expires_at),
        }
        if record.review is not None:
            renamed = {f"new_{name}": value for name, value in decided.items()}
            transaction.add(
                self._decide_again,
                otherwise=StateConflict("the message does not wait for a person any more"),
                message=submission.message_id,
                **renamed,
            )
            return
        request = self._digests.request(submission)
        transaction.add(
            self._decide,
            otherwise=NotRecorded("the message was recorded before, or its claim was lost"),
            id=submission.message_id,
            tenant=submission.tenant,
            request=request,
            fingerprint=None if request is None else self._digests.fingerprint(submission),
            boot=self._boot,
            claimed_at=None,
            dry_run=submission.dry_run,
            attempts=0,
            delivery_detail="",
            **decided,
        )

    def _write_contact(
        self, transaction: Transaction, record: Record, sealed: SealedRecord
    ) -> None:
        contact, at = self._digests.contact(record.submission), micros(record.decided_at)
        transaction.add(
            self._put_contact, id=contact, subject=sealed.subject, first_at=at, last_message_at=at
        )
        disclosure = record.judgement.disclosure
        for notice in disclosure.notices if disclosure else ():
            transaction.add(self._put_notice, contact=contact, notice=notice.notice, at=at)


def _entry_columns(record: Record) -> EntryColumns:
    submission, judgement, decision = record.submission, record.judgement, record.grounds.decision
    rules = [reason.rule for reason in judgement.reasons]
    rules += [rule for obligation in judgement.obligations for rule in obligation.rules]
    return EntryColumns(
        creator=submission.creator,
        channel=submission.channel.value,
        conversation=submission.conversation,
        decision=judgement.verdict.value,
        policy_digest=decision.bundle.digest if decision else None,
        rules=rules,
    )
