from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.hidden import clean, compose
from gateway.text.tracked import Tracked


def _clean(text: str) -> tuple[str, Counter[str]]:
    changes: Counter[str] = Counter()
    return clean(Tracked.of(text), changes).text, changes


@pytest.mark.parametrize(
    ("text", "expected", "kind", "count"),
    [
        ("a\u200bb\u2060c\ufeffd", "abcd", "zero_width", 3),
        ("a\xadb\x00c\x1bd", "abcd", "zero_width", 3),
        ("only\x07ascii", "onlyascii", "zero_width", 1),
        ("a\u3164b", "a b", "zero_width", 1),
        ("abc\u202edef\u202c\u2066x\u2069", "abcdefx", "bidi", 4),
        ("مرحبا\u200f!", "مرحبا!", "bidi", 1),
        ("hi" + "".join(chr(0xE0000 + ord(char)) for char in "kill"), "hi", "tag", 4),
        ("\U0001f3f4" + "\U000e0067" * 2 + "\U000e007f", "\U0001f3f4", "tag", 3),
        ("\U0001f3f4" + "\U000e0067" * 9 + "\U000e007f", "\U0001f3f4", "tag", 10),
        ("😀" + "\U000e0142\U000e0143", "😀", "variation_selector", 2),
        ("a\ufe0fb\ufe01", "ab", "variation_selector", 2),
        ("❤\ufe0f\ufe0f", "❤\ufe0f", "variation_selector", 1),
        ("a\u200db", "ab", "zero_width", 1),
        ("👩\u200d", "👩", "zero_width", 1),
        ("👩\u200d\u200d👩", "👩👩", "zero_width", 2),
        ("م\u200cb", "مb", "zero_width", 1),
        ("x\u1160", "x", "zero_width", 1),
        ("k" + "\u0301" * 30, "ḱ" + "\u0301" * 7, "combining", 22),
    ],
)
def test_hidden_code_points_are_dropped_and_counted(
    text: str, expected: str, kind: str, count: int
) -> None:
    assert _clean(text) == (expected, Counter({kind: count}))


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧\u200d👦",
        "🕵🏽\u200d♂\ufe0f",
        "🏳\ufe0f\u200d🌈",
        "1\ufe0f\u20e3",
        "☎\ufe0e",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "می\u200cخواهم",
        "ه\u200d",
        "क्\u200dष न्\u200cय",
        "ไทย\u200bไทย",
        "\u115f\u1161 \u1100\u1160",
        "ᠠ\u180b",
        "line\nnext\tcolumn",
    ],
)
def test_what_a_reader_sees_stays(text: str) -> None:
    assert _clean(text) == (text, Counter())


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    text, changes = _clean("a\ud800b\udfff")
    assert text == "a\ufffdb\ufffd"
    assert not changes


def test_nfc_keeps_offsets() -> None:
    composed = compose(Tracked.of("e\u0301a\u1100\u1161\u11a8")).mapped()
    assert composed.text == "éa각"
    assert composed.origins == (0, 2, 3, 6)
    assert composed.to_original(2, 3) == (3, 6)
    assert composed.to_original(0, 1) == (0, 2)
