"""Runs one stream: hands text, time and judgements to its hold-back, and carries out what that
commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from gateway.errors import GatewayError
from gateway.model.record import Delivery, Outcome
from gateway.model.submission import Submission
from gateway.model.verdict import State
from gateway.pipeline.ids import new_id
from gateway.pipeline.stream.hold_back import (
    CheckWhole,
    CloseStream,
    Command,
    Event,
    FinishStream,
    HoldBack,
    HoldBackLimits,
    Interrupted,
    JudgeSegment,
    JudgingFailed,
    ReleaseText,
    RetractAll,
    SegmentPassed,
    SegmentRefused,
    TextAppended,
    TextEnded,
    TimePassed,
    WholeChecked,
)
from gateway.ports import Now

Expect = Callable[[str], asyncio.Future[Delivery]]
"""A message id → what resolves with the message once it is recorded and may be given out."""

_MOST_EVENTS = 64
"""Most events that wait for `run`; `append` waits beyond."""
_PIECE = 4_096
"""Code points of one event: a larger text becomes several."""
_EXPECT_S = 10.0
"""Seconds to wait for a recorded segment to reach the stream, which usually takes one turn of the
event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSessions:
    """What all streams share. `clock` counts seconds and never goes back; `quiet_s` is how long the
    generator may be silent."""

    submit: Callable[[Submission], Coroutine[Any, Any, Outcome]]
    expect: Expect
    now: Now
    clock: Callable[[], float]
    limits: HoldBackLimits
    quiet_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Released text, and the message it was recorded as."""

    text: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracted:
    """All that was released is retracted. `message_id`: the entry that says why."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnded:
    """The end; `reason` as in FinishStream."""

    reason: str


Output = Released | Retracted | StreamEnded


class StreamSession:
    """One stream from its opening to its end. `opening` is the submission without its text;
    `observe` is called with every outcome; `whole`: nothing is released before the end.

    `append` and `end` are for one task, `run` for another; `interrupt` for any. `error` is what
    went wrong when the stream ends with the reason error.
    """

    def __init__(
        self,
        opening: Submission,
        *,
        streaming: StreamSessions,
        observe: Callable[[Outcome], None],
        whole: bool = False,
    ) -> None:
        if opening.stream is None:
            raise ValueError("the opening needs a stream")
        self.error: GatewayError | None = None
        self._opening = opening
        self._part = opening.stream
        self._streaming = streaming
        self._observe = observe
        limits = replace(streaming.limits, whole=whole)
        self._hold_back = HoldBack(language=opening.language or "en", limits=limits)
        self._events: asyncio.Queue[Event] = asyncio.Queue(_MOST_EVENTS)
        self._getting: asyncio.Task[Event] | None = None
        self._judging: asyncio.Task[Event] | None = None
        self._submitting: set[asyncio.Task[Outcome]] = set()
        self._expected: asyncio.Future[Delivery] | None = None
        self._shown: tuple[str, ...] = ()
        self._last_id = opening.message_id
        # Thousands of streams may be idle: flags, and one future while it runs, are enough.
        self._closed = self._interrupted = False
        self._interruption: asyncio.Future[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether more text would be ignored: the generator should be stopped."""
        return self._closed

    @property
    def held(self) -> int:
        """Code points that wait for their sentence."""
        return self._hold_back.held

    async def append(self, text: str) -> None:
        """Add text. Waits while too much is held: a generator that is faster than the judge must
        slow down."""
        for start in range(0, len(text), _PIECE):
            if self.is_closed:
                return
            await self._events.put(TextAppended(text[start : start + _PIECE]))

    async def end(self) -> None:
        if not self.is_closed:
            await self._events.put(TextEnded())

    async def fail(self, error: GatewayError) -> None:
        """End the stream with `error`, because the generator broke off. Held text is discarded."""
        self.error = error
        if not self.is_closed:
            await self._events.put(JudgingFailed())

    def interrupt(self) -> None:
        """Discard what is held or under judgement, and end `run`."""
        self._interrupted = True
        if self._interruption is not None and not self._interruption.done():
            self._interruption.set_result(None)
        if self._expected is not None:
            self._expected.cancel()

    async def run(self) -> AsyncGenerator[Output]:
        """Yield what may be released, in order and as soon as possible."""
        interrupted = self._interruption = asyncio.get_running_loop().create_future()
        if self._interrupted:
            interrupted.set_result(None)
        try:
            while not self._hold_back.is_done:
                event = await self._next_event(interrupted)
                for command in self._hold_back.handle(event, self._streaming.clock()):
                    if (output := self._carry_out(command)) is not None:
                        yield output
        finally:
            self.interrupt()
            self._close_input()
            for task in (self._getting, self._judging):
                if task is not None:
                    task.cancel()

    async def _next_event(self, interrupted: asyncio.Future[None]) -> Event:
        """The next event. While much is held, no more text is taken in."""
        waiting: set[asyncio.Future[Any]] = {interrupted}
        if self._judging is not None:
            waiting.add(self._judging)
        if not self._hold_back.is_full and not self.is_closed:
            self._getting = self._getting or asyncio.create_task(self._events.get())
            waiting.add(self._getting)
        due = self._hold_back.due_in(self._streaming.clock())
        timeout = self._streaming.quiet_s if due is None else due
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if interrupted.done():
            return Interrupted()
        if self._judging is not None and self._judging.done():
            judged, self._judging = self._judging, None
            return judged.result()
        if self._getting is not None and self._getting.done():
            got, self._getting = self._getting, None
            return got.result()
        # Nothing came: time passed, or the generator has been silent for too long.
        return TimePassed() if due is not None or self._hold_back.is_busy else Interrupted()

    def _close_input(self) -> None:
        self._closed = True
        while not self._events.empty():  # else `append` would wait for ever
            self._events.get_nowait()

    def _carry_out(self, command: Command) -> Output | None:
        match command:
            case JudgeSegment():
                self._judging = asyncio.create_task(self._judge_segment(command))
            case CheckWhole():
                self._judging = asyncio.create_task(self._check_whole(command))
            case ReleaseText(text=text):
                return Released(text=text, message_id=self._last_id)
            case CloseStream():
                self._close_input()
            case RetractAll():
                return Retracted(message_id=self._last_id)
            case FinishStream(reason=reason):
                self._close_input()
                return StreamEnded(reason=reason)
        return None

    async def _judge_segment(self, segment: JudgeSegment) -> Event:
        """Judge and record one segment; return once it may be released."""
        submission = self._submission_of(
            segment.context + segment.text, segment.number, fresh=len(segment.context)
        )
        self._expected = expected = self._streaming.expect(submission.message_id)
        submitting = self._start_submission(submission)
        try:
            either: set[asyncio.Future[Any]] = {expected, submitting}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not expected.done():
                outcome = submitting.result()
                if outcome.state is not State.QUEUED:
                    return SegmentRefused()
                await asyncio.wait({expected}, timeout=_EXPECT_S)
            if not expected.done() or expected.cancelled():
                return JudgingFailed()
        except GatewayError as error:
            self.error = error
            return JudgingFailed()
        finally:
            expected.cancel()
        disclosure = expected.result().disclosure
        self._shown += tuple(notice.notice for notice in disclosure.notices)
        return SegmentPassed(disclosure.text, final=disclosure.replaced_by is not None)

    async def _check_whole(self, whole: CheckWhole) -> Event:
        """Judge and record all that was released. What cannot be checked does not stand."""
        submission = self._submission_of(whole.text, whole.number, whole=True)
        submitting = self._start_submission(replace(submission, dry_run=True))
        try:
            outcome = await asyncio.shield(submitting)
        except GatewayError as error:
            self.error = error
            return WholeChecked(stands=False)
        return WholeChecked(stands=outcome.state is State.DECIDED)

    def _submission_of(
        self, text: str, number: int, *, fresh: int = 0, whole: bool = False
    ) -> Submission:
        now = self._streaming.now()
        if number:
            self._last_id = new_id("msg", now)
        return replace(
            self._opening,
            message_id=self._last_id,
            text=text,
            received_at=now,
            stream=replace(self._part, number=number, fresh=fresh, shown=self._shown, whole=whole),
        )

    def _start_submission(self, submission: Submission) -> asyncio.Task[Outcome]:
        """Submit in a task of its own, which goes on when the stream ends, so that what was
        recorded is settled."""
        task = asyncio.create_task(self._streaming.submit(submission))
        self._submitting.add(task)
        task.add_done_callback(self._finish_submission)
        return task

    def _finish_submission(self, task: asyncio.Task[Outcome]) -> None:
        self._submitting.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._observe(task.result())
