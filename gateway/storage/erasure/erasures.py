"""Erasing: the orders of people and of retention rules, carried out in small steps.

A step is one short writing transaction, then the destruction of its keys, then the note that they
are destroyed: messages get their turn in between. See erasing.py for what each does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from gateway.model.erasure import ErasureCounts, ErasureOrder, ErasureReport, ErasureScope
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import (
    ContactRow,
    EntryRow,
    ErasureRow,
    MessageRow,
    OutboxRow,
    PayloadRow,
    ReviewRow,
    SubjectRow,
    table,
)
from gateway.storage.engine.times import moment_or_none
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.erasure.erasure_steps import ErasureSteps, RunningErasure, order_from
from gateway.storage.erasure.legal_holds import LegalHolds, covering
from gateway.storage.erasure.scopes import ENTRY, PAYLOAD, SUBJECT, KeyScope
from gateway.storage.messages.fresh_deliveries import FreshDeliveries
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.subject_keys import SubjectKeys
from gateway.storage.vault.vault import Vault

_ERASURE = table(ErasureRow)


class Erasures:
    """Belongs to one event loop."""

    def __init__(
        self,
        *,
        database: Database,
        reader: DatabaseReader,
        writer: DatabaseWriter,
        keys: SubjectKeys,
        vault: Vault,
        digests: Digests,
        fresh: FreshDeliveries,
        holds: LegalHolds,
        now: Now,
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        self._keys = keys
        self._vault = vault
        self._digests = digests
        self._handover = fresh
        self._holds = holds
        self._jobs = ErasureSteps(database=database, vault=vault, holds=holds, now=now)
        self._running: dict[int, asyncio.Task[ErasureReport]] = {}
        self._starting = asyncio.Lock()  # what is begun here is running before others look

    async def plan(self, order: ErasureOrder) -> ErasureReport:
        """What `erase` would do now, and the holds in its way."""
        return await self.plan_for(self.scope_of(order))

    async def erase(self, order: ErasureOrder, *, wait_s: float | None = None) -> ErasureReport:
        """Returns when it is done; after `wait_s` at the latest, the rest follows by itself (then
        the report has no entry yet). Where nothing is held: a report of zeros, no entry.

        Raises OnLegalHold, NotRecorded, DatabaseUnusable. After the last two it may have begun:
        then it is carried on by `resume`, and asking again is safe.
        """
        scope = self.scope_of(order)
        return await self.erase_for(scope, order, wait_s=wait_s)

    async def erase_for(
        self,
        scope: KeyScope,
        order: ErasureOrder,
        *,
        wait_s: float | None = None,
        pause_s: float = 0.0,
    ) -> ErasureReport:
        """`pause_s` between two steps."""
        async with self._starting:
            begun = await self._writer.write(partial(self._jobs.begin, order=order, scope=scope))
            if begun is None:
                return _report(scope, ErasureCounts())
            task = self._start(begun.number, pause_s)
        done, _ = await asyncio.wait({task}, timeout=wait_s)
        return task.result() if done else replace(_report(scope, begun.counts), id=begun.id)

    async def resume(self) -> int:
        """Carry on what others, or this process, began and did not finish; how many."""
        if self._database.read_only:
            return 0
        await self._vault.refresh()
        async with self._starting:
            numbers = await self._writer.write(
                lambda transaction: self._jobs.take_over(transaction, set(self._running))
            )
            tasks = {self._start(number, 0.0) for number in numbers}
        if tasks:
            await asyncio.wait(tasks)
        return len(tasks)

    async def recent(self, tenant: str, *, limit: int = 100) -> Sequence[ErasureReport]:
        """Those of a tenant, newest first, also what is under way (`at` is None then)."""
        rows = await self._reader.many(
            self._database.statement(
                sa.select(*_ERASURE.c)
                .where(_ERASURE.c.tenant == tenant)
                .order_by(_ERASURE.c.number.desc())
                .limit(limit)
            )
        )
        return [_reported(order_from(row), row[-1]) for row in rows]

    async def close(self) -> None:
        """What is under way stops after its step, and is carried on by the next process."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def scope_of(self, order: ErasureOrder) -> KeyScope:
        target = order.target
        if order.scope is ErasureScope.SUBJECT:
            target = self._digests.person(order.tenant, order.target).hex()
        elif order.scope is ErasureScope.CONVERSATION:
            target = self._digests.conversation(order.tenant, order.target).hex()
        return KeyScope(kind=order.scope, tenant=order.tenant, target=target)

    async def plan_for(self, scope: KeyScope) -> ErasureReport:
        keys = sa.select(SUBJECT.kid).where(scope.keys())
        sealed = table(PayloadRow).join(table(EntryRow), ENTRY.seq == PAYLOAD.seq)
        under = PAYLOAD.kid.in_(keys)
        taken = sa.and_(under, scope.payloads())
        message = table(MessageRow)

        async def count(clause: sa.Select[Any]) -> int:
            row = await self._reader.many(self._database.statement(clause))
            return int(row[0][0])

        def counted(of: sa.FromClause) -> sa.Select[Any]:
            return sa.select(sa.func.count()).select_from(of)

        waits, held = table(OutboxRow), table(ReviewRow)
        judged = sealed.join(
            message, sa.and_(message.c.id == ENTRY.msg_id, message.c.entry_seq == PAYLOAD.seq)
        )
        payloads = await count(counted(sealed).where(taken))
        counts = ErasureCounts(
            keys=await count(counted(table(SubjectRow)).where(scope.keys())),
            payloads=payloads,
            messages=await count(counted(judged).where(taken)),
            stopped=await count(
                counted(judged.join(waits, waits.c.message_id == message.c.id)).where(taken)
            ),
            expired=await count(
                counted(judged.join(held, held.c.message_id == message.c.id)).where(taken)
            ),
            contacts=await count(_contacts(scope)) if scope.is_person else 0,
            resealed=await count(counted(sealed).where(under)) - payloads,
        )
        return replace(_report(scope, counts), holds=await self._in_the_way(scope))

    async def _in_the_way(self, scope: KeyScope) -> tuple[str, ...]:
        found = []
        for hold in await self._holds.standing(scope.tenant):
            some = sa.select(SUBJECT.kid).where(scope.keys(), covering(hold, scope)).limit(1)
            if await self._reader.many(self._database.statement(some)):
                found.append(hold.id)
        return tuple(found)

    def _start(self, number: int, pause_s: float) -> asyncio.Task[ErasureReport]:
        task = asyncio.create_task(self._carry_out(number, pause_s), name="erasure")
        self._running[number] = task

        def ended(task: asyncio.Task[ErasureReport]) -> None:
            self._running.pop(number, None)
            if not task.cancelled():
                task.exception()  # whoever waits is told; else `resume` carries it on

        task.add_done_callback(ended)
        return task

    async def _carry_out(self, number: int, pause_s: float) -> ErasureReport:
        await self._destroy(await self._writer.write(partial(self._jobs.doomed, number=number)))
        while True:
            step = await self._writer.write(partial(self._jobs.step, number=number))
            self._handover.drop(step.messages)
            await self._vault.refresh()
            await self._destroy(step.kids)
            if step.done:
                break
            await asyncio.sleep(pause_s)
        order, entry = await self._writer.write(partial(self._jobs.finish, number=number))
        report = _report(order.scope, order.counts)
        if entry is None:
            return report
        return replace(report, id=order.id, entry=entry.seq, at=entry.at)

    async def _destroy(self, kids: Sequence[str]) -> None:
        if kids:
            await asyncio.to_thread(self._keys.destroy, kids)
            await self._writer.write(partial(self._jobs.confirm, kids=kids))


def _contacts(scope: KeyScope) -> sa.Select[Any]:
    contact = table(ContactRow)
    of_subject = contact.c.subject == bytes.fromhex(scope.target)
    return sa.select(sa.func.count()).select_from(contact).where(of_subject)


def _report(scope: KeyScope, counts: ErasureCounts) -> ErasureReport:
    return ErasureReport(scope=scope.kind, tenant=scope.tenant, target=scope.target, counts=counts)


def _reported(order: RunningErasure, finished_at: int | None) -> ErasureReport:
    return replace(_report(order.scope, order.counts), id=order.id, at=moment_or_none(finished_at))
