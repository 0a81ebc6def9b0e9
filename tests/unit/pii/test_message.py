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


def test_at_home_no_name_is_needed() -> None:
    gate = Gate(named=("dni",), home=frozenset({"es", "ES"}))
    assert gate.opens(Message("12345678Z", frozenset({"es"})))
    assert not gate.opens(Message("12345678Z", frozenset({"fr"})))
    assert not gate.opens(Message("12345678Z"))


def test_what_is_made_of_a_message_is_made_once() -> None:
    message = Message("x")
    made = [message.once("key", lambda: [1]) for _ in range(2)]
    assert made[0] is made[1]
    assert message.once("other", lambda: [1]) is not made[0]


def test_the_longest_chunk_ends_at_white_space() -> None:
    assert Message("").longest_chunk == 0
    assert Message("ab abcd\nabc").longest_chunk == 4


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
        (Gate(words=frozenset({"six"}), least_words=1), "sixty", False),
        (Gate(wide=True), "plain", False),
        (Gate(wide=True), "plaîn", True),
        (Gate(chunk=5), "abcd efgh", False),
        (Gate(chunk=5), "abcde f", True),
        (Gate(times=((".", 3), (":", 2))), "a.b.c:d", False),
        (Gate(times=((".", 3), (":", 2))), "a:b:c", True),
        (Gate(times=(("A", 1),)), "a", False),
        (Gate(named=("numero", "番号")), "number", False),
        (Gate(named=("numero", "番号")), "mi NÚMERO", True),
        (Gate(named=("numero", "番号")), "番号", True),
        (Gate(quick_lower=re.compile("dot")), "a DOT b", True),
        (Gate(quick_lower=re.compile("dot")), "a d0t b", False),
        (Gate(quick=re.compile(r"\d:")), "a:1", False),
        (Gate(quick=re.compile(r"\d:")), "a1:", True),
    ],
)
def test_a_gate_opens_when_all_of_its_conditions_hold(gate: Gate, text: str, opens: bool) -> None:
    assert gate.opens(Message(text)) is opens
