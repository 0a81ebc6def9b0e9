"""The transactions of an erasure: begin, step, confirm, finish.

begin    Checks legal holds and writes down the order.
step     Takes a few keys from those that seal: stops what waits to be sent, expires what is held,
         empties payloads, forgets what a request's text can be guessed by, and marks the keys as
         doomed. From here on nothing is sealed with them and nobody reads what they sealed.
confirm  Follows once the keys are destroyed, durably.
finish   Appends the entry, which so never says more than is true.

Whoever is killed in between leaves an order that the next process carries on.
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
from gateway.storage.erasure.legal_holds import LegalHolds, covering
from gateway.storage.erasure.scopes import SUBJECT, KeyScope
from gateway.storage.erasure.statements import COUNTS, ErasureStatements
from gateway.storage.messages.fresh_deliveries import delivery_of
from gateway.storage.messages.outcomes import WIDTH, outcome_from, readable
from gateway.storage.vault.vault import Vault

_KEYS = 32
_PAYLOADS = 256
_ERASURE = table(ErasureRow)
_SENDING = "erased; it may have been sent before"
_UNSENT = "erased before it was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningErasure:
    """A row of `erasure`."""

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
    """`kids` are doomed, `messages` theirs; `done` when no key is left."""

    kids: tuple[str, ...]
    messages: tuple[str, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class _Text:
    seq: int
    message_id: str
    creator: str
    latest: int


class ErasureSteps:
    def __init__(self, *, database: Database, vault: Vault, holds: LegalHolds, now: Now) -> None:
        self._database = database
        self._vault = vault
        self._holds = holds
        self._now = now
        self._sql = ErasureStatements(database)

    def begin(
        self, transaction: Transaction, order: ErasureOrder, scope: KeyScope
    ) -> RunningErasure | None:
        """None when there is nothing to erase. Raises OnLegalHold, but for retention, which
        passes over what is held."""
        some = sa.select(SUBJECT.kid).where(scope.keys()).limit(1)
        if scope.kind is ErasureScope.RETENTION and (
            holds := self._holds.standing_in(transaction, scope.tenant)
        ):
            some = some.where(sa.not_(sa.or_(*[covering(hold, scope) for hold in holds])))
        known = self._is_known(transaction, scope)
        if not known and not transaction.fetch(self._database.statement(some)):
            return None
        if scope.kind is not ErasureScope.RETENTION and (
            blocking := self._in_the_way(transaction, scope)
        ):
            raise OnLegalHold(blocking)
        contacts = self._forget_contacts(transaction, scope) if known else 0
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
            "boot": self._database.boot,
            "after_day": -1,
            "after_kid": "",
            "finished_at": None,
            **dict.fromkeys(COUNTS, 0),
            "contacts": contacts,
        }
        transaction.add(self._sql.insert, **values)
        return self.order(transaction, number)

    def order(self, transaction: Transaction, number: int) -> RunningErasure:
        """Raises NotRecorded when another process has taken it over."""
        rows = transaction.fetch(self._sql.one, number=number, to_boot=self._database.boot)
        if not rows:
            raise NotRecorded("another process carries on this erasure")
        return order_from(rows[0])

    def step(self, transaction: Transaction, number: int) -> StepResult:
        order = self.order(transaction, number)
        chosen = (
            sa.select(*table(SubjectRow).c)
            .where(order.scope.keys(), SUBJECT.since < order.before)
            .where(sa.tuple_(SUBJECT.day, SUBJECT.kid) > sa.tuple_(*order.after))
            .order_by(SUBJECT.day, SUBJECT.kid)
            .limit(_KEYS)
        )
        rows = transaction.fetch(self._database.statement(chosen))
        held = self._held(transaction, order.scope, chosen)
        tally: Counter[str] = Counter()
        doomed: list[str] = []
        messages: list[str] = []
        after, done = order.after, len(rows) < _KEYS
        for row in rows:
            subject, day, kid, _, creator, *_ = row
            if kid in held:
                tally["kept"] += 1
                after = (day, kid)
                continue
            texts = [_Text(*one) for one in transaction.fetch(self._sql.texts, kid=kid)]
            if doomed and tally["payloads"] + len(texts) > _PAYLOADS:
                done = False
                break
            after = (day, kid)
            gone = [text for text in texts if order.scope.takes(text.message_id, text.creator)]
            if not gone and order.scope.is_partial(creator):
                continue
            self._erase(transaction, gone, kid, tally)
            if stay := {text.seq for text in texts} - {text.seq for text in gone}:
                tally["resealed"] += self._reseal(transaction, kid, row, stay)
            transaction.add(self._sql.unnote, of_subject=subject, of_day=day, of_kid=kid)
            doomed.append(kid)
            messages += [text.message_id for text in gone]
        self._doom(transaction, number, doomed)
        counted: dict[str, Any] = {f"more_{name}": tally[name] for name in COUNTS}
        transaction.add(
            self._sql.advance, of_number=number, to_day=after[0], to_kid=after[1], **counted
        )
        return StepResult(kids=tuple(doomed), messages=tuple(dict.fromkeys(messages)), done=done)

    def confirm(self, transaction: Transaction, kids: Iterable[str]) -> None:
        """They are destroyed."""
        for kid in kids:
            transaction.add(self._sql.confirm, of_kid=kid)

    def finish(self, transaction: Transaction, number: int) -> tuple[RunningErasure, Entry | None]:
        """No entry where another erasure came first and left nothing."""
        order = self.order(transaction, number)
        at = self._now()
        if not order.counts.keys and not order.counts.contacts:
            transaction.add(self._sql.withdraw, of_number=number)
            return order, None
        marks = EntryColumns(
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
        entry = transaction.append(erasure, marks)
        transaction.add(self._sql.finished, of_number=number, to_at=micros(at))
        return order, entry

    def take_over(self, transaction: Transaction, mine: Iterable[int]) -> list[int]:
        """Orders that nobody carries out: their process died, or gave up. `mine` are those
        that this process is at."""
        found = []
        for number, boot in transaction.fetch(self._sql.unfinished):
            ours = boot == self._database.boot
            if (ours and number not in mine) or not (ours or transaction.is_alive(boot)):
                transaction.add(self._sql.adopt, of_number=number, to_boot=self._database.boot)
                found.append(number)
        return found

    def doomed(self, transaction: Transaction, number: int) -> tuple[str, ...]:
        """What a step of this order doomed and nobody confirmed."""
        return tuple(kid for (kid,) in transaction.fetch(self._sql.doomed, erasure_is=number))

    def _in_the_way(self, transaction: Transaction, scope: KeyScope) -> tuple[str, ...]:
        found = []
        for hold in self._holds.standing_in(transaction, scope.tenant):
            named = hold.scope is LegalHoldScope.TENANT or (
                scope.is_person and hold.target == scope.target
            )
            covered = sa.select(SUBJECT.kid).where(scope.keys(), covering(hold, scope)).limit(1)
            if named or transaction.fetch(self._database.statement(covered)):
                found.append(hold.id)
        return tuple(found)

    def _held(
        self, transaction: Transaction, scope: KeyScope, chosen: sa.Select[Any]
    ) -> frozenset[str]:
        """Checked with every step: a hold may have been placed since the last."""
        holds = self._holds.standing_in(transaction, scope.tenant)
        if not holds:
            return frozenset()
        covered = chosen.where(sa.or_(*[covering(hold, scope) for hold in holds]))
        kids = covered.with_only_columns(SUBJECT.kid)
        return frozenset(kid for (kid,) in transaction.fetch(self._database.statement(kids)))

    def _is_known(self, transaction: Transaction, scope: KeyScope) -> bool:
        """Whether the disclosure clock knows this person."""
        if not scope.is_person:
            return False
        return bool(transaction.fetch(self._sql.contact, of_subject=bytes.fromhex(scope.target)))

    def _forget_contacts(self, transaction: Transaction, scope: KeyScope) -> int:
        subject = bytes.fromhex(scope.target)
        transaction.add(self._sql.drop_notices, of_subject=subject)
        return transaction.run(self._sql.drop_contacts, of_subject=subject)

    def _erase(
        self, transaction: Transaction, gone: Sequence[_Text], kid: str, tally: Counter[str]
    ) -> None:
        ended = {text.message_id for text in gone if text.latest == text.seq}
        for row in transaction.fetch(self._sql.queued, kid=kid):
            if row[0] in ended:
                self._stop(transaction, row)
                tally["stopped"] += 1
        for row in transaction.fetch(self._sql.waiting, kid=kid):
            if row[0] in ended:
                self._expire(transaction, row)
                tally["expired"] += 1
        for text in gone:
            transaction.add(self._sql.empty, of_seq=text.seq)
        for message_id in {text.message_id for text in gone}:
            transaction.add(self._sql.forget_request, message=message_id)
        tally["keys"] += 1
        tally["payloads"] += len(gone)
        tally["messages"] += len(ended)

    def _stop(self, transaction: Transaction, row: Row) -> None:
        """It is not sent any more; whether it was before, is told as far as it is known."""
        attempt, queued_at, boot, uncertain = row[WIDTH:]
        maybe = bool(uncertain) or boot is not None
        state = State.UNKNOWN if maybe else State.DEAD
        dispatch = Dispatch(
            result=DispatchResult.UNKNOWN if maybe else DispatchResult.RETRY,
            detail=_SENDING if maybe else _UNSENT,
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
            marks = EntryColumns(
                creator=delivery.creator,
                channel=delivery.channel.value,
                conversation=delivery.conversation,
                decision=state.value,
            )
            settlement = Settlement(
                delivery=delivery, dispatch=dispatch, state=state, at=self._now()
            )
            transaction.append(settlement, marks)
        transaction.add(self._sql.drop_queued, message=row[0])
        transaction.add(
            self._sql.settle, message=row[0], to_state=state.value, to_detail=dispatch.detail
        )

    def _expire(self, transaction: Transaction, row: Row) -> None:
        held = outcome_from(row, None)
        marks = EntryColumns(
            creator=held.creator,
            channel=held.channel.value,
            conversation=held.conversation,
            decision=State.EXPIRED.value,
        )
        outcome = replace(held, state=State.EXPIRED)
        transaction.append(Expiry(outcome=outcome, at=self._now()), marks)
        transaction.add(self._sql.drop_waiting, message=row[0])
        transaction.add(
            self._sql.settle,
            message=row[0],
            to_state=State.EXPIRED.value,
            to_detail=held.delivery_detail,
        )

    def _reseal(self, transaction: Transaction, kid: str, row: Row, stay: set[int]) -> int:
        """What shares a key with what is erased gets a new one. A payload that was tampered
        with could not be read before, and stays behind."""
        key, count = self._vault.spare(), 0
        for seq, message_id, nonce, ciphertext in transaction.fetch(self._sql.sealed, kid=kid):
            if seq not in stay:
                continue
            try:
                again = self._vault.resealed(message_id, kid, nonce, ciphertext, key)
            except LogInvalid:
                continue
            if again is None:
                continue
            transaction.add(
                self._sql.replace, of_seq=seq, to_kid=key.id, to_nonce=again[0], to_text=again[1]
            )
            count += 1
        names = table(SubjectRow).c.keys()
        values = dict(zip(names, row, strict=True)) | {"kid": key.id}
        transaction.add(self._sql.note, **values)
        return count

    def _doom(self, transaction: Transaction, number: int, kids: Sequence[str]) -> None:
        if not kids:
            return
        step, at = transaction.erasures + 1, micros(self._now())
        for kid in kids:
            transaction.add(
                self._sql.insert_key, kid=kid, step=step, erasure=number, at=at, destroyed=False
            )
        transaction.erasures = step


def order_from(row: Sequence[Any]) -> RunningErasure:
    """Of all columns of `erasure`."""
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
