"""Held messages that wait for a review, and their expiry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from gateway.model.record import Expiry, HeldMessage
from gateway.model.verdict import State
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import MessageRow, ReviewRow, table
from gateway.storage.engine.times import micros
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.messages.outcomes import (
    held_from,
    outcome_from,
    readable,
    select_outcomes,
    unseal,
)
from gateway.storage.vault.vault import Vault

_EXPIRED_AT_ONCE = 100
"""Messages that expire in one transaction at most: other writes wait for it."""


class Reviews:
    """Lists held messages, and lets them expire."""

    def __init__(
        self,
        *,
        database: Database,
        reader: DatabaseReader,
        writer: DatabaseWriter,
        vault: Vault,
        now: Now,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._now = now
        message, review = table(MessageRow), table(ReviewRow)
        now_is = sa.bindparam("now", type_=sa.BigInteger)
        message_is = sa.bindparam("message", type_=sa.String)
        most = sa.bindparam("most", type_=sa.Integer)
        waits = sa.and_(review.c.tenant == sa.bindparam("tenant"), review.c.expires_at > now_is)
        passed = review.c.expires_at <= now_is
        compiled = database.statement
        held = select_outcomes(review.c.held_at, by=review.c.message_id)
        self._select_held = compiled(held.where(review.c.message_id == message_is, waits))
        self._select_waiting = compiled(
            held.where(waits).order_by(review.c.expires_at, review.c.message_id).limit(most)
        )
        self._find_passed = compiled(sa.select(review.c.message_id).where(passed).limit(1))
        self._select_passed = compiled(held.where(passed).order_by(review.c.expires_at).limit(most))
        self._expire = compiled(
            sa.update(message)
            .where(message.c.id == message_is)
            .values(state=sa.bindparam("to_state"))
        )
        self._drop = compiled(sa.delete(review).where(review.c.message_id == message_is))

    async def held(self, tenant: str, message_id: str) -> HeldMessage | None:
        """The message, while it waits for a review; None after that, or when its text was
        erased."""
        row = await self._reader.one(
            self._select_held, tenant=tenant, message=message_id, now=micros(self._now())
        )
        payload = None if row is None else unseal(row, self._vault)
        return None if row is None or payload is None else held_from(row, payload)

    async def waiting(self, tenant: str, *, limit: int = 100) -> Sequence[HeldMessage]:
        """Up to `limit` messages that wait for a review, earliest deadline first. Those whose text
        was erased are left out, since there is nothing to review."""
        rows = await self._reader.many(
            self._select_waiting, tenant=tenant, now=micros(self._now()), most=limit
        )
        payloads = ((row, readable(row, self._vault)) for row in rows)
        return [held_from(row, payload) for row, payload in payloads if payload is not None]

    async def expire(self, now: datetime) -> int:
        """Let held messages past their deadline expire, each with an entry; return how many."""
        if await self._reader.one(self._find_passed, now=micros(now)) is None:
            return 0
        expired = 0
        while count := await self._writer.write(lambda writing: self._expire_some(writing, now)):
            expired += count
        return expired

    def _expire_some(self, transaction: Transaction, now: datetime) -> int:
        rows = transaction.fetch(self._select_passed, now=micros(now), most=_EXPIRED_AT_ONCE)
        for held in [outcome_from(row, readable(row, self._vault)) for row in rows]:
            columns = EntryColumns(
                creator=held.creator,
                channel=held.channel.value,
                conversation=held.conversation,
                decision=State.EXPIRED.value,
            )
            outcome = replace(held, state=State.EXPIRED)
            transaction.append(Expiry(outcome=outcome, at=now), columns)
            transaction.add(self._expire, message=held.message_id, to_state=outcome.state.value)
            transaction.add(self._drop, message=held.message_id)
        return len(rows)
