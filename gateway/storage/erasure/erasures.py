"""Carries out erasures, the orders of people and of retention rules, in small steps.

A step is one short writing transaction, the destruction of its keys, and a second transaction that
records the destruction. Messages are written in between. `erasure_steps.py` has the transactions.
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
from gateway.storage.erasure.erasure_steps import ErasureSteps, RunningErasure, running_erasure_from
from gateway.storage.erasure.legal_holds import LegalHolds, keys_covered_by
from gateway.storage.erasure.scopes import ENTRY, PAYLOAD, SUBJECT, KeyScope
from gateway.storage.messages.fresh_deliveries import FreshDeliveries
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.subject_keys import SubjectKeys
from gateway.storage.vault.vault import Vault

_ERASURE = table(ErasureRow)


class Erasures:
    """Plans, carries out and resumes erasures. Belongs to one event loop."""

    def __init__(
        self,
        *,
        database: Database,
        reader: DatabaseReader,
        writer: DatabaseWriter,
        keys: SubjectKeys,
        vault: Vault,
        digests: Digests,
        fresh_deliveries: FreshDeliveries,
        legal_holds: LegalHolds,
        now: Now,
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        self._keys = keys
        self._vault = vault
        self._digests = digests
        self._fresh_deliveries = fresh_deliveries
        self._legal_holds = legal_holds
        self._steps = ErasureSteps(database=database, vault=vault, legal_holds=legal_holds, now=now)
        self._running: dict[int, asyncio.Task[ErasureReport]] = {}
        # Held from the beginning of an order until its task is in `_running`: else `resume` could
        # take the order for one that nobody carries out.
        self._starting = asyncio.Lock()

    async def plan(self, order: ErasureOrder) -> ErasureReport:
        """Count what `erase` would erase now, and name the legal holds in its way."""
        return await self.plan_for(self.scope_of(order))

    async def erase(self, order: ErasureOrder, *, wait_s: float | None = None) -> ErasureReport:
        """Erase what `order` names, and report it.

        After `wait_s` seconds the method returns even if the erasure is not finished; it goes on
        in the background, and the report has no entry yet. When there is nothing to erase, the
        counts are zero and there is no entry.

        Raises OnLegalHold, NotRecorded and DatabaseUnusable. After one of the last two the erasure
        may have begun: `resume` carries it on, and repeating the call is safe.
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
        """`erase` for a scope of keys, with a pause of `pause_s` seconds between two steps."""
        async with self._starting:
            begun = await self._writer.write(partial(self._steps.begin, order=order, scope=scope))
            if begun is None:
                return _report_on(scope, ErasureCounts())
            task = self._start_task(begun.number, pause_s)
        done, _ = await asyncio.wait({task}, timeout=wait_s)
        return task.result() if done else replace(_report_on(scope, begun.counts), id=begun.id)

    async def resume(self) -> int:
        """Finish erasures that dead processes, or this one, began and did not finish; return how
        many. Raises NotRecorded and DatabaseUnusable."""
        if self._database.read_only:
            return 0
        await self._vault.refresh()
        async with self._starting:
            numbers = await self._writer.write(
                lambda transaction: self._steps.reclaim(transaction, set(self._running))
            )
            tasks = {self._start_task(number, 0.0) for number in numbers}
        if tasks:
            await asyncio.wait(tasks)
        return len(tasks)

    async def recent(self, tenant: str, *, limit: int = 100) -> Sequence[ErasureReport]:
        """A tenant's erasures, newest first. One that is still running has no `at`."""
        rows = await self._reader.many(
            self._database.statement(
                sa.select(*_ERASURE.c)
                .where(_ERASURE.c.tenant == tenant)
                .order_by(_ERASURE.c.number.desc())
                .limit(limit)
            )
        )
        return [_recent_report(running_erasure_from(row), row[-1]) for row in rows]

    async def close(self) -> None:
        """Cancel running erasures; the next process carries them on."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def scope_of(self, order: ErasureOrder) -> KeyScope:
        """The keys that an order is about; a person's or conversation's target becomes its
        digest."""
        target = order.target
        if order.scope is ErasureScope.SUBJECT:
            target = self._digests.person(order.tenant, order.target).hex()
        elif order.scope is ErasureScope.CONVERSATION:
            target = self._digests.conversation(order.tenant, order.target).hex()
        return KeyScope(kind=order.scope, tenant=order.tenant, target=target)

    async def plan_for(self, scope: KeyScope) -> ErasureReport:
        """`plan` for a scope of keys."""
        keys = sa.select(SUBJECT.kid).where(scope.keys())
        sealed = table(PayloadRow).join(table(EntryRow), ENTRY.seq == PAYLOAD.seq)
        sealed_with_keys = PAYLOAD.kid.in_(keys)
        taken = sa.and_(sealed_with_keys, scope.payloads())
        message = table(MessageRow)

        async def count(clause: sa.Select[Any]) -> int:
            row = await self._reader.many(self._database.statement(clause))
            return int(row[0][0])

        def counted(of: sa.FromClause) -> sa.Select[Any]:
            return sa.select(sa.func.count()).select_from(of)

        queued, held = table(OutboxRow), table(ReviewRow)
        judged = sealed.join(
            message, sa.and_(message.c.id == ENTRY.msg_id, message.c.entry_seq == PAYLOAD.seq)
        )
        payloads = await count(counted(sealed).where(taken))
        counts = ErasureCounts(
            keys=await count(counted(table(SubjectRow)).where(scope.keys())),
            payloads=payloads,
            messages=await count(counted(judged).where(taken)),
            stopped=await count(
                counted(judged.join(queued, queued.c.message_id == message.c.id)).where(taken)
            ),
            expired=await count(
                counted(judged.join(held, held.c.message_id == message.c.id)).where(taken)
            ),
            contacts=await count(_count_contacts(scope)) if scope.is_person else 0,
            resealed=await count(counted(sealed).where(sealed_with_keys)) - payloads,
        )
        blocking = await self._blocking_holds(scope)
        return replace(_report_on(scope, counts), legal_holds=blocking)

    async def _blocking_holds(self, scope: KeyScope) -> tuple[str, ...]:
        """Ids of the legal holds that cover keys of this scope."""
        blocking = []
        for hold in await self._legal_holds.standing(scope.tenant):
            some = sa.select(SUBJECT.kid).where(scope.keys(), keys_covered_by(hold, scope)).limit(1)
            if await self._reader.many(self._database.statement(some)):
                blocking.append(hold.id)
        return tuple(blocking)

    def _start_task(self, number: int, pause_s: float) -> asyncio.Task[ErasureReport]:
        task = asyncio.create_task(self._carry_out(number, pause_s), name="erasure")
        self._running[number] = task

        def ended(task: asyncio.Task[ErasureReport]) -> None:
            self._running.pop(number, None)
            if not task.cancelled():
                task.exception()  # mark it as seen: `erase_for` raises it, or `resume` retries

        task.add_done_callback(ended)
        return task

    async def _carry_out(self, number: int, pause_s: float) -> ErasureReport:
        """Run an order's steps to the end, after destroying keys that a crash left undestroyed."""
        job = partial(self._steps.unconfirmed_keys, number=number)
        await self._destroy_keys(await self._writer.write(job))
        while True:
            step = await self._writer.write(partial(self._steps.step, number=number))
            self._fresh_deliveries.drop(step.messages)
            await self._vault.refresh()
            await self._destroy_keys(step.kids)
            if step.done:
                break
            await asyncio.sleep(pause_s)
        order, entry = await self._writer.write(partial(self._steps.finish, number=number))
        report = _report_on(order.scope, order.counts)
        if entry is None:
            return report
        return replace(report, id=order.id, entry=entry.seq, at=entry.at)

    async def _destroy_keys(self, kids: Sequence[str]) -> None:
        """Destroy keys, then confirm it."""
        if kids:
            await asyncio.to_thread(self._keys.destroy, kids)
            await self._writer.write(partial(self._steps.confirm, kids=kids))


def _count_contacts(scope: KeyScope) -> sa.Select[Any]:
    contact = table(ContactRow)
    of_subject = contact.c.subject == bytes.fromhex(scope.target)
    return sa.select(sa.func.count()).select_from(contact).where(of_subject)


def _report_on(scope: KeyScope, counts: ErasureCounts) -> ErasureReport:
    return ErasureReport(scope=scope.kind, tenant=scope.tenant, target=scope.target, counts=counts)


def _recent_report(order: RunningErasure, finished_at: int | None) -> ErasureReport:
    return replace(
        _report_on(order.scope, order.counts), id=order.id, at=moment_or_none(finished_at)
    )
