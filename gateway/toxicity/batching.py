"""`Batcher`: scores the texts of concurrent messages in batches on one model.

When the model is free, whatever is queued goes in one batch, each text once; texts whose scores are
cached are not scored again. Messages take turns, so that a long one of many windows keeps no short
one waiting.
"""

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
"""The scores that one caller waits for, for one text."""

_TURN = 8
"""Most texts of one message in a row while other messages wait."""
_MOST_CHARACTERS = 8_000
"""Characters of a batch, its last text not counted, that the model scores in a fraction of a
second."""


class _QueuedText(NamedTuple):
    """One text of one message. `key` is its key in the cache."""

    key: bytes
    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class _BatchedText:
    """A text of a batch, and the answers of all callers that wait for its scores."""

    text: str
    answers: list[Answer] = field(default_factory=list)


class Batcher:
    """Calls `score` on `executor`, one call at a time.

    A text that arrives while the model is free is scored at once: no batch waits to fill. `most` is
    the largest number of texts of a batch, `queued` of texts that wait; a message that exceeds
    `queued` gets StageUndefined, and so is held.
    """

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
        self._messages: deque[deque[_QueuedText]] = deque()  # whose turn is next, first
        self._waiting = 0  # texts
        self._worker: asyncio.Task[None] | None = None

    async def score(self, texts: Sequence[str], *, scope: Scope) -> list[Scores]:
        """The scores of each text, in order. Texts of one `scope` share cached scores. Raises what
        the model raises, and StageUndefined for an answer that is no score of each text."""
        keys = [self._cache.key(scope, text) for text in texts]
        known = [scores for key in keys if (scores := self._cache.get(key)) is not None]
        if len(known) == len(texts):
            return known
        if self._waiting + len(texts) > self._queued:
            raise StageUndefined(Stage.TOXICITY, "too many texts wait for the model")
        loop = asyncio.get_running_loop()
        answers: list[Answer] = [loop.create_future() for _ in texts]
        self._messages.append(deque(map(_QueuedText, keys, texts, answers)))
        self._waiting += len(texts)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._score_queue())
        try:
            return list(await asyncio.gather(*answers))
        finally:
            for answer in answers:
                answer.cancel()  # nobody waits once the caller is gone; no effect on done ones

    async def close(self) -> None:
        """Cancel what waits, and wait for the batch that the model is scoring."""
        for message in self._messages:
            for queued in message:
                queued.answer.cancel()
        self._messages.clear()
        self._waiting = 0
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _score_queue(self) -> None:
        """Score batch after batch until nothing is queued."""
        loop = asyncio.get_running_loop()
        while self._messages:
            batch = self._next_batch()
            if not batch:
                continue
            texts = [batched.text for batched in batch.values()]
            outcome = loop.run_in_executor(self._executor, self._score, texts)
            await asyncio.wait([outcome])
            self._answer_callers(batch, outcome)

    def _next_batch(self) -> dict[bytes, _BatchedText]:
        """Take the next batch off the queue: its texts by cache key. Texts whose scores are cached
        by now are answered at once and left out."""
        batch: dict[bytes, _BatchedText] = {}
        characters = taken = 0
        while self._messages and len(batch) < self._most and characters < _MOST_CHARACTERS:
            message = self._messages[0]
            key, text, answer = message.popleft()
            self._waiting -= 1
            if not answer.done():
                cached = self._cache.get(key)
                if cached is None:
                    characters += 0 if key in batch else len(text)
                    batch.setdefault(key, _BatchedText(text)).answers.append(answer)
                else:
                    answer.set_result(cached)
            taken += 1
            if not message:
                self._messages.popleft()
                taken = 0
            elif taken == _TURN:
                self._messages.rotate(-1)
                taken = 0
        return batch

    def _answer_callers(
        self, batch: dict[bytes, _BatchedText], outcome: asyncio.Future[list[Scores]]
    ) -> None:
        """Give each caller its scores or the model's failure, and cache the scores."""
        failure = asyncio.CancelledError() if outcome.cancelled() else outcome.exception()
        if failure is None and len(outcome.result()) != len(batch):
            failure = StageUndefined(Stage.TOXICITY, "the model answered for other texts")
        if failure is not None:
            for batched in batch.values():
                _fail_answers(batched.answers, failure)
            return
        for (key, batched), scores in zip(batch.items(), outcome.result(), strict=True):
            try:
                self._cache.put(key, checked(scores))
            except StageUndefined as undefined:
                _fail_answers(batched.answers, undefined)
                continue
            for answer in batched.answers:
                if not answer.done():  # a caller that gave up
                    answer.set_result(scores)


def _fail_answers(answers: Sequence[Answer], failure: BaseException) -> None:
    for answer in answers:
        if answer.done():
            continue
        if isinstance(failure, asyncio.CancelledError):
            answer.cancel()
        else:
            answer.set_exception(failure)
