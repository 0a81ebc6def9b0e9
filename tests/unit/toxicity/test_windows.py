from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.toxicity.windows import windows

TEXTS = st.text(alphabet="ab 文\n", max_size=600)


def test_a_text_that_fits_is_one_window() -> None:
    assert windows("abc", size=3) == ["abc"]
    assert windows("", size=3) == [""]


def test_windows_begin_and_end_between_words() -> None:
    text = " ".join(["word"] * 100)
    for window in windows(text, size=60):
        assert window.strip().split() == ["word"] * len(window.split())


@given(TEXTS, st.integers(16, 80))
def test_every_stretch_of_a_quarter_is_whole_in_some_window(text: str, size: int) -> None:
    found = windows(text, size=size)
    assert all(len(window) <= size for window in found)
    stretch = size // 4
    for start in range(max(1, len(text) - stretch + 1)):
        assert any(text[start : start + stretch] in window for window in found)


def test_the_number_of_windows_is_bounded_by_the_length() -> None:
    for text in (" " * 10_000, "a" * 10_000, "a " * 5_000, "a" * 399 + " " * 10_000):
        assert len(windows(text, size=400)) <= len(text) // 120
