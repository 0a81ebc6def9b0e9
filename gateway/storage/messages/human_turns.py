"""Take-overs: the conversations in which a person speaks instead of the avatar."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gateway.model.human_turn import HumanTurn
from gateway.model.record import Change
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row, Statement
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import HumanTurnRow, table
from gateway.storage.engine.times import micros, micros_or_none, moment, moment_or_none
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter

_TURN = table(HumanTurnRow)
COLUMNS = (_TURN.c.who, _TURN.c.since, _TURN.c.until)
"""The columns that `human_turn_of` takes."""
_CHANGE = "handover"
"""The kind of change that entries about take-overs record."""


class HumanTurns:
    """Stores who speaks in a conversation. A switch is made inside a writing transaction, which one
    process has at a time, so that every message recorded later sees it."""

    def __init__(
        self, *, database: Database, reader: DatabaseReader, writer: DatabaseWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._find = database.statement(
            sa.select(*COLUMNS).where(
                _TURN.c.tenant == sa.bindparam("tenant"),
                _TURN.c.conversation == sa.bindparam("conversation"),
            )
        )
        self._put = database.upsert(
            _TURN, keys=["tenant", "conversation"], change=["who", "since", "until"]
        )

    async def find(self, tenant: str, conversation: str) -> HumanTurn | None:
        """The current or last take-over of a conversation; None when there never was one."""
        row = await self._reader.one(self._find, tenant=tenant, conversation=conversation)
        return None if row is None else human_turn_of(row)

    async def set_speaker(
        self,
        tenant: str,
        conversation: str,
        *,
        who: str | None,
        actor: str,
        reason: str,
        at: datetime,
    ) -> HumanTurn | None:
        """Let the person `who` speak in the conversation, or the avatar again when `who` is None.

        Appends an entry, unless nothing changes. Returns the take-over as it is now, None when
        there never was one. While it lasts, messages of the avatar are queued only when a person
        releases them. Raises NotRecorded.
        """

        def job(transaction: Transaction) -> HumanTurn | None:
            rows = transaction.fetch(self._find, tenant=tenant, conversation=conversation)
            before = human_turn_of(rows[0]) if rows else None
            after = _turn_after(before, who, at)
            if after is None or after == before:
                return after
            change = Change(
                actor=actor,
                tenant=tenant,
                what=_CHANGE,
                subject=conversation,
                at=at,
                before=None,
                after=None,
                detail={
                    "to": "avatar" if who is None else "human",
                    "who": after.who,
                    "reason": reason,
                },
            )
            transaction.append(change, EntryColumns(conversation=conversation, decision=_CHANGE))
            transaction.add(
                self._put,
                tenant=tenant,
                conversation=conversation,
                who=after.who,
                since=micros(after.since),
                until=micros_or_none(after.until),
            )
            return after

        return await self._writer.write(job)


def _turn_after(before: HumanTurn | None, who: str | None, at: datetime) -> HumanTurn | None:
    """The take-over after the switch; `before` when nothing changes, None when there is none."""
    if who is not None:
        speaks_already = before is not None and before.active and before.who == who
        return before if speaks_already else HumanTurn(who=who, since=at)
    if before is None or not before.active:
        return before
    # A clock that was set back must not make a take-over end before it began.
    return HumanTurn(who=before.who, since=before.since, until=max(at, before.since))


def human_turn_of(row: Row) -> HumanTurn:
    """Build a take-over from a row of COLUMNS."""
    who, since, until = row
    return HumanTurn(who=who, since=moment(since), until=moment_or_none(until))


def insert_unless_human(database: Database, into: sa.Table) -> Statement:
    """Compile an insert into the table `into` that inserts nothing while a person speaks in the
    `conversation` of `tenant`. The parameter `regardless`, 1 or 0, makes it insert all the same."""
    bound = [
        sa.cast(sa.bindparam(column.name, type_=column.type), column.type) for column in into.c
    ]
    speaking = (
        sa.select(sa.literal(1))
        .select_from(_TURN)
        .where(
            _TURN.c.tenant == sa.bindparam("tenant", type_=sa.String),
            _TURN.c.conversation == sa.bindparam("conversation", type_=sa.String),
            _TURN.c.until.is_(None),
        )
    )
    free = sa.or_(
        sa.cast(sa.bindparam("regardless", type_=sa.Integer), sa.Integer) == 1,
        ~sa.exists(speaking),
    )
    return database.statement(
        sa.insert(into).from_select(
            [column.name for column in into.c], sa.select(*bound).where(free)
        )
    )
