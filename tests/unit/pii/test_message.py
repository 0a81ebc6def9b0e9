from __future__ import annotations

import re

import pytest

from gateway.pii.message import Gate, Message


@pytest.mark.parametrize(("text", "digits"), [("", 0), ("a1b22", 3), ("٠٦ ６", 3), ("²", 0)])
def test_digits_of_any_script_count(text: str, digits: int) -> None:
    assert Message(text).digits == digits


def test_the_longest_run_counts_ascii_letters_and_digits() -> None:
    assert Message("a" * 15).longest_run == 0
    assert Message("x " + "a1" * 20 + "-b").longest_run == 40


def test_a_message_of_unknown_place_is_at_home_everywhere() -> None:
    french = frozenset({"fr", "FR"})
    assert Message("").is_at_home(french)
    assert Message("", frozenset({"FR"})).is_at_home(french)
    assert not Message("", frozenset({"en", "US"})).is_at_home(french)


def test_the_text_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Message("secret"))


@pytest.mark.parametrize(
    ("gate", "text", "opens"),
    [
        (Gate(), "", True),
        (Gate(digits=2), "a1", False),
        (Gate(digits=2), "a1b2", True),
        (Gate(groups=(("@",), (".", "dot"))), "a@b DOT c", True),
        (Gate(groups=(("@",), (".", "dot"))), "a@b", False),
        (Gate(run=20), "a" * 19, False),
        (Gate(run=20), "a" * 20, True),
        (Gate(words=frozenset({"six"}), least_words=2), "Six, six", True),
        (Gate(words=frozenset({"six"}), least_words=2), "six sixty", False),
        (Gate(quick=re.compile(r"\d:")), "a:1", False),
        (Gate(quick=re.compile(r"\d:")), "a1:", True),
    ],
)
def test_a_gate_opens_when_all_of_its_conditions_hold(gate: Gate, text: str, opens: bool) -> None:
    assert gate.opens(Message(text)) is opens
