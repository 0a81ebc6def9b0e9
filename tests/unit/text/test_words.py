from __future__ import annotations

import re

import pytest

from gateway.text.words import HINTS, LETTERS, WORDS


@pytest.mark.parametrize("language", WORDS)
def test_words_are_as_the_detector_looks_them_up(language: str) -> None:
    words = WORDS[language].split()
    assert len(words) == len(set(words)) > 100
    assert all(word == word.lower() for word in words)
    assert all(word.isascii() for word in words), "accents are folded before the look-up"


def test_hints_compile_and_name_a_language() -> None:
    for look, language, weight in HINTS + LETTERS:
        assert re.compile(look).search("") is None
        assert re.fullmatch("[a-z]{2}", language)
        assert weight > 0
