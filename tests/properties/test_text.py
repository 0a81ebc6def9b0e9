"""Reading holds for any text at all."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.text import Mapped, ReadText
from gateway.text.fold import Fold
from gateway.text.lexicon import load
from gateway.text.reader import TextReader
from gateway.text.tables import build
from gateway.text.tracked import Tracked

TABLES = build()
READER = TextReader()
FOLD = Fold(TABLES, load())

# What the rules look at, so that hypothesis meets them together.
_NASTY = (
    "aeiosklmtz AEK1345079@$!|€*.-_~' \u3000\u200d\u200c\u200b\u00ad\u2060\ufeff\u202e"
    "\u2066\u200f\ufe0f\ufe0e\U000e0067\U000e0062\U000e007f\U000e0100\u0301\u0336\u0308"
    "\u030d\u033d\u0346\u0345क\u094dषمیخаеосхукмтпривё傻逼哈ｋｉ１＠𝓴Ⓚᴋﬁßœ🅺🇰🇮🇫🇷👩👦🏽🏴❤\u20e3#ᄀᄀ각ᅠᅟ"
    "ᅡᆨ가ㅤ각ﾞｶ한ﷺŉǆİıΣςαμΩ½…’“–٣०។កខᠠ\u180b\u180e𝟘\x00\x1b\n\t"
)
_PIECES = (
    *(
        "kill",
        "k i l l",
        "f-u-c-k",
        "k1ll",
        "sh!t",
        "@ss",
        "heeellooo",
        "www",
        "xxx",
        "john@gmail.com",
    ),
    *("&#105;", "&#8203;", "&amp;#x69;", "%69", "%C3%A9", "\\u0069", "\\@", "&commat;"),
    *("<b>", "</b>", '<i class="x">', "<!-- -->", "**", "~~", "ʇoqoɹ ", "ɐ ʇou", "kiII"),
    *("👨‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "0️⃣", "❤️", "می‌خواهم", "क्‍ष", "e\u0301", "\ud800", "\udfff", "\u0344" * 5),
)
hostile = st.lists(
    st.one_of(
        st.text(st.sampled_from(_NASTY), max_size=8),
        st.sampled_from(_PIECES),
        st.text(st.characters(), max_size=6),
    ),
    max_size=12,
).map("".join)


def _forms(read: ReadText) -> tuple[Mapped, Mapped, Mapped]:
    return read.clean, read.normalised, read.folded


@settings(max_examples=600, deadline=None)
@given(hostile)
def test_offsets_are_sound(text: str) -> None:
    read = READER(text, None)
    assert read.original == text
    for form in _forms(read):
        assert len(form.origins) == len(form.text) + 1
        assert list(form.origins) == sorted(form.origins)
        assert form.origins[-1] == len(text)
        assert form.origins[0] >= 0
        if form.ends is not None:
            assert len(form.ends) == len(form.text)
            assert list(form.ends) == sorted(form.ends)
        for at in range(len(form.text)):
            start, end = form.to_original(at, at + 1)
            assert 0 <= start < end <= len(text)
            first, last = form.from_original(start, end)
            assert first <= at < last, "the way back covers where one came from"
    read.clean.text.encode("utf-8")


@settings(max_examples=600, deadline=None)
@given(hostile)
def test_clean_is_stable_and_folding_folded_changes_nothing(text: str) -> None:
    read = READER(text, None)
    again = READER(read.clean.text, None)
    assert again.clean.text == read.clean.text
    assert unicodedata.is_normalized("NFC", read.clean.text)
    assert FOLD(Tracked.of(read.folded.text), Counter()).text == read.folded.text


@settings(max_examples=300, deadline=None)
@given(hostile)
def test_every_kept_character_is_the_one_that_was_written(text: str) -> None:
    clean = READER(text, None).clean
    for at, char in enumerate(clean.text):
        start, end = clean.to_original(at, at + 1)
        written = set(unicodedata.normalize("NFD", text[start:end]))
        assert char in {"\ufffd", " "} or written.issuperset(unicodedata.normalize("NFD", char))


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.characters(codec="ascii", categories=["L", "N", "P", "Zs"], exclude_characters="&%\\*_I")
    )
)
def test_ascii_without_codes_and_marks_stays_as_it_was_written(text: str) -> None:
    read = READER(text, None)
    assert read.clean.text == read.normalised.text == text
    assert read.clean.origins == tuple(range(len(text) + 1))


@settings(max_examples=200, deadline=None)
@given(hostile, st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["fr-CA", "zh-Hans"])))
def test_any_declared_language_is_taken_or_passed_over(text: str, declared: str | None) -> None:
    read = READER(text, declared)
    assert read.language
    assert 0.0 <= read.language_score <= 1.0


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "\u0301\u0327",
        "a\u200b",
        "k i l l ",
        "1",
        "a1",
        "@a",
        "傻*",
        "кi",
        "🇰",
        "\U000e0067",
        "aaa!",
        "&amp;",
        "://%41",
        "\\u0041",
        "<b ",
        "a**",
        "ʇa ",
        "aI",
    ],
)
def test_length_is_bounded(piece: str) -> None:
    text = piece * 3_000
    read = READER(text, None)
    for form in _forms(read):
        assert len(form.text) <= 18 * len(text)
