"""The hold-back, event by event."""

from __future__ import annotations

import pytest

from gateway.pipeline.stream.hold_back import (
    CheckWhole,
    CloseStream,
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

TWO = "One is here. Two is "


def begun() -> HoldBack:
    """Its first sentence is under judgement."""
    core = HoldBack()
    assert core.handle(TextAppended(TWO), 0) == (JudgeSegment(0, "", "One is here."),)
    return core


def released() -> HoldBack:
    core = begun()
    assert core.handle(SegmentPassed("[AI] One is here."), 0) == (
        ReleaseText("[AI] One is here. "),
    )
    return core


def test_what_follows_is_judged_with_what_went_before() -> None:
    core = released()
    assert core.handle(TextAppended("here. "), 0) == ()
    assert core.handle(TextEnded(), 0) == (JudgeSegment(1, "One is here. ", "Two is here."),)
    assert core.handle(SegmentPassed("Two is here."), 0) == (
        ReleaseText("Two is here. "),
        CheckWhole("[AI] One is here. Two is here.", 2),
    )
    assert core.handle(WholeChecked(stands=True), 0) == (FinishStream("stop"),)
    assert core.is_done


def test_what_does_not_stand_as_a_whole_is_retracted() -> None:
    core = released()
    core.handle(TextAppended("here."), 0)
    core.handle(TextEnded(), 0)
    core.handle(SegmentPassed("Two is here."), 0)
    assert core.handle(WholeChecked(stands=False), 0) == (
        RetractAll(),
        FinishStream("content_filter"),
    )


def test_one_segment_was_the_whole_already() -> None:
    core = HoldBack()
    core.handle(TextAppended("One."), 0)
    core.handle(TextEnded(), 0)
    assert core.handle(SegmentPassed("One."), 0) == (ReleaseText("One."), FinishStream("stop"))


def test_a_refusal_ends_it_at_once() -> None:
    core = begun()
    assert core.handle(SegmentRefused(), 0) == (CloseStream(), FinishStream("content_filter"))
    assert core.handle(TextAppended("more"), 0) == ()
    assert core.held == 0


def test_a_replacement_is_the_last_word() -> None:
    core = begun()
    assert core.handle(SegmentPassed("Call 3114.", final=True), 0) == (
        ReleaseText("Call 3114."),
        CloseStream(),
        FinishStream("stop"),
    )


def test_interrupted_nothing_more_is_given_out_even_if_it_passed() -> None:
    core = begun()
    assert core.handle(Interrupted(), 0) == (CloseStream(), FinishStream("interrupted"))
    assert core.handle(SegmentPassed("One is here."), 0) == ()


def test_what_cannot_be_judged_ends_it() -> None:
    assert begun().handle(JudgingFailed(), 0) == (CloseStream(), FinishStream("error"))


def test_the_oldest_character_waits_no_longer_than_patience() -> None:
    core = HoldBack(limits=HoldBackLimits(patience_s=0.7))
    words = "now this is a long thing that goes on and on"
    assert core.handle(TextAppended(words), 10) == ()
    assert core.due_in(10.2) == pytest.approx(0.5)
    assert core.handle(TimePassed(), 10.5) == ()
    (judged,) = core.handle(TimePassed(), 10.71)
    assert isinstance(judged, JudgeSegment)
    assert judged.text == "now this is a long"
    assert core.due_in(11) is None  # a verdict is awaited


def test_a_tick_that_changes_nothing_is_not_repeated() -> None:
    core = HoldBack()
    core.handle(TextAppended("06 12"), 0)
    assert core.handle(TimePassed(), 1) == ()
    assert core.due_in(1) is None


def test_what_can_nowhere_be_cut_does_not_fill_the_memory() -> None:
    core = HoldBack(limits=HoldBackLimits(most_held=100))
    assert core.handle(TextAppended("1" * 200), 0) == (
        CloseStream(),
        FinishStream("content_filter"),
    )


def test_a_stream_has_an_end() -> None:
    core = HoldBack(limits=HoldBackLimits(most=10))
    assert core.handle(TextAppended("abc. defgh"), 0) == ()
    assert core.handle(TextAppended("ij"), 0) == (CloseStream(), JudgeSegment(0, "", "abc. defgh"))
    assert core.handle(SegmentPassed("abc. defgh"), 0) == (
        ReleaseText("abc. defgh"),
        FinishStream("length"),
    )


def test_in_one_piece_nothing_goes_before_the_end() -> None:
    core = HoldBack(limits=HoldBackLimits(whole=True))
    assert core.handle(TextAppended(f"\n{TWO}"), 0) == ()
    assert core.due_in(5) is None
    assert core.handle(TextEnded(), 9) == (JudgeSegment(0, "", TWO.strip()),)
    assert core.handle(SegmentPassed("x"), 9) == (ReleaseText("\nx "), FinishStream("stop"))


def test_nothing_said_is_nothing_judged() -> None:
    core = HoldBack()
    assert core.handle(TextAppended(" \n"), 0) == ()
    assert core.handle(TextEnded(), 0) == (FinishStream("stop"),)
