"""Legal holds: no order and no retention rule erases what they cover.

They are placed, lifted and checked in writing transactions, of which there is one at a time. So
each key was either taken by an erasure before a legal hold was placed, or the erasure leaves it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from gateway.errors import NotFound, StateConflict
from gateway.model.erasure import LegalHold, LegalHoldScope
from gateway.model.record import Change
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import LegalHoldRow, table
from gateway.storage.engine.times import micros, micros_or_none, moment, moment_or_none
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.erasure.scopes import SUBJECT, KeyScope, keys_of_message
from gateway.storage.vault.digests import Digests

_HOLD = table(LegalHoldRow)
_COLUMNS = tuple(_HOLD.c)


class LegalHolds:
    """Places, lifts and lists legal holds; each change appends an entry to the log."""

    def __init__(
        self,
        *,
        database: Database,
        reader: DatabaseReader,
        writer: DatabaseWriter,
        digests: Digests,
        now: Now,
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        self._digests = digests
        self._now = now
        compiled = database.statement
        self._insert = compiled(sa.insert(_HOLD))
        of_tenant = _HOLD.c.tenant == sa.bindparam("tenant")
        select = sa.select(*_COLUMNS)
        self._all = compiled(select.where(of_tenant).order_by(_HOLD.c.placed_at, _HOLD.c.id))
        self._one = compiled(select.where(_HOLD.c.id == sa.bindparam("hold"), of_tenant))
        self._standing = compiled(select.where(of_tenant, _HOLD.c.lifted_at.is_(None)))
        self._lift = compiled(
            sa.update(_HOLD)
            .where(_HOLD.c.id == sa.bindparam("hold"))
            .values({name: sa.bindparam(name) for name in _LIFT_COLUMNS})
        )

    async def place(
        self,
        *,
        scope: LegalHoldScope,
        tenant: str,
        target: str,
        reason: str,
        actor: str,
        expires_at: datetime | None = None,
    ) -> LegalHold:
        """Place a legal hold.

        `target` is an audience id, a conversation, a creator or a message, according to `scope`;
        "" for the whole tenant. Nothing need be stored about it yet. Raises NotRecorded.
        """
        hold = LegalHold(
            id=f"hld_{secrets.token_hex(10)}",
            scope=scope,
            tenant=tenant,
            target=self._stored_target(scope, tenant, target),
            reason=reason,
            placed_by=actor,
            placed_at=self._now(),
            expires_at=expires_at,
        )

        def job(transaction: Transaction) -> None:
            change = _hold_change(None, hold, actor=actor, at=hold.placed_at)
            transaction.append(change, EntryColumns(decision=change.what))
            transaction.add(self._insert, **_hold_row(hold))

        await self._writer.write(job)
        return hold

    async def lift(self, tenant: str, hold_id: str, *, actor: str, reason: str) -> LegalHold:
        """End a legal hold. Raises NotFound, StateConflict when it was lifted before, and
        NotRecorded."""

        def job(transaction: Transaction) -> LegalHold:
            rows = transaction.fetch(self._one, hold=hold_id, tenant=tenant)
            if not rows:
                raise NotFound("legal hold", hold_id, "`audit hold list` shows those there are.")
            before = _hold_from(rows[0])
            if before.lifted_at is not None:
                raise StateConflict("the legal hold was lifted before")
            now = self._now()
            after = replace(before, lifted_at=now, lifted_by=actor, lift_reason=reason)
            change = _hold_change(before, after, actor=actor, at=now)
            transaction.append(change, EntryColumns(decision=change.what))
            values = _hold_row(after)
            transaction.add(
                self._lift, hold=hold_id, **{name: values[name] for name in _LIFT_COLUMNS}
            )
            return after

        return await self._writer.write(job)

    async def placed(self, tenant: str) -> Sequence[LegalHold]:
        """All legal holds that were ever placed, oldest first, also those that ended."""
        return [_hold_from(row) for row in await self._reader.many(self._all, tenant=tenant)]

    async def standing(self, tenant: str) -> list[LegalHold]:
        """The legal holds in force now."""
        rows = await self._reader.many(self._standing, tenant=tenant)
        return self._in_force(rows)

    def standing_in(self, transaction: Transaction, tenant: str) -> list[LegalHold]:
        """The legal holds in force now, read inside a writing transaction."""
        return self._in_force(transaction.fetch(self._standing, tenant=tenant))

    def _in_force(self, rows: Sequence[Row]) -> list[LegalHold]:
        now = self._now()
        return [hold for hold in map(_hold_from, rows) if hold.holds_at(now)]

    def _stored_target(self, scope: LegalHoldScope, tenant: str, target: str) -> str:
        """The target as it is stored: people and conversations by their digest in hex."""
        match scope:
            case LegalHoldScope.SUBJECT:
                return self._digests.person(tenant, target).hex()
            case LegalHoldScope.CONVERSATION:
                return self._digests.conversation(tenant, target).hex()
            case LegalHoldScope.TENANT:
                return ""
            case _:
                return target


def keys_covered_by(hold: LegalHold, scope: KeyScope) -> sa.ColumnElement[bool]:
    """The condition on the table `subject` that selects the keys which an erasure of `scope` must
    not take because of `hold`. A key that seals texts of several creators is covered by a legal
    hold on any creator."""
    match hold.scope:
        case LegalHoldScope.TENANT:
            return sa.true()
        case LegalHoldScope.SUBJECT | LegalHoldScope.CONVERSATION:
            return SUBJECT.subject == bytes.fromhex(hold.target)
        case LegalHoldScope.CREATOR:
            return sa.or_(SUBJECT.creator == hold.target, SUBJECT.creator == "")
        case LegalHoldScope.MESSAGE:
            if scope.takes(hold.target, scope.target):
                return SUBJECT.kid.in_(keys_of_message(hold.target))
            return sa.false()  # another message is erased, and this one gets a new key


_LIFT_COLUMNS = ("lifted_at", "lifted_by", "lift_reason")


def _hold_change(before: LegalHold | None, after: LegalHold, *, actor: str, at: datetime) -> Change:
    detail = {
        "action": "placed" if before is None else "lifted",
        "scope": after.scope.value,
        "target": after.target,
        "reason": after.reason if before is None else after.lift_reason,
        "expires_at": None if after.expires_at is None else after.expires_at.isoformat(),
    }
    return Change(
        actor=actor,
        tenant=after.tenant,
        what="legal_hold",
        subject=after.id,
        at=at,
        before=None if before is None else _hold_digest(before),
        after=_hold_digest(after),
        detail=detail,
    )


def _hold_digest(hold: LegalHold) -> str:
    return hashlib.sha256(orjson.dumps(_hold_row(hold), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _hold_row(hold: LegalHold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "tenant": hold.tenant,
        "scope": hold.scope.value,
        "target": hold.target,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": micros(hold.placed_at),
        "expires_at": micros_or_none(hold.expires_at),
        "lifted_at": micros_or_none(hold.lifted_at),
        "lifted_by": hold.lifted_by,
        "lift_reason": hold.lift_reason,
    }


def _hold_from(row: Row) -> LegalHold:
    values = dict(zip(_HOLD.c.keys(), row, strict=True))
    return LegalHold(
        **{
            **values,
            "scope": LegalHoldScope(values["scope"]),
            "placed_at": moment(values["placed_at"]),
            "expires_at": moment_or_none(values["expires_at"]),
            "lifted_at": moment_or_none(values["lifted_at"]),
        }
    )
