"""Plots as SVG: bars, with a title and a description for those who do not see them. Colours are
classes that the page sets; the numbers stand in a table beside each plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH = 720
_LABEL = 190
_NUMBER = 90
_ROW = 26
_BAR = 16
_TEXT = 9.0  # width of a character of labels, at most

Rows = Sequence[tuple[str, Mapping[str, int]]]


def bars(name: str, *, title: str, about: str, rows: Rows, series: Sequence[str]) -> str:
    """One bar for each row, made of its series. `name` makes the ids unique on the page."""
    most = max((sum(counts.values()) for _, counts in rows), default=0) or 1
    room = _WIDTH - _LABEL - _NUMBER
    parts = []
    for number, (label, counts) in enumerate(rows):
        top = number * _ROW
        x = float(_LABEL)
        parts.append(_words(_LABEL - 8, top + 17, _fit(label), "end"))
        for one in series:
            width = counts.get(one, 0) / most * room
            if width > 0:
                parts.append(
                    f'<rect class="{escape(one)}" x="{x:.1f}" y="{top + 5}" '
                    f'width="{max(width, 0.5):.1f}" height="{_BAR}"/>'
                )
            x += width
        parts.append(_words(x + 6, top + 17, f"{sum(counts.values()):,}", "start"))
    return _svg(name, title, about, max(len(rows), 1) * _ROW + 4, parts)


def columns(name: str, *, title: str, about: str, rows: Rows, series: Sequence[str]) -> str:
    """One column for each row, from left to right; the first and last are labelled."""
    height, base, left = 200, 164, 70
    most = max((sum(counts.values()) for _, counts in rows), default=0) or 1
    step = (_WIDTH - left - 10) / max(len(rows), 1)
    width = min(step * 0.82, 60)
    parts = [
        f'<line class="axis" x1="{left}" y1="{base}" x2="{_WIDTH - 10}" y2="{base}"/>',
        f'<line class="grid" x1="{left}" y1="20" x2="{_WIDTH - 10}" y2="20"/>',
        _words(left - 8, 24, f"{most:,}", "end"),
        _words(left - 8, base + 4, "0", "end"),
    ]
    for number, (_, counts) in enumerate(rows):
        y = float(base)
        x = left + number * step + (step - width) / 2
        for one in series:
            tall = counts.get(one, 0) / most * (base - 20)
            y -= tall
            if tall > 0:
                parts.append(
                    f'<rect class="{escape(one)}" x="{x:.1f}" y="{y:.1f}" '
                    f'width="{width:.1f}" height="{max(tall, 0.5):.1f}"/>'
                )
    if rows:
        first = left + step / 2 if len(rows) == 1 else float(left)
        parts.append(_words(first, base + 20, rows[0][0], "middle" if len(rows) == 1 else "start"))
    if len(rows) > 1:
        parts.append(_words(_WIDTH - 10, base + 20, rows[-1][0], "end"))
    return _svg(name, title, about, height, parts)


def _svg(name: str, title: str, about: str, height: int, parts: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(about)}</desc>' + "".join(parts) + "</svg>"
    )


def _words(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _fit(label: str) -> str:
    most = int((_LABEL - 12) / _TEXT * 1.25)
    return label if len(label) <= most else label[: most - 1] + "…"
