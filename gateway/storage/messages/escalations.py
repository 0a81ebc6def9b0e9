"""Escalations: messages that a person is called to look at, until one has done so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from gateway.errors import NotFound
from gateway.model.record import Change, Entry, Escalation
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import EscalationRow, MessageRow, table
from gateway.storage.engine.times import moment
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.messages.outcomes import WIDTH, outcome_from, readable, select_outcomes
from gateway.storage.vault.vault import Vault


class Escalations:
    """Lists and closes escalations. Methods that read raise DatabaseUnusable."""

    def __init__(
        self, *, database: Database, reader: DatabaseReader, writer: DatabaseWriter, vault: Vault
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        message, escalation = table(MessageRow), table(EscalationRow)
        message_is = sa.bindparam("message", type_=sa.String)
        of_tenant = escalation.c.tenant == sa.bindparam("tenant")
        self._select_waiting = database.statement(
            select_outcomes(escalation.c.at, by=escalation.c.message_id)
            .where(of_tenant)
            .order_by(escalation.c.at, escalation.c.message_id)
            .limit(sa.bindparam("most", type_=sa.Integer))
        )
        self._select_open = database.statement(
            sa.select(message.c.creator, message.c.channel, message.c.conversation)
            .select_from(escalation.join(message, message.c.id == escalation.c.message_id))
            .where(escalation.c.message_id == message_is, of_tenant)
        )
        self._drop = database.statement(
            sa.delete(escalation).where(escalation.c.message_id == message_is)
        )

    async def waiting(self, tenant: str, *, limit: int = 100) -> Sequence[Escalation]:
        """Up to `limit` escalations that nobody has acknowledged, oldest first.

        A record with an ESCALATE obligation opens one, unless it is a dry run; so does a delivery
        that ends UNKNOWN or DEAD. Escalations do not expire, so those of messages whose text was
        erased are listed as well.
        """
        rows = await self._reader.many(self._select_waiting, tenant=tenant, most=limit)
        return [self._escalation_from(row) for row in rows]

    async def acknowledge(
        self, tenant: str, message_id: str, *, reviewer: str, reason: str, at: datetime
    ) -> Entry:
        """Close an escalation that a person has looked at; return the entry about it. Raises
        NotFound when none is open, and NotRecorded. A review that judges the message again may open
        it again."""
        change = Change(
            actor=reviewer,
            tenant=tenant,
            what="escalation",
            subject=message_id,
            at=at,
            before=None,
            after=None,
            detail={"reason": reason},
        )
        return await self._writer.write(lambda transaction: self._close_open(transaction, change))

    def _escalation_from(self, row: Row) -> Escalation:
        payload = readable(row, self._vault)
        return Escalation(
            outcome=outcome_from(row, payload),
            submission=payload.submission if payload else None,
            at=moment(row[WIDTH]),
        )

    def _close_open(self, transaction: Transaction, change: Change) -> Entry:
        rows = transaction.fetch(self._select_open, message=change.subject, tenant=change.tenant)
        if not rows:
            raise NotFound("open escalation", change.subject, "Somebody may have acknowledged it.")
        creator, channel, conversation = rows[0]
        columns = EntryColumns(
            creator=creator, channel=channel, conversation=conversation, decision=change.what
        )
        entry = transaction.append(change, columns)
        transaction.add(self._drop, message=change.subject)
        return entry
