"""What changed policies would have decided about messages of the past.

The audit log holds the input document of each decision without its words. So:

- rules that read words themselves (`reads_words`) are not evaluated: their recorded results count;
- phrases are not looked for again: the recorded signals count;
- all other rules are evaluated on the recorded document, at its recorded time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.model.record import Entry
from gateway.policy.authoring.explain import WORDS, reads_words
from gateway.policy.live.differences import Difference, difference
from gateway.policy.live.replay import Files, Replayer
from gateway.policy.packs.creator_rules import rule_name
from gateway.policy.packs.source import Snapshot, make_snapshot
from gateway.policy.packs.subset import compile_snapshot

BATCH = 200
"""Decisions handed to the replaying process at a time."""
MAX_EXAMPLES = 5
"""Changed decisions that the report names for each rule, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """One decision as recorded. `said` is verdict, reasons and obligations."""

    seq: int
    decision_id: str
    channel: str
    creator: str
    document: bytes
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedExample:
    seq: int
    decision_id: str
    step: str


@dataclass(slots=True, kw_only=True)
class BacktestReport:
    """The result of a backtest.

    `decisions` were made again; `failed` of them got no decision. `skipped` entries held no input
    document. `channels` and `creators` map a name to [changed, all]. `fired` and `gone` count, by
    rule, the decisions in which it fired anew or no longer; `examples` has some of each rule.
    `blind` rules read words, so they were not evaluated. `phrases`: the phrase lists differ, and
    what that would change is not known either.
    """

    digest: str
    blind: tuple[str, ...]
    decisions: int = 0
    skipped: int = 0
    failed: int = 0
    changed: int = 0
    seconds: float = 0.0
    phrases: bool = False
    steps: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    channels: dict[str, list[int]] = field(default_factory=dict)
    creators: dict[str, list[int]] = field(default_factory=dict)
    examples: dict[str, list[ChangedExample]] = field(default_factory=dict)

    @property
    def per_s(self) -> float:
        return self.decisions / self.seconds if self.seconds else 0.0

    def add(self, past: PastDecision, decision_change: Difference | None) -> None:
        self.decisions += 1
        for group, name in ((self.channels, past.channel), (self.creators, past.creator)):
            counts = group.setdefault(name, [0, 0])
            counts[0] += decision_change is not None
            counts[1] += 1
        if decision_change is None:
            return
        self.changed += 1
        self.steps[decision_change.step] += 1
        self.fired.update(decision_change.fired)
        self.gone.update(decision_change.gone)
        example = ChangedExample(
            seq=past.seq, decision_id=past.decision_id, step=decision_change.step
        )
        for rule in {*decision_change.fired, *decision_change.gone} or {"obligations"}:
            examples = self.examples.setdefault(rule, [])
            if len(examples) < MAX_EXAMPLES:
                examples.append(example)


def past_of(entry: Entry) -> PastDecision | None:
    """The decision that `entry` records; None for an entry without a decision by policies."""
    body = orjson.loads(entry.body)
    document, result = body.get("input"), body.get("result")
    if not document or not result:
        return None
    # Built-ins fail on null. The results of rules that read words are not used anyway.
    words = document.get("text") or {}
    document["text"] = words | {name: "" for name in WORDS if words.get(name, "") is None}
    said = {
        "verdict": result["verdict"],
        "reasons": result.get("reasons", body["reasons"]),
        "obligations": result.get("obligations", body["obligations"]),
    }
    return PastDecision(
        seq=entry.seq,
        decision_id=body["decision_id"],
        channel=body["labels"]["channel"],
        creator=body["labels"]["creator"],
        document=orjson.dumps(document),
        said=said,
    )


async def backtest(
    pages: AsyncIterator[Sequence[Entry]],
    files: Files,
    *,
    workers: int = 1,
    base: Snapshot | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> BacktestReport:
    """Make every decision in `pages` again by the policies in `files`. `progress` is called with
    the number of entries done since its last call. `base` are the policies that looked for phrases
    at the time, if known. Raises PolicyInvalid and StageFailure."""
    snapshot = make_snapshot(files, name="policies")
    blind = reads_words(compile_snapshot(snapshot))
    report = BacktestReport(
        digest=snapshot.bundle.digest,
        blind=tuple(sorted(blind)),
        phrases=base is not None and base.phrases != snapshot.phrases,
    )
    idle: asyncio.Queue[Replayer] = asyncio.Queue()
    replayers = [await asyncio.to_thread(Replayer, files) for _ in range(workers)]
    for replayer in replayers:
        idle.put_nowait(replayer)
    began = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as tasks:
            async for page in pages:
                for start in range(0, len(page), BATCH):
                    batch = _ReplayBatch(await idle.get(), idle, page[start : start + BATCH])
                    tasks.create_task(_replay_batch(batch, report, blind, progress))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        report.seconds = time.perf_counter() - began
        for replayer in replayers:
            await asyncio.to_thread(replayer.close)
    return report


@dataclass(frozen=True, slots=True)
class _ReplayBatch:
    """Some entries, the process that decides about them, and the queue that it returns to."""

    replayer: Replayer
    idle: asyncio.Queue[Replayer]
    entries: Sequence[Entry]


async def _replay_batch(
    batch: _ReplayBatch,
    report: BacktestReport,
    blind: frozenset[str],
    progress: Callable[[int], None],
) -> None:
    pasts = [past for past in map(past_of, batch.entries) if past is not None]
    documents = [past.document for past in pasts]
    try:
        answers = await asyncio.to_thread(batch.replayer.decide, documents)
    finally:
        batch.idle.put_nowait(batch.replayer)
    report.skipped += len(batch.entries) - len(pasts)
    for past, answer in zip(pasts, answers, strict=True):
        if answer:
            own = rule_name(past.creator, "")  # the creator's own rules are not evaluated
            rules = {str(reason["rule"]) for reason in past.said["reasons"]}
            apart = blind | {rule for rule in rules if rule.startswith(own)}
            report.add(past, difference(past.said, orjson.loads(answer), blind=apart))
        else:
            report.decisions += 1
            report.failed += 1
    progress(len(batch.entries))
