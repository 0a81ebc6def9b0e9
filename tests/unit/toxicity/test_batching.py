from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.errors import StageUndefined
from gateway.toxicity.batching import Batcher
from gateway.toxicity.cache import ScoreCache
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
        return [{"toxicity": len(text) % 100 / 100} for text in texts]


SCOPE = ("tenant", "creator")


def cache(keep_s: float = 600) -> ScoreCache:
    return ScoreCache(keep_s=keep_s, clock=time.monotonic)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


async def test_what_queues_while_the_model_works_goes_in_one_batch(
    executor: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor, cache=cache(), most=8)
    first = asyncio.create_task(batcher.score(["a"], scope=SCOPE))
    await asyncio.to_thread(gate.called.wait, 10)
    others = [asyncio.create_task(batcher.score(["b" * n, "c"], scope=SCOPE)) for n in (2, 3)]
    await asyncio.sleep(0)
    gate.go.set()
    assert await first == [{"toxicity": 0.01}]
    assert [await other for other in others] == [
        [{"toxicity": 0.02}, {"toxicity": 0.01}],
        [{"toxicity": 0.03}, {"toxicity": 0.01}],
    ]
    assert gate.batches == [["a"], ["bb", "c", "bbb"]]
    await batcher.close()


async def test_a_batch_is_bounded(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, cache=cache(), most=3)
    assert len(await batcher.score(list("abcdefgh"), scope=SCOPE)) == 8
    assert [len(batch) for batch in gate.batches] == [3, 3, 2]
    assert await batcher.score([], scope=SCOPE) == []
    await batcher.close()


async def test_too_many_waiting_texts_are_refused(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, cache=cache(), queued=4)
    with pytest.raises(StageUndefined, match="too many texts wait"):
        await batcher.score(list("abcde"), scope=SCOPE)
    await batcher.close()


async def test_a_failure_reaches_every_caller_of_its_batch_and_no_other(
    executor: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, cache=cache())
    results = await asyncio.gather(
        batcher.score(["bad"], scope=SCOPE),
        batcher.score(["x"], scope=SCOPE),
        return_exceptions=True,
    )
    assert all(isinstance(result, ValueError) for result in results)
    assert await batcher.score(["fine"], scope=SCOPE) == [{"toxicity": 0.04}]
    await batcher.close()


async def test_a_caller_that_gave_up_does_not_disturb_others(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor, cache=cache())
    running = asyncio.create_task(batcher.score(["a"], scope=SCOPE))
    await asyncio.to_thread(gate.called.wait, 10)
    gone, stays = (
        asyncio.create_task(batcher.score([text], scope=SCOPE)) for text in ("gone", "stays")
    )
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
    batcher = Batcher(lambda texts: [], executor=executor, cache=cache())
    with pytest.raises(StageUndefined, match="answered for other texts"):
        await batcher.score(["a"], scope=SCOPE)
    await batcher.close()


async def test_a_line_said_everywhere_at_once_is_scored_once(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor, cache=cache(), most=2)
    first = asyncio.create_task(batcher.score(["welcome"], scope=SCOPE))
    await asyncio.to_thread(gate.called.wait, 10)
    others = [asyncio.create_task(batcher.score(["welcome"], scope=SCOPE)) for _ in range(50)]
    await asyncio.sleep(0)
    gate.go.set()
    assert await asyncio.gather(first, *others) == [[{"toxicity": 0.07}]] * 51
    assert await batcher.score(["welcome", "bye"], scope=SCOPE) == [
        {"toxicity": 0.07},
        {"toxicity": 0.03},
    ]
    assert gate.batches == [["welcome"], ["bye"]]
    await batcher.close()


async def test_another_scope_is_asked_for_anew(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, cache=cache())
    for scope in (SCOPE, ("tenant", "another"), SCOPE):
        assert await batcher.score(["welcome"], scope=scope) == [{"toxicity": 0.07}]
    assert gate.batches == [["welcome"], ["welcome"]]
    await batcher.close()


async def test_a_failure_is_not_kept(executor: ThreadPoolExecutor) -> None:
    outcomes: list[ValueError | list[Scores]] = [
        ValueError("no"),
        [{"toxicity": 1.5}],
        [{"toxicity": 0.5}],
    ]
    answers = iter(outcomes)

    def score(texts: Sequence[str]) -> list[Scores]:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return list(answer)

    batcher = Batcher(score, executor=executor, cache=cache())
    with pytest.raises(ValueError, match="no"):
        await batcher.score(["a"], scope=SCOPE)
    with pytest.raises(StageUndefined, match="toxicity is not in"):
        await batcher.score(["a"], scope=SCOPE)
    assert await batcher.score(["a"], scope=SCOPE) == [{"toxicity": 0.5}]
    assert await batcher.score(["a"], scope=SCOPE) == [{"toxicity": 0.5}]
    await batcher.close()


async def test_an_answer_that_is_none_fails_its_own_text_alone(
    executor: ThreadPoolExecutor,
) -> None:
    batcher = Batcher(
        lambda texts: [{"toxicity": 0.5 if text == "a" else float("nan")} for text in texts],
        executor=executor,
        cache=cache(),
    )
    good, bad = await asyncio.gather(
        batcher.score(["a"], scope=SCOPE),
        batcher.score(["b"], scope=SCOPE),
        return_exceptions=True,
    )
    assert good == [{"toxicity": 0.5}]
    assert isinstance(bad, StageUndefined)
    await batcher.close()


async def test_a_long_message_keeps_no_short_one_waiting(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor, cache=cache(), most=16)
    first = asyncio.create_task(batcher.score(["first"], scope=SCOPE))
    await asyncio.to_thread(gate.called.wait, 10)
    long = asyncio.create_task(batcher.score([f"long {at}" for at in range(40)], scope=SCOPE))
    await asyncio.sleep(0)
    short = asyncio.create_task(batcher.score(["short"], scope=SCOPE))
    await asyncio.sleep(0)
    gate.go.set()
    assert [len(await one) for one in (first, short, long)] == [1, 1, 40]
    assert "short" in gate.batches[1]
    assert [len(batch) for batch in gate.batches] == [1, 16, 16, 9]
    await batcher.close()


async def test_a_batch_of_long_texts_is_a_short_one(executor: ThreadPoolExecutor) -> None:
    gate = Gate()
    gate.go.set()
    batcher = Batcher(gate.score, executor=executor, cache=cache())
    texts = [f"{at}" + "x" * 4_999 for at in range(5)]
    assert len(await batcher.score(texts, scope=SCOPE)) == 5
    assert [len(batch) for batch in gate.batches] == [2, 2, 1]
    await batcher.close()


async def test_what_was_given_up_frees_its_place_in_the_queue(
    executor: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    batcher = Batcher(gate.score, executor=executor, cache=cache(), queued=4)
    running = asyncio.create_task(batcher.score(["a"], scope=SCOPE))
    await asyncio.to_thread(gate.called.wait, 10)
    gone = asyncio.create_task(batcher.score(list("bcde"), scope=SCOPE))
    await asyncio.sleep(0)
    with pytest.raises(StageUndefined, match="too many texts wait"):
        await batcher.score(["f"], scope=SCOPE)
    gone.cancel()
    gate.go.set()
    await running
    assert len(await batcher.score(list("fghi"), scope=SCOPE)) == 4
    assert gate.batches == [["a"], ["f", "g", "h", "i"]]
    await batcher.close()
