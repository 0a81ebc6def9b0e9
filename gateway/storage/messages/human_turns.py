"""Which conversations a person speaks in, in the avatar's place."""

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
_CHANGE = "handover"
"""What entries about turns are called in the log."""


class HumanTurns:
    """Switching is decided inside the writing transaction, which only one process has at a time:
    what is recorded after it sees it."""

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
        """Who speaks there in the avatar's place, or did last; None: nobody ever."""
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
        """From now on the person `who` speaks in the conversation; None: the avatar again. Noted
        in the audit log, unless it is so already. Returns the turn as it is now; None where the
        avatar always spoke. From then on nothing that the avatar says there is queued, unless a
        person released it. Raises NotRecorded."""

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
    """Unchanged where it is so already; None where the avatar always spoke."""
    if who is not None:
        held = before is not None and before.active and before.who == who
        return before if held else HumanTurn(who=who, since=at)
    if before is None or not before.active:
        return before
    # A clock that was set back must not make a turn end before it began.
    return HumanTurn(who=before.who, since=before.since, until=max(at, before.since))


def human_turn_of(row: Row) -> HumanTurn:
    who, since, until = row
    return HumanTurn(who=who, since=moment(since), until=moment_or_none(until))


def insert_unless_human(database: Database, into: sa.Table) -> Statement:
    """Inserts a row into `into` unless a person speaks in the `conversation` of `tenant` and not
    `regardless`."""
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
