"""Concurrent messages share one model: whatever is queued when it is free goes in one batch, each
text once, and what it answered lately is not asked again. Messages take turns, so that a long one
of many windows keeps no short one waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import StageUndefined
from gateway.model.finding import Stage
from gateway.toxicity.cache import Scope, ScoreCache
from gateway.toxicity.scorer import Scores, checked

Answer = asyncio.Future[Scores]

_TURN = 8  # texts of one message in a batch, while others wait
_MOST_CHARACTERS = 8_000  # of a batch, but for its last text: a fraction of a second


class _Waiting(NamedTuple):
    key: bytes
    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text of a batch, and who waits for it."""

    text: str
    answers: list[Answer] = field(default_factory=list)


class Batcher:
    """Calls `score` on `executor`, one call at a time. Nothing waits for company: a text that
    finds the model free is scored at once. `most` bounds the texts of a batch, `queued` what may
    wait; more is refused with StageUndefined, and so held."""

    def __init__(
        self,
        score: Callable[[Sequence[str]], list[Scores]],
        *,
        executor: Executor,
        cache: ScoreCache,
        most: int = 64,
        queued: int = 4096,
    ) -> None:
        self._score = score
        self._executor = executor
        self._cache = cache
        self._most = most
        self._queued = queued
        self._messages: deque[deque[_Waiting]] = deque()  # whose turn is next, first
        self._waiting = 0  # texts
        self._worker: asyncio.Task[None] | None = None

    async def score(self, texts: Sequence[str], *, scope: Scope) -> list[Scores]:
        """One answer for each text, in order; those of one `scope` share the model's answers.
        Raises what the model raises, StageUndefined for an answer that is not one."""
        keys = [self._cache.key(scope, text) for text in texts]
        known = [scores for key in keys if (scores := self._cache.get(key)) is not None]
        if len(known) == len(texts):
            return known
        if self._waiting + len(texts) > self._queued:
            raise StageUndefined(Stage.TOXICITY, "too many texts wait for the model")
        loop = asyncio.get_running_loop()
        answers: list[Answer] = [loop.create_future() for _ in texts]
        self._messages.append(deque(map(_Waiting, keys, texts, answers)))
        self._waiting += len(texts)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            return list(await asyncio.gather(*answers))
        finally:
            for answer in answers:
                answer.cancel()  # of no use once the caller is gone; done ones stay as they are

    async def close(self) -> None:
        """Waiting texts are given up."""
        for message in self._messages:
            for waiting in message:
                waiting.answer.cancel()
        self._messages.clear()
        self._waiting = 0
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._messages:
            batch = self._next_batch()
            if not batch:
                continue
            texts = [asked.text for asked in batch.values()]
            outcome = loop.run_in_executor(self._executor, self._score, texts)
            await asyncio.wait([outcome])
            self._hand_out(batch, outcome)

    def _next_batch(self) -> dict[bytes, _Asked]:
        """Off the queue; who waits for what is known by now has it at once."""
        batch: dict[bytes, _Asked] = {}
        characters = taken = 0
        while self._messages and len(batch) < self._most and characters < _MOST_CHARACTERS:
            message = self._messages[0]
            key, text, answer = message.popleft()
            self._waiting -= 1
            if not answer.done():
                known = self._cache.get(key)
                if known is None:
                    characters += 0 if key in batch else len(text)
                    batch.setdefault(key, _Asked(text)).answers.append(answer)
                else:
                    answer.set_result(known)
            taken += 1
            if not message:
                self._messages.popleft()
                taken = 0
            elif taken == _TURN:
                self._messages.rotate(-1)
                taken = 0
        return batch

    def _hand_out(self, batch: dict[bytes, _Asked], outcome: asyncio.Future[list[Scores]]) -> None:
        """Each caller gets its own answer, or the model's failure. Failures are not kept."""
        failure = asyncio.CancelledError() if outcome.cancelled() else outcome.exception()
        if failure is None and len(outcome.result()) != len(batch):
            failure = StageUndefined(Stage.TOXICITY, "the model answered for other texts")
        if failure is not None:
            for asked in batch.values():
                _fail(asked.answers, failure)
            return
        for (key, asked), scores in zip(batch.items(), outcome.result(), strict=True):
            try:
                self._cache.put(key, checked(scores))
            except StageUndefined as undefined:
                _fail(asked.answers, undefined)
                continue
            for answer in asked.answers:
                if not answer.done():  # a caller that gave up
                    answer.set_result(scores)


def _fail(answers: Sequence[Answer], failure: BaseException) -> None:
    for answer in answers:
        if answer.done():
            continue
        if isinstance(failure, asyncio.CancelledError):
            answer.cancel()
        else:
            answer.set_exception(failure)
