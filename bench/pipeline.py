"""One whole decision in this process, durable audit included, against Presidio alone."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from statistics import median

import uvloop

from bench.figure import Figure, ratio
from bench.messages import MESSAGES, submission
from bench.presidio import NAME, baseline
from gateway.api.schemas import SubmissionIn
from gateway.assembly import Assembled, assemble
from gateway.model.submission import Submission
from gateway.model.verdict import State
from gateway.pipeline.ids import new_id
from gateway.settings import read_settings

ROUNDS = 7
PER_ROUND = 20 * len(MESSAGES)
AT_ONCE = 8


def measure() -> Iterator[Figure]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server's
        yield from runner.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, baseline() as presidio:
        async with assemble(read_settings(None, {"data_dir": Path(folder)})) as parts:
            await parts.books.store.registry.put_creator("default", "bench", {}, actor="bench")
            numbers = count(1)
            await _decide(parts, numbers, 1)
            return [
                await _ratio(parts, numbers, presidio, at_once=AT_ONCE),
                await _ratio(parts, numbers, presidio, at_once=1),
            ]


async def _ratio(
    parts: Assembled, numbers: Iterator[int], presidio: Callable[[float], float], *, at_once: int
) -> Figure:
    """In turn: ours, then the baseline with pauses as long as ours had nothing to do."""
    alone = at_once == 1
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), time.process_time()
        await _decide(parts, numbers, at_once)
        ours.append((time.process_time() - before) / PER_ROUND)
        idle = (time.perf_counter() - began) / PER_ROUND - ours[-1]
        theirs.append(presidio(max(0.0, idle) if alone else 0.0))
    value, spread = ratio(ours, theirs)
    how = (
        "one at a time, the baseline pauses as long as ours waits for the disk"
        if alone
        else f"{at_once} in flight, so that no processor waits for the disk; nor does the baseline"
    )
    return Figure(
        key="pipeline.alone_cpu_ratio" if alone else "pipeline.cpu_ratio",
        value=value,
        unit="",
        bar=0.5,
        aim=0.15,
        n=ROUNDS * PER_ROUND,
        spread=spread,
        baseline=NAME,
        note=f"{median(ours) * 1e3:.2f} ms ÷ {median(theirs) * 1e3:.2f} ms, median of rounds; "
        f"{how}; as dry runs: everything but sending",
    )


async def _decide(parts: Assembled, numbers: Iterator[int], at_once: int) -> None:
    """PER_ROUND messages."""
    waiting = islice(numbers, PER_ROUND)

    async def work() -> None:
        for number in waiting:
            outcome = await parts.gateway.submit(_submission(number))
            if outcome.state is not State.DECIDED or outcome.text is None:
                raise RuntimeError(f"an ordinary message was not published: {outcome.reasons}")

    await asyncio.gather(*(work() for _ in range(at_once)))


def _submission(number: int) -> Submission:
    now = datetime.now(UTC)
    return SubmissionIn.model_validate(submission(number)).to_submission(
        message_id=new_id("msg", now),
        tenant="default",
        caller="bench",
        received_at=now,
        idempotency_key=None,
        dry_run=True,
    )
