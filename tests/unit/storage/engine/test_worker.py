from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from gateway.storage.engine.worker import WorkerThread


@pytest.fixture
async def worker() -> AsyncIterator[WorkerThread]:
    made = WorkerThread("test")
    made.start()
    yield made
    await made.close()


async def test_it_runs_elsewhere_and_answers(worker: WorkerThread) -> None:
    assert await worker.run(threading.get_ident) != threading.get_ident()


async def test_errors_reach_who_asked_and_nobody_else(worker: WorkerThread) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await worker.run(fail)
    assert await worker.run(lambda: 3) == 3


async def test_one_at_a_time_in_order(worker: WorkerThread) -> None:
    seen: list[int] = []
    await asyncio.gather(*[worker.run(partial(seen.append, n)) for n in range(50)])
    assert seen == list(range(50))


async def test_who_gave_up_is_not_answered(worker: WorkerThread) -> None:
    gate = threading.Event()
    waiting = asyncio.ensure_future(worker.run(gate.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    gate.set()
    assert await worker.run(lambda: "next") == "next"
    assert waiting.cancelled()


async def test_closing_finishes_what_was_given() -> None:
    worker, done = WorkerThread("test"), threading.Event()
    worker.start()
    task = asyncio.ensure_future(worker.run(done.set))
    await asyncio.sleep(0)
    await worker.close()
    await task
    assert done.is_set()
    await worker.close()


async def test_one_that_never_started_closes() -> None:
    await WorkerThread("test").close()
