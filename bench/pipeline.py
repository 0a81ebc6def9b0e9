"""One whole decision in this process, durable audit included, against Presidio alone."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

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


def measure() -> Iterator[Figure]:
    yield asyncio.run(_measure())


async def _measure() -> Figure:
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder, baseline() as presidio:
        async with assemble(read_settings(None, {"data_dir": Path(folder)})) as parts:
            await parts.books.store.registry.put_creator("default", "bench", {}, actor="bench")
            await _decide(parts, 0)
            for turn in range(1, ROUNDS + 1):
                before = time.process_time()
                await _decide(parts, turn * PER_ROUND)
                ours.append((time.process_time() - before) / PER_ROUND)
                theirs.append(presidio())
    value, spread = ratio(ours, theirs)
    return Figure(
        key="pipeline.cpu_ratio",
        value=value,
        unit="",
        bar=0.5,
        aim=0.15,
        n=ROUNDS * PER_ROUND,
        spread=spread,
        baseline=NAME,
        note=f"{median(ours) * 1e3:.2f} ms ÷ {median(theirs) * 1e3:.2f} ms, median of rounds; "
        "one message at a time, as dry runs: everything but sending",
    )


async def _decide(parts: Assembled, first: int) -> None:
    for number in range(first, first + PER_ROUND):
        outcome = await parts.gateway.submit(_submission(number))
        if outcome.state is not State.DECIDED or outcome.text is None:
            raise RuntimeError(f"an ordinary message was not published: {outcome.reasons}")


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
