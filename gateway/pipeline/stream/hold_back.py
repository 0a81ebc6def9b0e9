"""The hold-back of one stream, without input and output: events in, commands out.

Text is kept until a sentence is complete, then judged together with what was released just before
it, and released once it is judged and recorded. One segment is judged at a time, so that nothing
is released out of turn.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.stream.segments import context_of, sentence_end, soft_end


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldBackLimits:
    """How long and how much a stream may hold back.

    `patience_s`: how long the oldest character waits for its sentence to end. `most_held` bounds
    the text that waits, `most` the whole stream, both in code points. `whole`: nothing is released
    before the end.
    """

    patience_s: float = 0.7
    most_held: int = 8_000
    most: int = 20_000
    whole: bool = False


# Events.


@dataclass(frozen=True, slots=True)
class TextAppended:
    """The generator wrote `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Time went by: the oldest character that waits may have waited long enough."""


@dataclass(frozen=True, slots=True)
class TextEnded:
    """The generator is done."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The rest is not wanted any more: held text is discarded."""


@dataclass(frozen=True, slots=True)
class SegmentPassed:
    """The segment under judgement may be published, as `text`; it is recorded. `final`: it
    replaces all that would follow."""

    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class SegmentRefused:
    """The segment under judgement must not be published."""


@dataclass(frozen=True, slots=True)
class WholeChecked:
    """The result of the check of the whole text."""

    stands: bool


@dataclass(frozen=True, slots=True)
class JudgingFailed:
    """Nobody could judge or record the segment: nothing more may be released."""


Event = (
    TextAppended
    | TimePassed
    | TextEnded
    | Interrupted
    | SegmentPassed
    | SegmentRefused
    | WholeChecked
    | JudgingFailed
)


# Commands.


@dataclass(frozen=True, slots=True)
class JudgeSegment:
    """Judge and record `context` + `text`; only `text` is new. `number` counts from 0."""

    number: int
    context: str
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseText:
    """Give out `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class CloseStream:
    """Read no more from the generator."""


@dataclass(frozen=True, slots=True)
class CheckWhole:
    """Judge and record `text`, all that was released."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class RetractAll:
    """Take back all that was released."""


@dataclass(frozen=True, slots=True)
class FinishStream:
    """The end. `reason`: stop, content_filter, length, interrupted or error."""

    reason: str


Command = JudgeSegment | ReleaseText | CloseStream | CheckWhole | RetractAll | FinishStream

STOP: Final = "stop"
FILTERED: Final = "content_filter"
TOO_LONG: Final = "length"
INTERRUPTED: Final = "interrupted"
FAILED: Final = "error"
_ENDS: Final = {Interrupted: INTERRUPTED, SegmentRefused: FILTERED, JudgingFailed: FAILED}


class HoldBack:
    """One stream. `language` is a BCP 47 tag, for the ends of sentences. `now` of `handle` is a
    clock in seconds that never goes back."""

    def __init__(self, *, language: str = "en", limits: HoldBackLimits | None = None) -> None:
        self._language = language
        self._limits = limits or HoldBackLimits()
        self._held = ""
        self._arrived: deque[tuple[int, float]] = deque()  # (code points, when), oldest first
        self._received = 0
        self._number = 0
        self._judging: tuple[str, str, str] | None = None  # white space, text, white space
        self._originals = ""  # the end of what was released, as it was submitted
        self._published: list[str] = []
        self._reason: str | None = None  # why no more text is taken
        self._checking = False
        self._done = False

    @property
    def held(self) -> int:
        """Code points that wait, those under judgement left out."""
        return len(self._held)

    @property
    def is_full(self) -> bool:
        """Whether the generator should wait."""
        return not self._limits.whole and len(self._held) >= self._limits.most_held

    @property
    def is_busy(self) -> bool:
        """Whether something is being judged."""
        return self._judging is not None or self._checking

    @property
    def is_done(self) -> bool:
        return self._done

    def due_in(self, now: float) -> float | None:
        """Seconds until TimePassed may change something; None: only another event can."""
        if self._judging is not None or self._done or self._limits.whole or not self._arrived:
            return None
        left = self._arrived[0][1] + self._limits.patience_s - now
        return left if left > 0 else None

    def handle(self, event: Event, now: float) -> tuple[Command, ...]:
        """The commands that follow from `event`, in this order."""
        if self._done:
            return ()
        match event:
            case TextAppended(text=text):
                return self._append_text(text, now)
            case TextEnded():
                self._reason = self._reason or STOP
            case SegmentPassed(text=text, final=final):
                return self._release_segment(text, now, final=final)
            case WholeChecked(stands=stands):
                return self._finish_checked(stands=stands)
            case Interrupted() | SegmentRefused() | JudgingFailed():
                # What is under judgement must not be given out any more.
                self._judging = None
                return self._stop_at_once(_ENDS[type(event)])
        return self._judge_next(now)

    def _append_text(self, text: str, now: float) -> tuple[Command, ...]:
        if self._reason is not None or not text:
            return ()
        room = self._limits.most - self._received
        taken = text[:room]
        self._held += taken
        self._received += len(taken)
        if taken:
            self._arrived.append((len(taken), now))
        if len(text) > room:
            self._reason = TOO_LONG
            return (CloseStream(), *self._judge_next(now))
        return self._judge_next(now)

    def _judge_next(self, now: float) -> tuple[Command, ...]:
        """Judge the next segment, if there is one; end where no more can come."""
        if self._judging is not None or self._checking:
            return ()
        cut = self._segment_end(now)
        if cut is None and self._reason is not None:
            return self._check_whole()
        if cut is None:  # text that cannot be cut anywhere must not fill the memory
            return self._stop_at_once(FILTERED) if self.is_full else ()
        part, self._held = self._held[:cut], self._held[cut:]
        self._forget_arrivals(cut)
        text = part.strip()
        before = part[: len(part) - len(part.lstrip())]
        self._judging = (before, text, part[len(before) + len(text) :])
        number, self._number = self._number, self._number + 1
        return (JudgeSegment(number, context_of(self._originals), text),)

    def _segment_end(self, now: float) -> int | None:
        """Where the next segment ends in what waits; None: not yet."""
        if not self._held.strip():
            return None
        if self._limits.whole:
            return None if self._reason is None else len(self._held)
        cut = sentence_end(self._held, self._language)
        if cut is not None:
            return cut
        if self._reason is not None:
            return len(self._held)
        late = bool(self._arrived) and now - self._arrived[0][1] >= self._limits.patience_s
        return soft_end(self._held) if late or self.is_full else None

    def _forget_arrivals(self, cut: int) -> None:
        """Drop the arrival times of the first `cut` code points that waited."""
        while cut and self._arrived:
            size, at = self._arrived.popleft()
            if size > cut:
                self._arrived.appendleft((size - cut, at))
                return
            cut -= size

    def _release_segment(self, text: str, now: float, *, final: bool) -> tuple[Command, ...]:
        if self._judging is None:
            return ()
        before, original, after = self._judging
        self._judging = None
        if final:
            released = before + text
            self._published.append(released)
            return (ReleaseText(released), *self._stop_at_once(STOP))
        released = before + text + after
        self._originals = (self._originals + before + original + after)[-2_000:]
        self._published.append(released)
        return (ReleaseText(released), *self._judge_next(now))

    def _stop_at_once(self, reason: str) -> tuple[Command, ...]:
        """Close immediately and drop what waits."""
        self._reason, self._held, self._done = reason, "", True
        self._arrived.clear()
        return (CloseStream(), FinishStream(reason))

    def _check_whole(self) -> tuple[Command, ...]:
        """Check all that was released, unless it was judged as one segment."""
        if self._number < 2:  # one segment was the whole
            self._done = True
            return (FinishStream(self._reason or STOP),)
        self._checking = True
        return (CheckWhole("".join(self._published).strip(), self._number),)

    def _finish_checked(self, *, stands: bool) -> tuple[Command, ...]:
        self._done = True
        if stands:
            return (FinishStream(self._reason or STOP),)
        return (RetractAll(), FinishStream(FILTERED))
