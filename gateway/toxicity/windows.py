"""Long texts in overlapping windows: nothing is ever left unread."""

from __future__ import annotations


def windows(text: str, *, size: int) -> list[str]:
    """`text` itself when it fits in `size` code points; else windows of at most `size` that
    overlap by at least a quarter of it, each beginning and ending between words where there is
    a space to do so. Every stretch of `size // 4` code points is whole in some window."""
    if len(text) <= size:
        return [text]
    step = size - size // 4
    found: list[str] = []
    start = 0
    while True:
        end = start + size
        if end >= len(text):
            found.append(text[start:])
            return found
        found.append(text[start : _word_end(text, start + step, end)])
        start = _word_start(text, start, start + step - size // 4)


def _word_end(text: str, low: int, high: int) -> int:
    """The last space in low..high, or high."""
    space = text.rfind(" ", low, high + 1)
    return high if space < 0 else space


def _word_start(text: str, before: int, high: int) -> int:
    """Just after the last space up to `high` that still moves on from `before`."""
    space = text.rfind(" ", max(before + 1, high - 32), high + 1)
    return high if space < 0 else space + 1
