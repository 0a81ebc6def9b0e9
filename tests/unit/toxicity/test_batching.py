from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.errors import StageUndefined
from gateway.toxicity.batching import Batcher
from gateway.toxicity.scorer import Scores


class Gate:
    """A model that waits until it is let go, and remembers its batches."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.called = threading.Event()
        self.batches: list[list[str]] = []

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self.batches.append(list(texts))
        self.called.set()
        self.go.wait(10)
        if "bad" in texts:
            raise ValueError("no")
        return [{"toxicity": len(text) / 100} for text in texts]


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


async def test_what_queues_while_the_model_works_goes_in_one_batch(
    executor: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor, most=8)
    first = asyncio.create_task(batcher.score(["a"]))
    await asyncio.to_thread(gate.called.wait, 10)
    others = [asyncio.create_task(batcher.score(["b" * n, "c"])) for n in (2, 3)]
    await asyncio.sleep(0)
    gate.go.set()
    assert await first == [{"toxicity": 0.01}]
    assert [await other for other in others] == [
        [{"toxicity": 0.02}, {"toxicity": 0.01}],
        [{"toxicity": 0.03}, {"toxicity": 0.01}],
    ]
    assert gate.batches == [["a"], ["bb", "c", "bbb", "c"]]
    await batcher.close()


async def test_a_batch_is_bounded(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, most=3)
    assert len(await batcher.score(["x"] * 8)) == 8
    assert [len(batch) for batch in gate.batches] == [3, 3, 2]
    assert await batcher.score([]) == []
    await batcher.close()


async def test_too_many_waiting_texts_are_refused(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, queued=4)
    with pytest.raises(StageUndefined, match="too many texts wait"):
        await batcher.score(["x"] * 5)
    await batcher.close()


async def test_a_failure_reaches_every_caller_of_its_batch_and_no_other(
    executor: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor)
    results = await asyncio.gather(
        batcher.score(["bad"]), batcher.score(["x"]), return_exceptions=True
    )
    assert all(isinstance(result, ValueError) for result in results)
    assert await batcher.score(["fine"]) == [{"toxicity": 0.04}]
    await batcher.close()


async def test_a_caller_that_gave_up_does_not_disturb_others(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor)
    running = asyncio.create_task(batcher.score(["a"]))
    await asyncio.to_thread(gate.called.wait, 10)
    gone, stays = (asyncio.create_task(batcher.score([text])) for text in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    gate.go.set()
    assert await stays == [{"toxicity": 0.05}]
    assert await running == [{"toxicity": 0.01}]
    assert gate.batches == [["a"], ["stays"]]
    await batcher.close()


async def test_answers_for_other_texts_are_no_answers(executor: ThreadPoolExecutor) -> None:
    batcher = Batcher(lambda texts: [], executor=executor)
    with pytest.raises(StageUndefined, match="answered for other texts"):
        await batcher.score(["a"])
    await batcher.close()
