"""One whole decision in this process, durable audit included, against Presidio alone."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from statistics import median

import uvloop

from bench.figure import Figure, ratio
from bench.messages import submission
from bench.presidio import NAME, baseline
from gateway.api.schemas import SubmissionIn
from gateway.assembly.build import AssembledGateway, assemble
from gateway.model.submission import Submission
from gateway.model.verdict import State
from gateway.pipeline.ids import new_id
from gateway.settings import read_settings

ROUNDS = 7  # turns of each side
PER_ROUND = 160  # messages in a turn
AT_ONCE = 8  # messages under way at once


def measure() -> Iterator[Figure]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server's
        yield from runner.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, baseline() as presidio:
        async with assemble(read_settings(None, {"data_dir": Path(folder)})) as parts:
            await parts.opened.store.registry.put_creator("default", "bench", {}, actor="bench")
            numbers = count(1)
            await _decide(parts, numbers, _WAYS[0])
            return [await _ratio(parts, numbers, presidio, way) for way in _WAYS]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    key: str
    at_once: int
    how: str
    again: bool = False


_BUSY = "so that no processor waits for the disk; nor does the baseline"
_WAYS = (
    _Way(
        key="pipeline.cpu_ratio",
        at_once=AT_ONCE,
        how=f"no message twice; {AT_ONCE} in flight, {_BUSY}",
    ),
    _Way(
        key="pipeline.alone_cpu_ratio",
        at_once=1,
        how="no message twice; one at a time, the baseline pauses as long as ours waits for the "
        "disk",
    ),
    _Way(
        key="pipeline.again_cpu_ratio",
        at_once=AT_ONCE,
        how=f"eight lines that one avatar says again and again; {AT_ONCE} in flight, {_BUSY}",
        again=True,
    ),
)


async def _ratio(
    parts: AssembledGateway, numbers: Iterator[int], presidio: Callable[[float], float], way: _Way
) -> Figure:
    """CPU of the gateway against the baseline, taken in turn; the baseline pauses as long as the
    gateway was idle."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), time.process_time()
        await _decide(parts, numbers, way)
        ours.append((time.process_time() - before) / PER_ROUND)
        idle = (time.perf_counter() - began) / PER_ROUND - ours[-1]
        theirs.append(presidio(max(0.0, idle) if way.at_once == 1 else 0.0))
    value, spread = ratio(ours, theirs)
    return Figure(
        key=way.key,
        value=value,
        unit="",
        bar=0.5,
        aim=0.15,
        n=ROUNDS * PER_ROUND,
        spread=spread,
        baseline=NAME,
        note=f"{median(ours) * 1e3:.2f} ms ÷ {median(theirs) * 1e3:.2f} ms, median of rounds; "
        f"{way.how}; as dry runs: everything but sending",
    )


async def _decide(parts: AssembledGateway, numbers: Iterator[int], way: _Way) -> None:
    """Judge PER_ROUND messages."""
    waiting = islice(numbers, PER_ROUND)

    async def work() -> None:
        for number in waiting:
            outcome = await parts.gateway.submit(submission_in(number, again=way.again))
            if outcome.state is not State.DECIDED or outcome.judgement.text is None:
                reasons = outcome.judgement.reasons
                raise RuntimeError(f"an ordinary message was not published: {reasons}")

    await asyncio.gather(*(work() for _ in range(way.at_once)))


def submission_in(number: int, *, again: bool = False) -> Submission:
    """Message `number` as a dry run, which does everything except sending."""
    now = datetime.now(UTC)
    return SubmissionIn.model_validate(submission(number, again=again)).to_submission(
        message_id=new_id("msg", now),
        tenant="default",
        caller="bench",
        received_at=now,
        idempotency_key=None,
        dry_run=True,
    )
