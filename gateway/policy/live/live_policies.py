"""Policies that can be changed while messages are judged.

A generation is one set of policies, ready to judge: the detector for its phrases and an engine that
is warm. A new generation is built completely beside the one in use and noted in the audit log, then
replaces it in one step. A message takes one generation and is judged by it to the end. A replaced
generation is closed when no message holds it any more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from gateway.errors import GatewayError, PolicyInvalid
from gateway.model.decision import Bundle, Decision, Facts
from gateway.model.record import Change
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.live.sandbox import CreatorRuleSandbox
from gateway.policy.live.shadow import Shadow
from gateway.policy.packs.creator_settings import creator_checker
from gateway.policy.packs.source import Snapshot
from gateway.ports import Now, PolicyEngine, PolicyGeneration, Read

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Generation:
    """All that belongs to one snapshot. Compared by identity: policies that come back after
    others are a new generation."""

    snapshot: Snapshot
    engine: PolicyEngine
    signals: SignalDetector
    check: Check

    async def warm(self) -> None:
        await self.engine.warm()
        await self.signals.warm()

    async def close(self) -> None:
        await self.engine.close()
        await self.signals.close()


class LivePolicies:
    """The policies in use, which can be replaced. `make` builds an engine for a snapshot, not
    warm yet; `read` makes the forms of the human's message; `note` writes an entry of the audit
    log; `shadow` judges beside the policies in use, `sandbox` runs creators' own rules."""

    def __init__(
        self,
        *,
        snapshot: Snapshot,
        read: Read,
        make: Callable[[Snapshot], PolicyEngine],
        note: Note,
        now: Now,
        source: str = "folder",
        shadow: Shadow | None = None,
        sandbox: CreatorRuleSandbox | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._shadow = shadow
        self._read = read
        self._make = make
        self._note = note
        self._now = now
        self._changing = asyncio.Lock()
        self._log = structlog.get_logger("gateway.policy")
        self._current = self._make_generation(snapshot, self._signal_detector(snapshot))
        self._users: Counter[_Generation] = Counter()  # messages that hold a generation
        self._closing: set[asyncio.Task[None]] = set()
        self._status = PoliciesStatus(bundle=snapshot.bundle, source=source, since=now())

    @contextmanager
    def current(self) -> Iterator[PolicyGeneration]:
        """The generation in use now. It stays open until the context is left."""
        generation = self._current
        self._users[generation] += 1
        try:
            yield PolicyGeneration(
                signals=generation.signals,
                decide=partial(self._decide_and_tighten, generation.engine),
            )
        finally:
            self._users[generation] -= 1
            if not self._users[generation]:
                del self._users[generation]
                if generation is not self._current:
                    self._close_later(generation)

    @property
    def bundle(self) -> Bundle:
        return self._current.snapshot.bundle

    @property
    def snapshot(self) -> Snapshot:
        return self._current.snapshot

    @property
    def status(self) -> PoliciesStatus:
        return self._status

    def check_creator(self, settings: Mapping[str, Any]) -> None:
        """Raises InvalidField for settings that the schema in use does not allow."""
        self._current.check(settings)

    async def warm(self) -> None:
        await self._current.warm()

    async def close(self) -> None:
        """Close every generation, also those that a message still holds."""
        for generation in {self._current, *self._users}:
            await generation.close()
        if self._closing:
            await asyncio.wait(self._closing)

    async def replace(
        self,
        snapshot: Snapshot,
        *,
        source: str,
        actor: str,
        keep: Callable[[], None] = lambda: None,
    ) -> Bundle:
        """Take `snapshot` into use for the messages that come from now on. `keep` is called right
        before, to store it for the next start. Raises PolicyInvalid, or what a remote engine or
        the log raises; the old policies then stay in use."""
        async with self._changing:
            before = self._current
            if snapshot == before.snapshot:
                await asyncio.to_thread(keep)
                self._status = replace(self._status, source=source, refused=None)
                return snapshot.bundle
            generation = await self._build_generation(snapshot, before)
            try:
                await self._note_change(before.snapshot, snapshot, source=source, actor=actor)
                await asyncio.to_thread(keep)
            except BaseException:
                await self._restore(before, generation)
                raise
            self._current = generation
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
            if before not in self._users:  # else the last message that leaves it closes it
                await before.close()
            return snapshot.bundle

    async def refuse(self, error: GatewayError, *, source: str, actor: str) -> None:
        """Report newer policies that could not be used: in the status, in the log of the process
        and, where it can be written, in the audit log."""
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
            await self._note(self._policy_change(actor, digest, digest, detail))
        except GatewayError as failure:
            self._log.warning("could not note the refusal", error=type(failure).__name__)

    async def started(self, before: str | None) -> None:
        """Note the policies of this start in the audit log, unless they are those noted last, whose
        digest is `before`."""
        if before != self.bundle.digest:
            detail = {"source": self._status.source, "revisions": dict(self.bundle.revisions)}
            await self._note(self._policy_change("start", before, self.bundle.digest, detail))

    async def _decide_and_tighten(self, engine: PolicyEngine, facts: Facts) -> Decision:
        decision = await engine.decide(facts)
        if self._shadow is not None:  # it compares packs, so the creator's own rules come later
            self._shadow.offer(facts, decision)
        if self._sandbox is not None:
            decision = await self._sandbox.tighten(decision, facts)
        return decision

    def _make_generation(self, snapshot: Snapshot, signals: SignalDetector) -> _Generation:
        """A generation that is not warm yet. Raises PolicyInvalid."""
        return _Generation(
            snapshot=snapshot,
            engine=self._make(snapshot),
            signals=signals,
            check=creator_checker(snapshot.schemas),
        )

    def _signal_detector(self, snapshot: Snapshot) -> SignalDetector:
        return SignalDetector(phrases=snapshot.phrases, read=self._read)

    async def _build_generation(self, snapshot: Snapshot, before: _Generation) -> _Generation:
        """A warm generation. Raises PolicyInvalid, or what a remote engine raises."""
        signals = await asyncio.to_thread(self._signal_detector, snapshot)
        generation = self._make_generation(snapshot, signals)
        try:
            await generation.warm()
        except BaseException:
            await self._restore(before, generation)
            raise
        return generation

    def _close_later(self, generation: _Generation) -> None:
        """Close `generation` in a task, so that the last message that held it does not wait."""
        task = asyncio.create_task(generation.close(), name="close old policies")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _restore(self, before: _Generation, failed: _Generation) -> None:
        """Close the failed generation. Upload the old policies to a remote engine again, which may
        have received the new ones."""
        await failed.close()
        try:
            await before.warm()
        except GatewayError as error:
            self._log.error("the old policies could not be restored", error=str(error))

    async def _note_change(self, old: Snapshot, new: Snapshot, *, source: str, actor: str) -> None:
        revisions = dict(new.bundle.revisions)
        changed = sorted(
            {path for path, _ in _source_set(old) ^ _source_set(new)},
        )
        detail = {"source": source, "revisions": revisions, "files": changed[:100]}
        await self._note(self._policy_change(actor, old.bundle.digest, new.bundle.digest, detail))

    def _policy_change(
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


def _source_set(snapshot: Snapshot) -> set[tuple[str, str]]:
    """Path and content of all that decisions depend on."""
    return {(module.path, module.text) for module in snapshot.modules} | {
        (file.path, repr(file.value)) for file in (*snapshot.data_files, *snapshot.phrases)
    }
