"""The outbox of messages that wait to be sent; implements `ports.Outbox`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.model.record import Delivery, DispatchResult, Entry, Settlement
from gateway.model.verdict import State
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.tables import EscalationRow, MessageRow, OutboxRow, table
from gateway.storage.engine.times import micros, moment
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.messages.fresh_deliveries import FreshDeliveries, delivery_of
from gateway.storage.messages.outcomes import WIDTH, readable, select_outcomes
from gateway.storage.vault.vault import Vault

_RETRY_UNREADABLE_AFTER = timedelta(hours=1)
"""Delay of a delivery whose payload cannot be read."""
_NEEDS_A_PERSON = (State.UNKNOWN, State.DEAD)
"""The ends of a delivery that are escalated to a person."""


class StoredOutbox:
    """Implements ports.Outbox. Each delivery is leased to one process at a time."""

    def __init__(
        self,
        *,
        database: Database,
        writer: DatabaseWriter,
        vault: Vault,
        fresh: FreshDeliveries,
        now: Now,
    ) -> None:
        self._writer = writer
        self._vault = vault
        self._fresh = fresh
        self._now = now
        self._boot = database.instance_id
        self._suspected_dead: set[str] = set()
        self._compile_queries(database)

    async def lease(
        self, *, message_id: str | None = None, limit: int = 1, until: datetime
    ) -> Sequence[Delivery]:
        now = self._now()
        if message_id is None:
            return await self._writer.write(
                lambda writing: self._take_rows(
                    writing, writing.fetch(self._due, now=micros(now), most=limit), until
                )
            )
        delivery, leased_until = self._fresh.take(message_id) or (None, now)
        if delivery is not None and until <= leased_until:
            return [delivery]
        if delivery is not None and now < leased_until:
            await self._writer.write(lambda writing: self._extend_lease(writing, message_id, until))
            return [delivery]
        key = {"message": message_id, "now": micros(now)}
        return await self._writer.write(
            lambda writing: self._take_rows(writing, writing.fetch(self._that_one, **key), until)
        )

    async def settle(self, settlement: Settlement) -> Entry | None:
        return await self._writer.write(lambda writing: self._store_settlement(writing, settlement))

    async def recover(self, *, patient: bool = False) -> int:
        """Make the deliveries that dead processes had leased due again; return how many processes
        that were.

        So are those that this process recorded without learning that its commit succeeded. With
        `patient`, a process counts as dead only when it was dead at the last call as well: a live
        one that lost its connection has made another meanwhile.
        """
        doubtful = self._fresh.doubtful()

        def job(transaction: Transaction) -> set[str]:
            boots = [boot for (boot,) in transaction.fetch(self._leasing)]
            dead = {boot for boot in boots if not transaction.is_alive(boot)}
            for boot in dead & self._suspected_dead if patient else dead:
                transaction.run(self._release, boot_is=boot, now=micros(self._now()))
            for message_id in doubtful:
                transaction.add(
                    self._let_go, message=message_id, own=self._boot, now=micros(self._now())
                )
            return dead

        dead = await self._writer.write(job)
        self._fresh.settled(doubtful)
        released = dead & self._suspected_dead if patient else dead
        self._suspected_dead = dead - released
        return len(released)

    def _take_rows(
        self, transaction: Transaction, rows: Sequence[Row], until: datetime
    ) -> list[Delivery]:
        taken = [self._take_one(transaction, row, until) for row in rows]
        return [delivery for delivery in taken if delivery is not None]

    def _take_one(self, transaction: Transaction, row: Row, until: datetime) -> Delivery | None:
        payload = readable(row, self._vault)
        attempt, queued_at, boot, uncertain = row[WIDTH:]
        # The lease ended without a result: the attempt may have been published.
        uncertain = bool(uncertain) or boot is not None
        if payload is None or payload.disclosure is None or payload.receipt is None:
            # The key is missing or the payload was changed, which a backup may mend. Meanwhile
            # this delivery must not hold up others.
            later = micros(self._now() + _RETRY_UNREADABLE_AFTER)
            transaction.add(self._postpone, message=row[0], to_due=later, to_uncertain=uncertain)
            return None
        transaction.add(
            self._lease,
            message=row[0],
            to_due=micros(until),
            to_boot=self._boot,
            to_attempt=attempt + 1,
            to_uncertain=uncertain,
        )
        return delivery_of(
            payload.submission,
            decision_id=row[3],
            disclosure=payload.disclosure,
            receipt=payload.receipt,
            recorded_seq=row[4],
            attempt=attempt + 1,
            queued_at=moment(queued_at),
            uncertain=uncertain,
        )

    def _extend_lease(self, transaction: Transaction, message_id: str, until: datetime) -> None:
        transaction.add(
            self._lease,
            message=message_id,
            to_due=micros(until),
            to_boot=self._boot,
            to_attempt=1,
            to_uncertain=False,
        )

    def _store_settlement(self, transaction: Transaction, settlement: Settlement) -> Entry | None:
        """Store the end of an attempt. When another attempt was made meanwhile, it counts only if
        it is the first to say that the message was delivered."""
        delivery = settlement.delivery
        message_id = delivery.message_id
        rows = transaction.fetch(self._standing, message=message_id, tenant=delivery.tenant)
        if not rows:
            return None
        ((state, attempt),) = rows
        delivered = settlement.dispatch.result is DispatchResult.DELIVERED
        if delivery.attempt != attempt and not (delivered and state != State.DELIVERED.value):
            return None
        entry = None
        if settlement.state is State.QUEUED:
            due_at = micros(settlement.next_attempt_at or settlement.at)
            unknown = settlement.dispatch.result is DispatchResult.UNKNOWN
            transaction.add(
                self._postpone,
                message=message_id,
                to_due=due_at,
                to_uncertain=delivery.uncertain or unknown,
            )
        else:
            entry = transaction.append(settlement, _entry_columns(settlement))
            transaction.add(self._drop, message=message_id)
            if settlement.state in _NEEDS_A_PERSON:
                at, tenant = micros(settlement.at), delivery.tenant
                transaction.add(self._escalate, message_id=message_id, tenant=tenant, at=at)
        transaction.add(
            self._update,
            message=message_id,
            to_state=settlement.state.value,
            to_attempts=delivery.attempt,
            to_detail=settlement.dispatch.detail,
        )
        return entry

    def _compile_queries(self, database: Database) -> None:
        message, outbox = table(MessageRow), table(OutboxRow)
        now_is = sa.bindparam("now", type_=sa.BigInteger)
        message_is = sa.bindparam("message", type_=sa.String)
        due = outbox.c.due_at <= now_is
        compiled = database.statement
        waiting = select_outcomes(
            *[outbox.c[name] for name in ("attempt", "queued_at", "boot", "uncertain")],
            by=outbox.c.message_id,
        )
        self._due = compiled(
            waiting.where(due)
            .order_by(outbox.c.due_at)
            .limit(sa.bindparam("most", type_=sa.Integer))
            .with_for_update(of=outbox, skip_locked=True)
        )
        self._that_one = compiled(
            waiting.where(outbox.c.message_id == message_is, sa.or_(due, outbox.c.boot.is_(None)))
        )
        self._standing = compiled(
            sa.select(message.c.state, outbox.c.attempt)
            .select_from(message.outerjoin(outbox, outbox.c.message_id == message.c.id))
            .where(message.c.id == message_is, message.c.tenant == sa.bindparam("tenant"))
        )
        self._compile_changes(database)

    def _compile_changes(self, database: Database) -> None:
        message, outbox = table(MessageRow), table(OutboxRow)
        now_is = sa.bindparam("now", type_=sa.BigInteger)
        message_is = sa.bindparam("message", type_=sa.String)
        compiled = database.statement
        self._leasing = compiled(
            sa.select(outbox.c.boot).where(outbox.c.boot.is_not(None)).distinct()
        )
        self._release = compiled(
            sa.update(outbox)
            .where(outbox.c.boot == sa.bindparam("boot_is"))
            .values(boot=sa.null(), due_at=now_is, uncertain=sa.true())
        )
        self._let_go = compiled(
            sa.update(outbox)
            .where(outbox.c.message_id == message_is, outbox.c.boot == sa.bindparam("own"))
            .values(boot=sa.null(), due_at=now_is)
        )
        this_row = sa.update(outbox).where(outbox.c.message_id == message_is)
        to_due = sa.bindparam("to_due", type_=sa.BigInteger)
        to_uncertain = sa.bindparam("to_uncertain", type_=sa.Boolean)
        self._postpone = compiled(
            this_row.values(due_at=to_due, boot=sa.null(), uncertain=to_uncertain)
        )
        self._lease = compiled(
            this_row.values(
                due_at=to_due,
                boot=sa.bindparam("to_boot"),
                attempt=sa.bindparam("to_attempt"),
                uncertain=to_uncertain,
            )
        )
        self._escalate = database.upsert(table(EscalationRow), keys=["message_id"])
        self._drop = compiled(sa.delete(outbox).where(outbox.c.message_id == message_is))
        self._update = compiled(
            sa.update(message)
            .where(message.c.id == message_is)
            .values(
                state=sa.bindparam("to_state"),
                attempts=sa.bindparam("to_attempts"),
                delivery_detail=sa.bindparam("to_detail"),
            )
        )


def _entry_columns(settlement: Settlement) -> EntryColumns:
    delivery = settlement.delivery
    return EntryColumns(
        creator=delivery.creator,
        channel=delivery.channel.value,
        conversation=delivery.conversation,
        decision=settlement.state.value,
    )
