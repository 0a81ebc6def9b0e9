"""The hold-back, event by event."""

from __future__ import annotations

import pytest

from gateway.pipeline.stream.core import (
    Append,
    Check,
    Checked,
    Close,
    End,
    Failed,
    Finish,
    HoldBack,
    Interrupt,
    Judge,
    Pace,
    Passed,
    Refused,
    Release,
    Retract,
    Tick,
)

TWO = "One is here. Two is "


def begun() -> HoldBack:
    """Its first sentence is under judgement."""
    core = HoldBack()
    assert core.handle(Append(TWO), 0) == (Judge(0, "", "One is here."),)
    return core


def released() -> HoldBack:
    core = begun()
    assert core.handle(Passed("[AI] One is here."), 0) == (Release("[AI] One is here. "),)
    return core


def test_what_follows_is_judged_with_what_went_before() -> None:
    core = released()
    assert core.handle(Append("here. "), 0) == ()
    assert core.handle(End(), 0) == (Judge(1, "One is here. ", "Two is here."),)
    assert core.handle(Passed("Two is here."), 0) == (
        Release("Two is here. "),
        Check("[AI] One is here. Two is here.", 2),
    )
    assert core.handle(Checked(stands=True), 0) == (Finish("stop"),)
    assert core.is_done


def test_what_does_not_stand_as_a_whole_is_retracted() -> None:
    core = released()
    core.handle(Append("here."), 0)
    core.handle(End(), 0)
    core.handle(Passed("Two is here."), 0)
    assert core.handle(Checked(stands=False), 0) == (Retract(), Finish("content_filter"))


def test_one_segment_was_the_whole_already() -> None:
    core = HoldBack()
    core.handle(Append("One."), 0)
    core.handle(End(), 0)
    assert core.handle(Passed("One."), 0) == (Release("One."), Finish("stop"))


def test_a_refusal_ends_it_at_once() -> None:
    core = begun()
    assert core.handle(Refused(), 0) == (Close(), Finish("content_filter"))
    assert core.handle(Append("more"), 0) == ()
    assert core.held == 0


def test_a_replacement_is_the_last_word() -> None:
    core = begun()
    assert core.handle(Passed("Call 3114.", final=True), 0) == (
        Release("Call 3114."),
        Close(),
        Finish("stop"),
    )


def test_interrupted_nothing_more_is_given_out_even_if_it_passed() -> None:
    core = begun()
    assert core.handle(Interrupt(), 0) == (Close(), Finish("interrupted"))
    assert core.handle(Passed("One is here."), 0) == ()


def test_what_cannot_be_judged_ends_it() -> None:
    assert begun().handle(Failed(), 0) == (Close(), Finish("error"))


def test_the_oldest_character_waits_no_longer_than_patience() -> None:
    core = HoldBack(pace=Pace(patience_s=0.7))
    words = "now this is a long thing that goes on and on"
    assert core.handle(Append(words), 10) == ()
    assert core.due_in(10.2) == pytest.approx(0.5)
    assert core.handle(Tick(), 10.5) == ()
    (judged,) = core.handle(Tick(), 10.71)
    assert isinstance(judged, Judge)
    assert judged.text == "now this is a long"
    assert core.due_in(11) is None  # a verdict is awaited


def test_a_tick_that_changes_nothing_is_not_repeated() -> None:
    core = HoldBack()
    core.handle(Append("06 12"), 0)
    assert core.handle(Tick(), 1) == ()
    assert core.due_in(1) is None


def test_what_can_nowhere_be_cut_does_not_fill_the_memory() -> None:
    core = HoldBack(pace=Pace(most_held=100))
    assert core.handle(Append("1" * 200), 0) == (Close(), Finish("content_filter"))


def test_a_stream_has_an_end() -> None:
    core = HoldBack(pace=Pace(most=10))
    assert core.handle(Append("abc. defgh"), 0) == ()
    assert core.handle(Append("ij"), 0) == (Close(), Judge(0, "", "abc. defgh"))
    assert core.handle(Passed("abc. defgh"), 0) == (Release("abc. defgh"), Finish("length"))


def test_in_one_piece_nothing_goes_before_the_end() -> None:
    core = HoldBack(pace=Pace(whole=True))
    assert core.handle(Append(f"\n{TWO}"), 0) == ()
    assert core.due_in(5) is None
    assert core.handle(End(), 9) == (Judge(0, "", TWO.strip()),)
    assert core.handle(Passed("x"), 9) == (Release("\nx "), Finish("stop"))


def test_nothing_said_is_nothing_judged() -> None:
    core = HoldBack()
    assert core.handle(Append(" \n"), 0) == ()
    assert core.handle(End(), 0) == (Finish("stop"),)
