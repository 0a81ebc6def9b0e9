"""Policies that can be changed while messages are judged.

A generation is everything that one set of policies needs: phrases, and an engine that is warm.
A new one is made whole beside the old one, noted in the audit log, and only then taken into use,
in one step. A message whose phrases were looked for by an older generation is decided by that
generation: none sees a mixture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from gateway.errors import GatewayError, PolicyInvalid, StageFailure
from gateway.model.decision import Bundle, Decision, Facts
from gateway.model.finding import Stage
from gateway.model.record import Change
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.live.sandbox import CreatorRuleSandbox
from gateway.policy.live.shadow import Shadow
from gateway.policy.packs.creator_settings import creator_checker
from gateway.policy.packs.source import Snapshot
from gateway.ports import Now, PolicyEngine

KEPT = 2
"""Older generations that are kept for the messages on their way."""

Note = Callable[[Change], Awaitable[object]]
Check = Callable[[Mapping[str, Any]], None]

_SUBJECT = "policies"
_TENANT = "default"  # policies are those of the whole gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPolicies:
    """Policies that were not taken into use. `file`, `line` and `column` where they are known."""

    at: datetime
    source: str
    problem: str
    file: str = ""
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesStatus:
    """Which policies decide. `source` is where they came from, `refused` the newer ones there
    that could not be used. `taken` and `refusals` count since the start."""

    bundle: Bundle
    source: str
    since: datetime
    refused: RefusedPolicies | None = None
    taken: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Generation:
    snapshot: Snapshot
    engine: PolicyEngine
    phrases: str
    check: Check


class LivePolicies:
    """A PolicyEngine whose policies can be replaced. `make` builds an engine for a snapshot,
    not warm yet; `note` writes an entry of the audit log; `shadow` judges beside it,
    `sandbox` runs creators' own rules."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        signals: SignalDetector,
        make: Callable[[Snapshot], PolicyEngine],
        note: Note,
        now: Now,
        source: str = "folder",
        shadow: Shadow | None = None,
        sandbox: CreatorRuleSandbox | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._shadow = shadow
        self._signals = signals
        self._make = make
        self._note = note
        self._now = now
        self._changing = asyncio.Lock()
        self._log = structlog.get_logger("gateway.policy")
        first = _Generation(
            snapshot=snapshot,
            engine=make(snapshot),
            phrases=signals.identity.sha256,
            check=creator_checker(snapshot.schemas),
        )
        self._generations = [first]  # the newest first
        self._status = PoliciesStatus(bundle=snapshot.bundle, source=source, since=now())

    @property
    def bundle(self) -> Bundle:
        return self._generations[0].snapshot.bundle

    @property
    def snapshot(self) -> Snapshot:
        return self._generations[0].snapshot

    @property
    def status(self) -> PoliciesStatus:
        return self._status

    def check_creator(self, settings: Mapping[str, Any]) -> None:
        """Raises InvalidField for settings that the schema in use does not allow."""
        self._generations[0].check(settings)

    async def warm(self) -> None:
        await self._generations[0].engine.warm()

    async def decide(self, facts: Facts) -> Decision:
        """By the policies whose phrases were looked for in this message."""
        seen = [
            model.sha256
            for detection in facts.detections
            if detection.stage is Stage.SIGNALS
            for model in detection.models
        ]
        for generation in self._generations:
            if not seen or generation.phrases in seen:
                decision = await generation.engine.decide(facts)
                if self._shadow is not None:  # packs beside packs, without the creator's own
                    self._shadow.offer(facts, decision)
                if self._sandbox is not None:
                    decision = await self._sandbox.tighten(decision, facts)
                return decision
        raise StageFailure(Stage.POLICY, "the policies changed while the message was judged")

    async def close(self) -> None:
        for generation in self._generations:
            await generation.engine.close()

    async def replace(
        self,
        snapshot: Snapshot,
        *,
        source: str,
        actor: str,
        keep: Callable[[], None] = lambda: None,
    ) -> Bundle:
        """From now on decide by `snapshot`. `keep` is called right before, to make it last.
        Raises PolicyInvalid, or what a remote engine or the log raises, and then goes on with
        the old ones."""
        async with self._changing:
            before = self._generations[0]
            if snapshot == before.snapshot:
                await asyncio.to_thread(keep)
                self._status = replace(self._status, source=source, refused=None)
                return snapshot.bundle
            generation, use = await self._built(snapshot, before)
            try:
                await self._noted(before.snapshot, snapshot, source=source, actor=actor)
                await asyncio.to_thread(keep)
            except BaseException:
                await self._restore(before, generation)
                raise
            use()
            self._generations.insert(0, generation)
            self._status = PoliciesStatus(
                bundle=snapshot.bundle,
                source=source,
                since=self._now(),
                taken=self._status.taken + 1,
                refusals=self._status.refusals,
            )
            self._log.info(
                "policies changed", digest=snapshot.bundle.digest, source=source, actor=actor
            )
            for old in self._generations[1 + KEPT :]:
                await old.engine.close()
            del self._generations[1 + KEPT :]
            return snapshot.bundle

    async def refuse(self, error: GatewayError, *, source: str, actor: str) -> None:
        """Says everywhere that newer policies could not be used."""
        places = (
            {"file": error.file, "line": error.line, "column": error.column}
            if isinstance(error, PolicyInvalid)
            else {"file": "", "line": None, "column": None}
        )
        refusal = RefusedPolicies(
            at=self._now(),
            source=source,
            problem=str(error),
            **places,
        )
        self._status = replace(self._status, refused=refusal, refusals=self._status.refusals + 1)
        self._log.error("policies refused", source=source, actor=actor, problem=refusal.problem)
        digest = self.bundle.digest
        detail = {"refused": refusal.problem[:1_000], "source": source, **places}
        try:
            await self._note(self._change(actor, digest, digest, detail))
        except GatewayError as failure:
            self._log.warning("could not note the refusal", error=type(failure).__name__)

    async def started(self, before: str | None) -> None:
        """Notes the policies of this start, when the last that were noted (`before`, a digest)
        are others."""
        if before != self.bundle.digest:
            detail = {"source": self._status.source, "revisions": dict(self.bundle.revisions)}
            await self._note(self._change("start", before, self.bundle.digest, detail))

    async def _built(
        self, snapshot: Snapshot, before: _Generation
    ) -> tuple[_Generation, Callable[[], None]]:
        check = creator_checker(snapshot.schemas)
        phrases = await asyncio.to_thread(self._signals.prepare, snapshot.phrases)
        generation = _Generation(
            snapshot=snapshot,
            engine=self._make(snapshot),
            phrases=phrases.identity.sha256,
            check=check,
        )
        try:
            await generation.engine.warm()
        except BaseException:
            await self._restore(before, generation)
            raise
        return generation, phrases.use

    async def _restore(self, before: _Generation, failed: _Generation) -> None:
        """A remote engine may have been given the new policies already."""
        await failed.engine.close()
        try:
            await before.engine.warm()
        except GatewayError as error:
            self._log.error("the old policies could not be restored", error=str(error))

    async def _noted(self, old: Snapshot, new: Snapshot, *, source: str, actor: str) -> None:
        revisions = dict(new.bundle.revisions)
        changed = sorted(
            {path for path, _ in _sources(old) ^ _sources(new)},
        )
        detail = {"source": source, "revisions": revisions, "files": changed[:100]}
        await self._note(self._change(actor, old.bundle.digest, new.bundle.digest, detail))

    def _change(
        self, actor: str, before: str | None, after: str, detail: Mapping[str, Any]
    ) -> Change:
        return Change(
            actor=actor,
            tenant=_TENANT,
            what="policy",
            subject=_SUBJECT,
            at=self._now(),
            before=before,
            after=after,
            detail=detail,
        )


def _sources(snapshot: Snapshot) -> set[tuple[str, str]]:
    """(path, content) of everything that decides."""
    return {(module.path, module.text) for module in snapshot.modules} | {
        (file.path, repr(file.value)) for file in (*snapshot.data_files, *snapshot.phrases)
    }
