"""The compiled statements of `erasure_steps.py`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from gateway.model.erasure import ErasureCounts
from gateway.storage.engine.database import Database
from gateway.storage.engine.tables import (
    ContactNoticeRow,
    ContactRow,
    EntryRow,
    ErasedKeyRow,
    ErasureRow,
    MessageRow,
    OutboxRow,
    PayloadRow,
    ReviewRow,
    SubjectRow,
    table,
)
from gateway.storage.erasure.scopes import ENTRY, PAYLOAD, SUBJECT
from gateway.storage.messages.outcomes import select_outcomes

COUNTS = tuple(count.name for count in fields(ErasureCounts))
"""The columns of the table `erasure` that are counts."""
_ERASURE = table(ErasureRow)
_ERASED = table(ErasedKeyRow)
_SEALED = table(PayloadRow).join(table(EntryRow), ENTRY.seq == PAYLOAD.seq)
_KID_IS = PAYLOAD.kid == sa.bindparam("kid", type_=sa.String)
_MESSAGE_IS = sa.bindparam("message", type_=sa.String)
_OF_KID = sa.bindparam("of_kid", type_=sa.String)


class ErasureStatements:
    """Statements on orders, keys, payloads, messages and contacts, in this order.

    Parameters that begin with `to_` are new values, `more_` are added to a count, `of_` and the
    others select rows.
    """

    def __init__(self, database: Database) -> None:
        self._compiled = database.statement
        self._compile_orders()
        self._compile_keys()
        self._compile_payloads()
        self._compile_messages()
        self._compile_contacts()

    def _compile_orders(self) -> None:
        compiled, number = self._compiled, _ERASURE.c.number
        self.insert = compiled(sa.insert(_ERASURE))
        self.last_number = compiled(sa.select(sa.func.max(number)))
        mine = sa.and_(
            _ERASURE.c.boot == sa.bindparam("to_boot", type_=sa.String),
            _ERASURE.c.finished_at.is_(None),
        )
        self.own_order = compiled(
            sa.select(*_ERASURE.c).where(number == _bind("number", number), mine)
        )
        self.unfinished = compiled(
            sa.select(number, _ERASURE.c.boot)
            .where(_ERASURE.c.finished_at.is_(None))
            .order_by(number)
        )
        this = sa.update(_ERASURE).where(number == _bind("of_number", number))
        self.adopt = compiled(this.values(boot=sa.bindparam("to_boot")))
        self.finished = compiled(this.values(finished_at=_bind("to_at", _ERASURE.c.finished_at)))
        self.withdraw = compiled(sa.delete(_ERASURE).where(number == _bind("of_number", number)))
        counts = {
            name: _ERASURE.c[name] + _bind(f"more_{name}", _ERASURE.c[name]) for name in COUNTS
        }
        self.advance = compiled(
            this.values(
                after_day=_bind("to_day", _ERASURE.c.after_day),
                after_kid=sa.bindparam("to_kid"),
                **counts,
            )
        )

    def _compile_keys(self) -> None:
        compiled, subject = self._compiled, table(SubjectRow)
        self.insert_subject = compiled(sa.insert(subject))
        self.delete_subject = compiled(
            sa.delete(subject).where(
                SUBJECT.subject == _bind("of_subject", subject.c.subject),
                SUBJECT.day == _bind("of_day", subject.c.day),
                SUBJECT.kid == _OF_KID,
            )
        )
        self.insert_key = compiled(sa.insert(_ERASED))
        self.confirm = compiled(
            sa.update(_ERASED).where(_ERASED.c.kid == _OF_KID).values(destroyed=sa.true())
        )
        self.unconfirmed = compiled(
            sa.select(_ERASED.c.kid).where(
                _ERASED.c.erasure == _bind("erasure_is", _ERASED.c.erasure),
                _ERASED.c.destroyed == sa.false(),
            )
        )

    def _compile_payloads(self) -> None:
        compiled, message, payload = self._compiled, table(MessageRow), table(PayloadRow)
        self.texts = compiled(
            sa.select(PAYLOAD.seq, ENTRY.msg_id, ENTRY.creator, message.c.entry_seq)
            .select_from(_SEALED.join(message, message.c.id == ENTRY.msg_id))
            .where(_KID_IS)
        )
        self.sealed = compiled(
            sa.select(PAYLOAD.seq, ENTRY.msg_id, PAYLOAD.nonce, PAYLOAD.ciphertext)
            .select_from(_SEALED)
            .where(_KID_IS)
        )
        this = sa.update(payload).where(PAYLOAD.seq == _bind("of_seq", payload.c.seq))
        self.empty = compiled(this.values(nonce=b"", ciphertext=b""))
        self.replace = compiled(
            this.values(
                kid=sa.bindparam("to_kid"),
                nonce=_bind("to_nonce", payload.c.nonce),
                ciphertext=_bind("to_text", payload.c.ciphertext),
            )
        )

    def _compile_messages(self) -> None:
        compiled = self._compiled
        message, outbox, review = table(MessageRow), table(OutboxRow), table(ReviewRow)
        theirs = sa.select(ENTRY.msg_id).select_from(_SEALED).where(_KID_IS)
        more = [outbox.c[name] for name in ("attempt", "queued_at", "boot", "uncertain")]
        queued = select_outcomes(*more, by=outbox.c.message_id)
        self.queued = compiled(queued.where(outbox.c.message_id.in_(theirs), _KID_IS))
        waiting = select_outcomes(by=review.c.message_id)
        self.waiting = compiled(waiting.where(review.c.message_id.in_(theirs), _KID_IS))
        self.drop_queued = compiled(sa.delete(outbox).where(outbox.c.message_id == _MESSAGE_IS))
        self.drop_waiting = compiled(sa.delete(review).where(review.c.message_id == _MESSAGE_IS))
        this = sa.update(message).where(message.c.id == _MESSAGE_IS)
        self.settle = compiled(
            this.values(state=sa.bindparam("to_state"), delivery_detail=sa.bindparam("to_detail"))
        )
        self.forget_request = compiled(this.values(fingerprint=sa.null()))

    def _compile_contacts(self) -> None:
        compiled, contact, notice = self._compiled, table(ContactRow), table(ContactNoticeRow)
        of_subject = contact.c.subject == _bind("of_subject", contact.c.subject)
        met = sa.select(contact.c.id).where(of_subject)
        self.contact = compiled(met.limit(1))
        self.drop_notices = compiled(sa.delete(notice).where(notice.c.contact.in_(met)))
        self.drop_contacts = compiled(sa.delete(contact).where(of_subject))


def _bind(name: str, column: sa.ColumnElement[Any]) -> sa.BindParameter[Any]:
    """A parameter with the type of `column`."""
    return sa.bindparam(name, type_=column.type)
