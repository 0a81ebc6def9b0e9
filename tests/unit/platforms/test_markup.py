from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.platforms.declaration import TextFormat
from gateway.platforms.markup import plain, restored, views

TELEGRAM = "_*[]()~`>#+-=|{}.!"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a <b>bold</b> word", ("a bold word",)),
        ("a<br>b<p>c</p>", ("a\nb\nc",)),
        ("l<i></i>ea&#64;example.org", ("lea@example.org",)),
        ('<a href="mailto:x@y.z">here</a>', ("here", ' href="mailto:x@y.z"')),
        ("a <!-- secret --> b", ("a  b", "!-- secret --")),
        ("1 < 2", ("1 < 2",)),
        ("<<<<", ("<<<<",)),
    ],
)
def test_html(text: str, seen: tuple[str, ...]) -> None:
    assert views(text, TextFormat.HTML) == seen


@pytest.mark.parametrize(
    ("text", "escape", "seen"),
    [
        ("plain", "", ("plain",)),
        ("l**e**a@example.org", "", ("lea@example.org", "l**e**a@example.org")),
        ("||spoiler|| `code`", "", ("spoiler code", "||spoiler|| `code`")),
        ("first_name", "", ("first_name",)),
        (
            r"lea\.perso@example\.org",
            TELEGRAM,
            ("lea.perso@example.org", r"lea\.perso@example\.org"),
        ),
        (r"\*kept\*", "", ("*kept*", r"\*kept\*")),
    ],
)
def test_markdown(text: str, escape: str, seen: tuple[str, ...]) -> None:
    assert views(text, TextFormat.MARKDOWN, escape) == seen


def test_words_that_stay_keep_their_markup() -> None:
    judged = views("a <b>b</b>", TextFormat.HTML)
    assert restored("a <b>b</b>", TextFormat.HTML, judged, judged) == ("a <b>b</b>", True)


def test_words_that_change_are_plain() -> None:
    judged = ("a b",)
    assert restored("<b>a</b> b", TextFormat.HTML, judged, ["a\n<x>"]) == ("a<br>&lt;x&gt;", False)
    assert restored("<b>a</b> b", TextFormat.HTML_LINES, judged, ["a\n<x>"]) == (
        "a\n&lt;x&gt;",
        False,
    )
    assert plain("[x] a.b", TextFormat.MARKDOWN, TELEGRAM) == r"\[x\] a\.b"
    assert plain("[x] a.b", TextFormat.MARKDOWN) == "[x] a.b"


@given(st.text(), st.sampled_from(list(TextFormat)))
def test_every_letter_is_judged(text: str, form: TextFormat) -> None:
    """Whatever the markup, no letter is left out of all views."""
    letters = sorted(one for one in text if one.isalpha())
    seen = "".join(views(text, form))
    if "&" not in text and "<" not in text:
        assert all(one in seen for one in letters)


def test_hostile_markup_is_linear() -> None:
    for hostile in ("<" * 200_000, "<a" * 100_000, "*" * 200_000, "\\" * 200_000, "<!--" * 50_000):
        for form in TextFormat:
            assert views(hostile, form, TELEGRAM)
