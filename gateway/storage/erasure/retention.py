"""Retention: erases texts that are older than the retention rules keep them.

Entries of the log stay for ever. No rule may erase texts younger than `RETENTION_FLOOR`, and texts
that a legal hold covers stay until it is lifted.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.model.erasure import (
    RETENTION_FLOOR,
    ErasureOrder,
    ErasureReport,
    ErasureScope,
    RetentionRule,
)
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.times import day_of
from gateway.storage.erasure.erasures import Erasures
from gateway.storage.erasure.scopes import SUBJECT, KeyScope

_PAUSE_BETWEEN_STEPS_S = 0.05
"""Seconds between two steps of an erasure, so that messages do not wait for retention."""


class Retention:
    """Applies retention rules.

    For each tenant, channel and kind of entry, the first of `rules` that fits counts; without one,
    texts are kept. Raises ValueError for a rule below the floor.
    """

    def __init__(
        self,
        *,
        database: Database,
        reader: DatabaseReader,
        erasures: Erasures,
        rules: Sequence[RetentionRule],
        now: Now,
    ) -> None:
        if any(rule.after < RETENTION_FLOOR for rule in rules):
            raise ValueError("a retention rule is below the floor")
        self._reader = reader
        self._erasures = erasures
        self._rules = tuple(rules)
        self._now = now
        before = SUBJECT.day < sa.bindparam("before", type_=sa.BigInteger)
        self._tenants = database.statement(sa.select(SUBJECT.tenant).where(before).distinct())
        self._groups = database.statement(
            sa.select(SUBJECT.channel, SUBJECT.kind)
            .where(SUBJECT.tenant == sa.bindparam("tenant"), before)
            .distinct()
        )

    async def plan(self) -> list[ErasureReport]:
        """Count what `run` would erase now: a report for each scope that has any."""
        planned = [await self._erasures.plan_for(scope) for scope, _ in await self._due_scopes()]
        return [report for report in planned if report.counts.keys]

    async def run(self, *, actor: str = "retention") -> list[ErasureReport]:
        """Erase what is due, with one entry in the log for each tenant, channel and kind that had
        any. Raises NotRecorded and DatabaseUnusable; the next run carries on."""
        reports = []
        for scope, rule in await self._due_scopes():
            order = ErasureOrder(
                scope=ErasureScope.RETENTION,
                tenant=scope.tenant,
                target=scope.target,
                actor=actor,
                reason=f"kept long enough: {rule}",
            )
            reports.append(
                await self._erasures.erase_for(scope, order, pause_s=_PAUSE_BETWEEN_STEPS_S)
            )
        return [report for report in reports if report.counts.keys]

    async def _due_scopes(self) -> list[tuple[KeyScope, RetentionRule]]:
        """The scopes to erase, each with its rule. A day is due once all of it is old enough."""
        if not self._rules:
            return []
        now = self._now()
        newest = day_of(now - min(rule.after for rule in self._rules))
        due = []
        for (tenant,) in await self._reader.many(self._tenants, before=newest):
            for channel, kind in await self._reader.many(
                self._groups, tenant=tenant, before=newest
            ):
                fitting = (rule for rule in self._rules if rule.fits(tenant, channel, kind))
                rule = next(fitting, None)
                if rule is not None:
                    scope = KeyScope(
                        kind=ErasureScope.RETENTION,
                        tenant=tenant,
                        target=f"{tenant}/{channel or '*'}/{kind or '*'}",
                        channel=channel,
                        entry_kind=kind,
                        kept_from=day_of(now - rule.after),
                    )
                    due.append((scope, rule))
        return due
