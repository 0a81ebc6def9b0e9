"""The transactions of an erasure: begin, step, confirm, finish.

begin    Checks legal holds and stores the order.
step     Takes a few of the order's keys out of use: messages that wait to be sent are stopped, held
         messages expire, payloads are emptied, request fingerprints (by which a text could be
         guessed) are deleted, and the keys are marked for destruction. From then on no process
         seals with these keys or reads what they sealed.
confirm  Records that the keys of a step are destroyed, durably.
finish   Appends the entry, last of all, so that it never says more than was done.

When a process dies in between, another one carries the order on.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from gateway.errors import LogInvalid, NotRecorded, OnLegalHold
from gateway.model.erasure import Erasure, ErasureCounts, ErasureOrder, ErasureScope, LegalHoldScope
from gateway.model.record import Dispatch, DispatchResult, Entry, Expiry, Settlement
from gateway.model.verdict import State
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.tables import (
    ErasureRow,
    SubjectRow,
    table,
)
from gateway.storage.engine.times import micros, moment
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.erasure.legal_holds import LegalHolds, keys_covered_by
from gateway.storage.erasure.scopes import SUBJECT, KeyScope
from gateway.storage.erasure.statements import COUNTS, ErasureStatements
from gateway.storage.messages.fresh_deliveries import delivery_of
from gateway.storage.messages.outcomes import WIDTH, outcome_from, readable
from gateway.storage.vault.vault import Vault

_KEYS_PER_STEP = 32
"""Keys in one step at most: messages wait for the transaction."""
_PAYLOADS_PER_STEP = 256
"""Payloads in one step at most, unless a single key seals more."""
_ERASURE = table(ErasureRow)
_MAYBE_SENT_DETAIL = "erased; it may have been sent before"
_UNSENT_DETAIL = "erased before it was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningErasure:
    """A stored order and its progress: a row of the table `erasure`.

    `ordered_at` is in microseconds. `before` is the number of the first entry that is too new to
    be erased; `after` is the day and id of the last key that was looked at.
    """

    number: int
    id: str
    scope: KeyScope
    actor: str
    reason: str
    ordered_at: int
    before: int
    after: tuple[int, str]
    counts: ErasureCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The outcome of a step: keys that must be destroyed now, the messages whose texts they
    sealed, and whether it was the last step."""

    kids: tuple[str, ...]
    messages: tuple[str, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class _SealedText:
    """A payload sealed with some key: the entry `seq` that it belongs to, and the number `latest`
    of the entry that decided its message last."""

    seq: int
    message_id: str
    creator: str
    latest: int


class ErasureSteps:
    """The transactions of erasures, as jobs for the writer."""

    def __init__(
        self, *, database: Database, vault: Vault, legal_holds: LegalHolds, now: Now
    ) -> None:
        self._database = database
        self._vault = vault
        self._legal_holds = legal_holds
        self._now = now
        self._sql = ErasureStatements(database)

    def begin(
        self, transaction: Transaction, order: ErasureOrder, scope: KeyScope
    ) -> RunningErasure | None:
        """Store the order; None when there is nothing to erase. Raises OnLegalHold, except for
        retention rules, which leave out what a legal hold covers."""
        some = sa.select(SUBJECT.kid).where(scope.keys()).limit(1)
        if scope.kind is ErasureScope.RETENTION and (
            legal_holds := self._legal_holds.standing_in(transaction, scope.tenant)
        ):
            covered = [keys_covered_by(legal_hold, scope) for legal_hold in legal_holds]
            some = some.where(sa.not_(sa.or_(*covered)))
        known = self._has_contacts(transaction, scope)
        if not known and not transaction.fetch(self._database.statement(some)):
            return None
        if scope.kind is not ErasureScope.RETENTION and (
            blocking := self._blocking_holds(transaction, scope)
        ):
            raise OnLegalHold(blocking)
        contacts = self._delete_contacts(transaction, scope) if known else 0
        ((last,),) = transaction.fetch(self._sql.last_number)
        number = (last or 0) + 1
        values: dict[str, Any] = {
            "number": number,
            "id": f"ers_{secrets.token_hex(10)}",
            "tenant": scope.tenant,
            "scope": scope.kind.value,
            "target": scope.target,
            "channel": scope.channel,
            "kind": scope.entry_kind,
            "kept_from": scope.kept_from,
            "before": transaction.next_seq,
            "actor": order.actor,
            "reason": order.reason,
            "ordered_at": micros(self._now()),
            "boot": self._database.instance_id,
            "after_day": -1,
            "after_kid": "",
            "finished_at": None,
            **dict.fromkeys(COUNTS, 0),
            "contacts": contacts,
        }
        transaction.add(self._sql.insert, **values)
        return self.order(transaction, number)

    def order(self, transaction: Transaction, number: int) -> RunningErasure:
        """Read an order that this process carries out. Raises NotRecorded when another process
        has reclaimed it."""
        rows = transaction.fetch(
            self._sql.own_order, number=number, to_boot=self._database.instance_id
        )
        if not rows:
            raise NotRecorded("another process carries on this erasure")
        return running_erasure_from(rows[0])

    def step(self, transaction: Transaction, number: int) -> StepResult:
        """Take the next keys of the order out of use."""
        order = self.order(transaction, number)
        chosen = (
            sa.select(*table(SubjectRow).c)
            .where(order.scope.keys(), SUBJECT.since < order.before)
            .where(sa.tuple_(SUBJECT.day, SUBJECT.kid) > sa.tuple_(*order.after))
            .order_by(SUBJECT.day, SUBJECT.kid)
            .limit(_KEYS_PER_STEP)
        )
        rows = transaction.fetch(self._database.statement(chosen))
        kept = self._keys_on_hold(transaction, order.scope, chosen)
        tally: Counter[str] = Counter()
        to_destroy: list[str] = []
        messages: list[str] = []
        after, done = order.after, len(rows) < _KEYS_PER_STEP
        for row in rows:
            subject, day, kid, _, creator, *_ = row
            if kid in kept:
                tally["kept"] += 1
                after = (day, kid)
                continue
            texts = [_SealedText(*text) for text in transaction.fetch(self._sql.texts, kid=kid)]
            if to_destroy and tally["payloads"] + len(texts) > _PAYLOADS_PER_STEP:
                done = False
                break
            after = (day, kid)
            gone = [text for text in texts if order.scope.takes(text.message_id, text.creator)]
            if not gone and order.scope.is_partial(creator):
                continue
            self._erase_payloads(transaction, gone, kid, tally)
            if stay := {text.seq for text in texts} - {text.seq for text in gone}:
                tally["resealed"] += self._reseal_payloads(transaction, kid, row, stay)
            transaction.add(self._sql.delete_subject, of_subject=subject, of_day=day, of_kid=kid)
            to_destroy.append(kid)
            messages += [text.message_id for text in gone]
        self._mark_keys(transaction, number, to_destroy)
        counted: dict[str, Any] = {f"more_{name}": tally[name] for name in COUNTS}
        transaction.add(
            self._sql.advance, of_number=number, to_day=after[0], to_kid=after[1], **counted
        )
        unique = tuple(dict.fromkeys(messages))
        return StepResult(kids=tuple(to_destroy), messages=unique, done=done)

    def confirm(self, transaction: Transaction, kids: Iterable[str]) -> None:
        """Record that these keys are destroyed."""
        for kid in kids:
            transaction.add(self._sql.confirm, of_kid=kid)

    def finish(self, transaction: Transaction, number: int) -> tuple[RunningErasure, Entry | None]:
        """Append the order's entry. None instead of an entry, and the order is withdrawn, when an
        earlier erasure had left nothing to erase."""
        order = self.order(transaction, number)
        at = self._now()
        if not order.counts.keys and not order.counts.contacts:
            transaction.add(self._sql.withdraw, of_number=number)
            return order, None
        columns = EntryColumns(
            creator=order.scope.target if order.scope.kind is ErasureScope.CREATOR else None,
            channel=order.scope.channel or None,
            decision=order.scope.kind.value,
        )
        erasure = Erasure(
            id=order.id,
            scope=order.scope.kind,
            tenant=order.scope.tenant,
            target=order.scope.target,
            actor=order.actor,
            reason=order.reason,
            ordered_at=moment(order.ordered_at),
            before=order.before,
            at=at,
            counts=order.counts,
        )
        entry = transaction.append(erasure, columns)
        transaction.add(self._sql.finished, of_number=number, to_at=micros(at))
        return order, entry

    def reclaim(self, transaction: Transaction, running: Iterable[int]) -> list[int]:
        """Assign unfinished orders that no process carries out to this process; return their
        numbers. Their process died, or it is this one and gave up: `running` are the numbers of
        the orders that this process is carrying out."""
        me = self._database.instance_id
        reclaimed = []
        for number, owner in transaction.fetch(self._sql.unfinished):
            given_up = owner == me and number not in running
            if given_up or (owner != me and not transaction.is_alive(owner)):
                transaction.add(self._sql.adopt, of_number=number, to_boot=me)
                reclaimed.append(number)
        return reclaimed

    def unconfirmed_keys(self, transaction: Transaction, number: int) -> tuple[str, ...]:
        """Ids of keys that this order marked for destruction but did not confirm, after a crash."""
        return tuple(kid for (kid,) in transaction.fetch(self._sql.unconfirmed, erasure_is=number))

    def _blocking_holds(self, transaction: Transaction, scope: KeyScope) -> tuple[str, ...]:
        """Ids of the legal holds that forbid this order, also those that cover no key yet."""
        blocking = []
        for hold in self._legal_holds.standing_in(transaction, scope.tenant):
            named = hold.scope is LegalHoldScope.TENANT or (
                scope.is_person and hold.target == scope.target
            )
            covered = (
                sa.select(SUBJECT.kid).where(scope.keys(), keys_covered_by(hold, scope)).limit(1)
            )
            if named or transaction.fetch(self._database.statement(covered)):
                blocking.append(hold.id)
        return tuple(blocking)

    def _keys_on_hold(
        self, transaction: Transaction, scope: KeyScope, chosen: sa.Select[Any]
    ) -> frozenset[str]:
        """Ids of the chosen keys that a legal hold covers. Checked with every step, since a legal
        hold may have been placed meanwhile."""
        legal_holds = self._legal_holds.standing_in(transaction, scope.tenant)
        if not legal_holds:
            return frozenset()
        covered = chosen.where(
            sa.or_(*[keys_covered_by(legal_hold, scope) for legal_hold in legal_holds])
        )
        kids = covered.with_only_columns(SUBJECT.kid)
        return frozenset(kid for (kid,) in transaction.fetch(self._database.statement(kids)))

    def _has_contacts(self, transaction: Transaction, scope: KeyScope) -> bool:
        """Whether the disclosure clock remembers this person."""
        if not scope.is_person:
            return False
        return bool(transaction.fetch(self._sql.contact, of_subject=bytes.fromhex(scope.target)))

    def _delete_contacts(self, transaction: Transaction, scope: KeyScope) -> int:
        """Delete what the disclosure clock remembers of this person; how many contacts."""
        subject = bytes.fromhex(scope.target)
        transaction.add(self._sql.drop_notices, of_subject=subject)
        return transaction.run(self._sql.drop_contacts, of_subject=subject)

    def _erase_payloads(
        self, transaction: Transaction, gone: Sequence[_SealedText], kid: str, tally: Counter[str]
    ) -> None:
        """Erase the payloads `gone` of one key, and settle the messages that they belong to."""
        ended = {text.message_id for text in gone if text.latest == text.seq}
        for row in transaction.fetch(self._sql.queued, kid=kid):
            if row[0] in ended:
                self._stop_delivery(transaction, row)
                tally["stopped"] += 1
        for row in transaction.fetch(self._sql.waiting, kid=kid):
            if row[0] in ended:
                self._expire_review(transaction, row)
                tally["expired"] += 1
        for text in gone:
            transaction.add(self._sql.empty, of_seq=text.seq)
        for message_id in {text.message_id for text in gone}:
            transaction.add(self._sql.forget_request, message=message_id)
        tally["keys"] += 1
        tally["payloads"] += len(gone)
        tally["messages"] += len(ended)

    def _stop_delivery(self, transaction: Transaction, row: Row) -> None:
        """Take a message out of the outbox and append its settlement: dead, or unknown when it may
        have been sent already."""
        attempt, queued_at, leased_by, uncertain = row[WIDTH:]
        maybe_sent = bool(uncertain) or leased_by is not None
        state = State.UNKNOWN if maybe_sent else State.DEAD
        dispatch = Dispatch(
            result=DispatchResult.UNKNOWN if maybe_sent else DispatchResult.RETRY,
            detail=_MAYBE_SENT_DETAIL if maybe_sent else _UNSENT_DETAIL,
        )
        payload = readable(row, self._vault)
        if payload is not None:
            delivery = delivery_of(
                payload.submission,
                decision_id=row[3],
                disclosure=payload.disclosure,
                receipt=payload.receipt,
                recorded_seq=row[4],
                attempt=attempt,
                queued_at=moment(queued_at),
                uncertain=bool(uncertain),
            )
            columns = EntryColumns(
                creator=delivery.creator,
                channel=delivery.channel.value,
                conversation=delivery.conversation,
                decision=state.value,
            )
            settlement = Settlement(
                delivery=delivery, dispatch=dispatch, state=state, at=self._now()
            )
            transaction.append(settlement, columns)
        transaction.add(self._sql.drop_queued, message=row[0])
        transaction.add(
            self._sql.settle, message=row[0], to_state=state.value, to_detail=dispatch.detail
        )

    def _expire_review(self, transaction: Transaction, row: Row) -> None:
        """Let a held message expire, and append that."""
        held = outcome_from(row, None)
        columns = EntryColumns(
            creator=held.creator,
            channel=held.channel.value,
            conversation=held.conversation,
            decision=State.EXPIRED.value,
        )
        outcome = replace(held, state=State.EXPIRED)
        transaction.append(Expiry(outcome=outcome, at=self._now()), columns)
        transaction.add(self._sql.drop_waiting, message=row[0])
        transaction.add(
            self._sql.settle,
            message=row[0],
            to_state=State.EXPIRED.value,
            to_detail=held.delivery_detail,
        )

    def _reseal_payloads(self, transaction: Transaction, kid: str, row: Row, stay: set[int]) -> int:
        """Seal the payloads `stay` with a new key, since their present one is to be destroyed;
        return how many. A payload that was tampered with could not be read before, and is lost."""
        key, count = self._vault.new_key(), 0
        for seq, message_id, nonce, ciphertext in transaction.fetch(self._sql.sealed, kid=kid):
            if seq not in stay:
                continue
            try:
                resealed = self._vault.reseal(message_id, kid, nonce, ciphertext, key)
            except LogInvalid:
                continue
            if resealed is None:
                continue
            to_nonce, to_text = resealed
            transaction.add(
                self._sql.replace, of_seq=seq, to_kid=key.id, to_nonce=to_nonce, to_text=to_text
            )
            count += 1
        names = table(SubjectRow).c.keys()
        values = dict(zip(names, row, strict=True)) | {"kid": key.id}
        transaction.add(self._sql.insert_subject, **values)
        return count

    def _mark_keys(self, transaction: Transaction, number: int, kids: Sequence[str]) -> None:
        """Mark keys for destruction, as the next erasure step."""
        if not kids:
            return
        step, at = transaction.erasures + 1, micros(self._now())
        for kid in kids:
            transaction.add(
                self._sql.insert_key, kid=kid, step=step, erasure=number, at=at, destroyed=False
            )
        transaction.erasures = step


def running_erasure_from(row: Sequence[Any]) -> RunningErasure:
    """Build an order from a row with all columns of the table `erasure`."""
    values = dict(zip(_ERASURE.c.keys(), row, strict=True))
    return RunningErasure(
        number=values["number"],
        id=values["id"],
        scope=KeyScope(
            kind=ErasureScope(values["scope"]),
            tenant=values["tenant"],
            target=values["target"],
            channel=values["channel"],
            entry_kind=values["kind"],
            kept_from=values["kept_from"],
        ),
        actor=values["actor"],
        reason=values["reason"],
        ordered_at=values["ordered_at"],
        before=values["before"],
        after=(values["after_day"], values["after_kid"]),
        counts=ErasureCounts(**{name: values[name] for name in COUNTS}),
    )
