"""Legal holds: what they cover is not erased, whoever asks and whatever the retention rules say.

They are placed, lifted and heeded in writing transactions, of which there is one at a time: an
erasure has either taken a key before a hold was placed, or leaves it alone.
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
            .values({name: sa.bindparam(name) for name in _LIFTED})
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
        """`target` is an audience id, a conversation, a creator or a message ("" for the whole
        tenant); it need not hold anything yet. Raises NotRecorded."""
        hold = LegalHold(
            id=f"hld_{secrets.token_hex(10)}",
            scope=scope,
            tenant=tenant,
            target=self._stored(scope, tenant, target),
            reason=reason,
            placed_by=actor,
            placed_at=self._now(),
            expires_at=expires_at,
        )

        def job(transaction: Transaction) -> None:
            change = _change(None, hold, actor=actor, at=hold.placed_at)
            transaction.append(change, EntryColumns(decision=change.what))
            transaction.add(self._insert, **_values(hold))

        await self._writer.write(job)
        return hold

    async def lift(self, tenant: str, hold_id: str, *, actor: str, reason: str) -> LegalHold:
        """Raises NotFound, StateConflict when it was lifted before, NotRecorded."""

        def job(transaction: Transaction) -> LegalHold:
            rows = transaction.fetch(self._one, hold=hold_id, tenant=tenant)
            if not rows:
                raise NotFound("legal hold", hold_id, "`audit hold list` shows those there are.")
            before = _hold(rows[0])
            if before.lifted_at is not None:
                raise StateConflict("the legal hold was lifted before")
            now = self._now()
            after = replace(before, lifted_at=now, lifted_by=actor, lift_reason=reason)
            change = _change(before, after, actor=actor, at=now)
            transaction.append(change, EntryColumns(decision=change.what))
            values = _values(after)
            transaction.add(self._lift, hold=hold_id, **{name: values[name] for name in _LIFTED})
            return after

        return await self._writer.write(job)

    async def placed(self, tenant: str) -> Sequence[LegalHold]:
        """All that ever were, oldest first; `holds_at` says which still hold."""
        return [_hold(row) for row in await self._reader.many(self._all, tenant=tenant)]

    async def standing(self, tenant: str) -> list[LegalHold]:
        rows = await self._reader.many(self._standing, tenant=tenant)
        return self._current(rows)

    def standing_in(self, transaction: Transaction, tenant: str) -> list[LegalHold]:
        """Those that hold now, as far as this transaction is concerned."""
        return self._current(transaction.fetch(self._standing, tenant=tenant))

    def _current(self, rows: Sequence[Row]) -> list[LegalHold]:
        now = self._now()
        return [hold for hold in map(_hold, rows) if hold.holds_at(now)]

    def _stored(self, scope: LegalHoldScope, tenant: str, target: str) -> str:
        match scope:
            case LegalHoldScope.SUBJECT:
                return self._digests.person(tenant, target).hex()
            case LegalHoldScope.CONVERSATION:
                return self._digests.conversation(tenant, target).hex()
            case LegalHoldScope.TENANT:
                return ""
            case _:
                return target


def covering(hold: LegalHold, scope: KeyScope) -> sa.ColumnElement[bool]:
    """The rows of `subject` whose keys an erasure of `scope` must leave to `hold`. Where a key
    seals several creators' texts, a hold on any creator keeps it."""
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
            return sa.false()  # only another message goes, and this one is sealed anew


_LIFTED = ("lifted_at", "lifted_by", "lift_reason")


def _change(before: LegalHold | None, after: LegalHold, *, actor: str, at: datetime) -> Change:
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
        before=None if before is None else _digest(before),
        after=_digest(after),
        detail=detail,
    )


def _digest(hold: LegalHold) -> str:
    return hashlib.sha256(orjson.dumps(_values(hold), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _values(hold: LegalHold) -> dict[str, Any]:
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


def _hold(row: Row) -> LegalHold:
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
