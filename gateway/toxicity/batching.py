"""Concurrent messages share one model: whatever is queued when it is free goes in one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from gateway.errors import StageUndefined
from gateway.model.finding import Stage
from gateway.toxicity.scorer import Scores


class Batcher:
    """Calls `score` on `executor`, one call at a time. Nothing waits for company: a text that
    finds the model free is scored at once. `most` bounds a batch, `queued` what may wait; more
    is refused with StageUndefined, and so held."""

    def __init__(
        self,
        score: Callable[[Sequence[str]], list[Scores]],
        *,
        executor: Executor,
        most: int = 64,
        queued: int = 4096,
    ) -> None:
        self._score = score
        self._executor = executor
        self._most = most
        self._queued = queued
        self._waiting: list[tuple[str, asyncio.Future[Scores]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def score(self, texts: Sequence[str]) -> list[Scores]:
        """One answer for each text, in order. Raises what the model raises."""
        if len(self._waiting) + len(texts) > self._queued:
            raise StageUndefined(Stage.TOXICITY, "too many texts wait for the model")
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Scores]] = [loop.create_future() for _ in texts]
        self._waiting.extend(zip(texts, futures, strict=True))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            return list(await asyncio.gather(*futures))
        finally:
            for future in futures:
                future.cancel()  # of no use once the caller is gone; done ones stay as they are

    async def close(self) -> None:
        """Waiting texts are given up."""
        for _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [pair for pair in self._waiting[: self._most] if not pair[1].done()]
            del self._waiting[: self._most]
            if not batch:
                continue
            texts = [text for text, _ in batch]
            outcome = loop.run_in_executor(self._executor, self._score, texts)
            await asyncio.wait([outcome])
            _hand_out([future for _, future in batch], outcome)


def _hand_out(
    futures: Sequence[asyncio.Future[Scores]], outcome: asyncio.Future[list[Scores]]
) -> None:
    """Each caller gets its own answer, or the model's failure. Cancelled callers get none."""
    failure = asyncio.CancelledError() if outcome.cancelled() else outcome.exception()
    if failure is None and len(outcome.result()) != len(futures):
        failure = StageUndefined(Stage.TOXICITY, "the model answered for other texts")
    for index, future in enumerate(futures):
        if future.done():
            continue
        if failure is None:
            future.set_result(outcome.result()[index])
        elif isinstance(failure, asyncio.CancelledError):
            future.cancel()
        else:
            future.set_exception(failure)
