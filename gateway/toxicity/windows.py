"""Cuts long texts into overlapping windows, for models that see a limited length."""

from __future__ import annotations


def windows(text: str, *, size: int) -> list[str]:
    """The windows of `text`, each of at most `size` code points: `text` itself if it fits.

    Neighbours overlap by at least a quarter of `size`, so that every stretch of `size // 4` code
    points is whole in some window. Windows begin and end between words where a space is near.
    """
    if len(text) <= size:
        return [text]
    step = size - size // 4
    parts: list[str] = []
    start = 0
    while True:
        end = start + size
        if end >= len(text):
            parts.append(text[start:])
            return parts
        parts.append(text[start : _word_end(text, start + step, end)])
        start = _word_start(text, start, start + step - size // 4)


def _word_end(text: str, low: int, high: int) -> int:
    """The last space in `low`..`high`; `high` when there is none."""
    space = text.rfind(" ", low, high + 1)
    return high if space < 0 else space


def _word_start(text: str, before: int, high: int) -> int:
    """The place after the last space that is at most 32 code points before `high` and behind
    `before`; `high` when there is none."""
    space = text.rfind(" ", max(before + 1, high - 32), high + 1)
    return high if space < 0 else space + 1
