from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.disclosure.budget import ELLIPSIS, length, shorten
from gateway.model.route import LengthUnit

FAMILY = "👩\u200d👩\u200d👧"  # one grapheme, 5 code points, 8 UTF-16 units, 18 bytes


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        (f"é{FAMILY}", LengthUnit.CHARACTERS, 6),
        (f"é{FAMILY}", LengthUnit.UTF16, 9),
        (f"é{FAMILY}", LengthUnit.GRAPHEMES, 2),
        (f"é{FAMILY}", LengthUnit.BYTES, 20),
        ("", LengthUnit.GRAPHEMES, 0),
    ],
)
def test_length(text: str, unit: LengthUnit, expected: int) -> None:
    assert length(text, unit) == expected


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf16_is_what_the_codec_says(text: str) -> None:
    assert length(text, LengthUnit.UTF16) * 2 == len(text.encode("utf-16-le"))


def cut(text: str, room: int, *whole: tuple[int, int]) -> str | None:
    return shorten(text, whole, lambda part: len(part) <= room, limit=room)


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("one two three four", 14, "one two three…"),
        ("one two three four", 13, "one two…"),
        ("one two three four", 12, "one two…"),
        ("unbreakable", 6, "unbre…"),
        ("我是代表创作者发言的", 6, "我是代表创…"),
        ("Hello, wonderful", 7, "Hello,…"),
        ("see you there at https://example.com/a/b", 30, "see you there at…"),
        ("write to zoe@example.com", 20, "write to…"),
        ("https://example.com/a/b", 12, None),
        ("word", 1, None),
    ],
)
def test_cuts_between_words(text: str, room: int, expected: str | None) -> None:
    assert cut(text, room) == expected


def test_never_cuts_a_placeholder() -> None:
    text = "call me at [PHONE NUMBER] today"
    span = (text.index("["), text.index("]") + 1)
    assert cut(text, 22, span) == "call me at…"
    assert cut(text, 12, (0, 20)) is None


def test_never_cuts_a_grapheme() -> None:
    assert cut(FAMILY + FAMILY, 8) == FAMILY + ELLIPSIS


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.sampled_from(list(LengthUnit)),
    st.integers(0, 50),
)
def test_fits_and_is_a_beginning(text: str, unit: LengthUnit, room: int) -> None:
    short = shorten(text, (), lambda part: length(part, unit) <= room, limit=room)
    if short is None:
        return
    assert length(short, unit) <= room
    assert short.endswith(ELLIPSIS)
    assert text.startswith(short[:-1])
    assert short[:-1].strip()
