"""Policies that judge beside those in use and never decide.

Where they would have decided otherwise, an entry of the audit log beside the decision's own says
so: the ids of rules and the verdicts, no words. They run in another process, after the message was
decided; when it cannot keep up, messages are left out and counted. Without shadow policies nothing
runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import structlog

from gateway.errors import GatewayError, StageFailure
from gateway.model.decision import Decision, Facts
from gateway.model.record import Change
from gateway.policy.live.differences import Difference, difference
from gateway.policy.live.replay import Files, Replayer
from gateway.policy.packs.overlay import candidate
from gateway.policy.packs.source import fingerprint, make_snapshot
from gateway.ports import Now

WAITING = 1_000
"""Most messages that wait for the shadow; more are left out."""
BATCH = 50
"""Messages handed to the process at a time."""

Note = Callable[[Change], Awaitable[object]]

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowStatus:
    """The state of the shadow policies.

    `digest` is that of the shadow policies, "" while there are none that can be used; `problem`
    then says why. The other fields count messages.
    """

    digest: str = ""
    problem: str = ""
    same: int = 0
    differ: int = 0
    failed: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    facts: Facts
    decision: Decision


class Shadow:
    """Judges the messages given to `offer`. `folder` holds whole policies, or packs that are laid
    over `base`, the files in use."""

    def __init__(self, *, folder: Path, note: Note, now: Now) -> None:
        self._folder = folder
        self._note = note
        self._now = now
        self._queue: asyncio.Queue[_Seen] = asyncio.Queue(WAITING)
        self._replayer: Replayer | None = None
        self._status = ShadowStatus()
        self._read: object = None
        self._log = structlog.get_logger("gateway.policy")

    @property
    def status(self) -> ShadowStatus:
        return self._status

    def offer(self, facts: Facts, decision: Decision) -> None:
        """Queue a decided message for the shadow; when the queue is full, count it as left out.
        Never waits, never raises."""
        if self._replayer is None:
            return
        try:
            self._queue.put_nowait(_Seen(facts, decision))
        except asyncio.QueueFull:
            self._status = replace(self._status, left_out=self._status.left_out + 1)

    async def refresh(self, base: Callable[[], Files], digest: str) -> None:
        """Load the policies in `folder` when they or those in use have changed. `base` reads the
        files in use, `digest` is their digest."""
        read = (digest, await asyncio.to_thread(fingerprint, self._folder))
        if read == self._read:
            return
        self._read = read
        try:
            files = await asyncio.to_thread(lambda: candidate(base(), self._folder))
            shadow = make_snapshot(files, name=self._folder.name).bundle.digest
            replayer = await asyncio.to_thread(Replayer, files, phrases=True)
        except (GatewayError, OSError) as error:
            await self._drop_replayer()
            self._status = replace(self._status, digest="", problem=str(error))
            self._log.error("shadow policies refused", problem=str(error))
            return
        await self._drop_replayer()
        self._replayer = replayer
        self._status = replace(self._status, digest=shadow, problem="")
        self._log.info("shadow policies", digest=shadow)

    async def run(self) -> None:
        """Judge queued messages in batches, for ever."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self.judge(batch)

    async def settle(self) -> None:
        """Judge the messages that are queued now."""
        batch = []
        while not self._queue.empty():
            batch.append(self._queue.get_nowait())
        if batch:
            await self.judge(batch)

    async def judge(self, batch: list[_Seen]) -> None:
        replayer, digest = self._replayer, self._status.digest
        if replayer is None:
            return
        documents = [orjson.dumps(seen.decision.document) for seen in batch]
        try:
            answers = await asyncio.to_thread(replayer.decide, documents)
        except StageFailure as error:
            await self._drop_replayer()
            self._read = None  # the next look starts it again
            self._status = replace(self._status, problem=error.reason, digest="")
            self._log.error("shadow policies ended", problem=error.reason)
            answers = [b""] * len(batch)
        for seen, answer in zip(batch, answers, strict=True):
            await self._compare_decisions(seen, answer, digest)

    async def close(self) -> None:
        await self._drop_replayer()

    async def _drop_replayer(self) -> None:
        replayer, self._replayer = self._replayer, None
        if replayer is not None:
            await asyncio.to_thread(replayer.close)

    async def _compare_decisions(self, seen: _Seen, answer: bytes, digest: str) -> None:
        status = self._status
        if not answer:
            self._status = replace(status, failed=status.failed + 1)
            return
        deviation = difference(_decision_json(seen.decision), orjson.loads(answer), blind=_NONE)
        if deviation is None:
            self._status = replace(status, same=status.same + 1)
            return
        self._status = replace(status, differ=status.differ + 1)
        try:
            await self._note(self._difference_entry(seen, deviation, digest))
        except GatewayError as error:
            self._log.warning("could not note the shadow", error=type(error).__name__)

    def _difference_entry(self, seen: _Seen, deviation: Difference, digest: str) -> Change:
        submission = seen.facts.submission
        return Change(
            actor="shadow",
            tenant=submission.tenant,
            what="shadow",
            subject=seen.facts.decision_id,
            at=self._now(),
            before=seen.decision.bundle.digest,
            after=digest,
            detail={
                "message_id": submission.message_id,
                "channel": submission.channel.value,
                "creator": submission.creator,
                "dry_run": submission.dry_run,
                "applied": deviation.before.value,
                "shadow": deviation.after.value,
                "fired": list(deviation.fired),
                "gone": list(deviation.gone),
                "obligations": deviation.obligations,
            },
        )


def _decision_json(decision: Decision) -> Mapping[str, Any]:
    return {
        "verdict": decision.verdict.value,
        "reasons": [
            {"rule": reason.rule, "verdict": reason.verdict.value} for reason in decision.reasons
        ],
        "obligations": [
            {"kind": item.kind.value, "params": dict(item.params), "rules": list(item.rules)}
            for item in decision.obligations
        ],
    }
