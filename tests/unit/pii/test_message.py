from __future__ import annotations

import re

import pytest

from gateway.pii.message import Prefilter, ScannedText


@pytest.mark.parametrize(("text", "digits"), [("", 0), ("a1b22", 3), ("٠٦ ６", 3), ("²", 0)])
def test_digits_of_any_script_count(text: str, digits: int) -> None:
    assert ScannedText(text).digits == digits


def test_the_longest_run_counts_ascii_letters_and_digits() -> None:
    assert ScannedText("a" * 15).longest_run == 0
    assert ScannedText("x " + "a1" * 20 + "-b").longest_run == 40


def test_at_home_no_name_is_needed() -> None:
    gate = Prefilter(named=("dni",), home=frozenset({"es", "ES"}))
    assert gate.opens(ScannedText("12345678Z", frozenset({"es"})))
    assert not gate.opens(ScannedText("12345678Z", frozenset({"fr"})))
    assert not gate.opens(ScannedText("12345678Z"))


def test_what_is_made_of_a_message_is_made_once() -> None:
    message = ScannedText("x")
    made = [message.once("key", lambda: [1]) for _ in range(2)]
    assert made[0] is made[1]
    assert message.once("other", lambda: [1]) is not made[0]


def test_the_longest_chunk_ends_at_white_space() -> None:
    assert ScannedText("").longest_chunk == 0
    assert ScannedText("ab abcd\nabc").longest_chunk == 4


def test_a_message_of_unknown_place_is_at_home_everywhere() -> None:
    french = frozenset({"fr", "FR"})
    assert ScannedText("").is_at_home(french)
    assert ScannedText("", frozenset({"FR"})).is_at_home(french)
    assert not ScannedText("", frozenset({"en", "US"})).is_at_home(french)


def test_the_text_is_not_in_the_repr() -> None:
    assert "secret" not in repr(ScannedText("secret"))


@pytest.mark.parametrize(
    ("gate", "text", "opens"),
    [
        (Prefilter(), "", True),
        (Prefilter(digits=2), "a1", False),
        (Prefilter(digits=2), "a1b2", True),
        (Prefilter(groups=(("@",), (".", "dot"))), "a@b DOT c", True),
        (Prefilter(groups=(("@",), (".", "dot"))), "a@b", False),
        (Prefilter(run=20), "a" * 19, False),
        (Prefilter(run=20), "a" * 20, True),
        (Prefilter(words=frozenset({"six"}), least_words=2), "Six, six", True),
        (Prefilter(words=frozenset({"six"}), least_words=2), "six sixty", False),
        (Prefilter(words=frozenset({"six"}), least_words=1), "sixty", False),
        (Prefilter(wide=True), "plain", False),
        (Prefilter(wide=True), "plaîn", True),
        (Prefilter(chunk=5), "abcd efgh", False),
        (Prefilter(chunk=5), "abcde f", True),
        (Prefilter(times=((".", 3), (":", 2))), "a.b.c:d", False),
        (Prefilter(times=((".", 3), (":", 2))), "a:b:c", True),
        (Prefilter(times=(("A", 1),)), "a", False),
        (Prefilter(named=("numero", "番号")), "number", False),
        (Prefilter(named=("numero", "番号")), "mi NÚMERO", True),
        (Prefilter(named=("numero", "番号")), "番号", True),
        (Prefilter(quick_lower=re.compile("dot")), "a DOT b", True),
        (Prefilter(quick_lower=re.compile("dot")), "a d0t b", False),
        (Prefilter(quick=re.compile(r"\d:")), "a:1", False),
        (Prefilter(quick=re.compile(r"\d:")), "a1:", True),
    ],
)
def test_a_gate_opens_when_all_of_its_conditions_hold(
    gate: Prefilter, text: str, opens: bool
) -> None:
    assert gate.opens(ScannedText(text)) is opens
