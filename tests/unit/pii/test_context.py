from __future__ import annotations

import pytest

from gateway.pii.context import NOWHERE, ContextWords, context, fold

PHONE = context(en=("call", "tel"), fr=("téléphon", "telephon"), zh=("电话",))


def test_folding_drops_case_and_accents() -> None:
    assert fold("Téléphone ÇA") == "telephone ca"


@pytest.mark.parametrize(
    ("text", "supports"),
    [
        ("call 1", True),
        ("calling me 1", True),
        ("Mon téléphone : 1", True),
        ("tel 1", True),
        ("telling 1", False),
        ("recall 1", False),
        ("我的电话是 1", True),
        ("1 is where to call", True),
        ("call " + "word " * 9 + "1", False),
        ("1 " + "word " * 5 + "call", False),
    ],
)
def test_a_word_supports_when_it_begins_with_a_stem_and_is_near(text: str, supports: bool) -> None:
    at = text.index("1")
    assert PHONE.supports(text, at, at + 1) is supports


@pytest.mark.parametrize(
    ("text", "supports"),
    [
        ("number 1", True),
        ("order number 1", False),
        ("number of the order 1", False),
        ("the order is here, my own number 1", True),
        ("1 order number", False),
    ],
)
def test_the_nearer_of_two_words_counts_and_a_compound_is_against(
    text: str, supports: bool
) -> None:
    words = context(en=("number",), against=("order",))
    at = text.index("1")
    assert words.supports(text, at, at + 1) is supports


def test_no_stems_support_nothing() -> None:
    assert not NOWHERE.supports("call 1", 5, 6)
    assert ContextWords(("call",)).supports("call 1", 5, 6)
