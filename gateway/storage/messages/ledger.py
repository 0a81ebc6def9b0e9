"""The ledger of messages; implements `ports.Ledger`."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from gateway.model.decision import Contact
from gateway.model.record import Entry, Outcome, Record
from gateway.model.submission import Submission
from gateway.model.verdict import State
from gateway.storage.engine.database import Database
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import (
    ContactNoticeRow,
    ContactRow,
    HumanTurnRow,
    MessageRow,
    table,
)
from gateway.storage.engine.times import moment, moment_or_none
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.messages.claims import Claims
from gateway.storage.messages.fresh_deliveries import FreshDeliveries
from gateway.storage.messages.human_turns import COLUMNS as TURN_COLUMNS
from gateway.storage.messages.human_turns import human_turn_of
from gateway.storage.messages.outcomes import outcome_from, select_outcomes, unseal
from gateway.storage.messages.recording import Recording
from gateway.storage.messages.reviews import Reviews
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.vault import SealedTooEarly, Vault


class StoredLedger:
    """Implements ports.Ledger. Claims and held messages are in modules of their own, whose methods
    are attributes here."""

    def __init__(
        self,
        *,
        database: Database,
        reader: DatabaseReader,
        writer: DatabaseWriter,
        vault: Vault,
        digests: Digests,
        fresh: FreshDeliveries,
        claims: Claims,
        reviews: Reviews,
    ) -> None:
        self.claim = claims.claim
        self.abandon = claims.abandon
        self.held = reviews.held
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._digests = digests
        self._fresh = fresh
        self._recording = Recording(database=database, digests=digests)
        contact, notice, message = table(ContactRow), table(ContactNoticeRow), table(MessageRow)
        turn, one_row = table(HumanTurnRow), sa.select(sa.literal(1).label("one")).subquery()
        self._select_contact = database.statement(
            sa.select(
                contact.c.first_at,
                contact.c.last_message_at,
                notice.c.notice,
                notice.c.at,
                *TURN_COLUMNS,
            ).select_from(
                one_row.outerjoin(contact, contact.c.id == sa.bindparam("contact"))
                .outerjoin(notice, notice.c.contact == contact.c.id)
                .outerjoin(
                    turn,
                    sa.and_(
                        turn.c.tenant == sa.bindparam("tenant", type_=sa.String),
                        turn.c.conversation == sa.bindparam("conversation", type_=sa.String),
                    ),
                )
            )
        )
        self._select_outcome = database.statement(
            select_outcomes().where(
                message.c.id == sa.bindparam("message"),
                message.c.tenant == sa.bindparam("tenant"),
                message.c.state != State.RECEIVED.value,
            )
        )

    async def contact(self, submission: Submission) -> Contact:
        rows = await self._reader.few(
            self._select_contact,
            contact=self._digests.contact(submission),
            tenant=submission.tenant,
            conversation=submission.conversation,
        )
        first_at, last_message_at, _, _, *turn = rows[0]
        return Contact(
            first_at=moment_or_none(first_at),
            last_message_at=moment_or_none(last_message_at),
            disclosed_at={
                notice: moment(at) for _, _, notice, at, *_ in rows if notice is not None
            },
            human_turn=None if turn[0] is None else human_turn_of(tuple(turn)),
        )

    async def record(self, record: Record) -> Entry:
        until = self._fresh.until(record.decided_at)
        while True:
            sealed = await self._vault.seal(record)
            write = partial(self._recording.write, record=record, sealed=sealed, leased_until=until)
            try:
                entry = await self._writer.write(write)
                break
            except SealedTooEarly:
                await self._vault.refresh()
            except BaseException:  # the commit may have been cut off, or its caller have gone
                self._fresh.doubt(record.submission.message_id)
                raise
        self._vault.noted(sealed)
        if record.state is State.QUEUED:
            self._fresh.put(record, entry.seq, until)
        return entry

    async def outcome(self, tenant: str, message_id: str) -> Outcome | None:
        row = await self._reader.one(self._select_outcome, tenant=tenant, message=message_id)
        return None if row is None else outcome_from(row, unseal(row, self._vault))
