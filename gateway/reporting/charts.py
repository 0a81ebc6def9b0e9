"""Bar and column plots of counts. The page shows the same numbers in a table beside each plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.pages.plot import Plot, PlotBar, PlotLabel, PlotLine, shortened

# Lengths in pixels of the plot, which the page scales to its column.
_WIDTH = 720
_LABEL_ROOM = 190
_NUMBER_ROOM = 90
_ROW_HEIGHT = 26
_BAR_HEIGHT = 16
_COLUMNS_HEIGHT = 200
_TOP, _BASE = 20, 164  # the tallest column's top, and the axis that columns stand on
_AXIS_ROOM = 70  # left of the columns, for the numbers of the axis
_MARGIN = 10  # right of the columns
_GAP = 8  # between a label and what it names
_MAX_COLUMN_WIDTH = 60

_MAX_LABEL_CHARACTERS = 24
"""Characters of a label that fit `_LABEL_ROOM` at 14 pixels, in a wide font."""

_SHORTEST_BAR = 0.5
"""Shortest bar, in pixels, so that every count above zero is visible."""

Rows = Sequence[tuple[str, Mapping[str, int]]]
"""Label and counts by series, for each row."""


def bars(name: str, *, title: str, about: str, rows: Rows, series: Sequence[str]) -> Plot:
    """Draw one horizontal bar for each row: a part for each series, and the sum at its end. `name`
    makes the plot's ids unique on the page."""
    scale = (_WIDTH - _LABEL_ROOM - _NUMBER_ROOM) / _largest_sum(rows)
    drawn: list[PlotBar] = []
    labels: list[PlotLabel] = []
    for number, (label, counts) in enumerate(rows):
        top = number * _ROW_HEIGHT
        x = float(_LABEL_ROOM)
        labels.append(
            PlotLabel(
                x=x - _GAP, y=top + 17, text=shortened(label, _MAX_LABEL_CHARACTERS), anchor="end"
            )
        )
        for part in series:
            width = counts.get(part, 0) * scale
            if width > 0:
                drawn.append(
                    PlotBar(
                        series=part,
                        x=x,
                        y=top + 5,
                        width=max(width, _SHORTEST_BAR),
                        height=_BAR_HEIGHT,
                    )
                )
            x += width
        labels.append(PlotLabel(x=x + 6, y=top + 17, text=f"{sum(counts.values()):,}"))
    return Plot(
        name=name,
        title=title,
        about=about,
        width=_WIDTH,
        height=max(len(rows), 1) * _ROW_HEIGHT + 4,
        bars=tuple(drawn),
        labels=tuple(labels),
    )


def columns(name: str, *, title: str, about: str, rows: Rows, series: Sequence[str]) -> Plot:
    """Draw one column for each row, from left to right; only the first and last have a label."""
    right = _WIDTH - _MARGIN
    largest = _largest_sum(rows)
    step = (right - _AXIS_ROOM) / max(len(rows), 1)
    width = min(step * 0.82, _MAX_COLUMN_WIDTH)
    drawn: list[PlotBar] = []
    for number, (_, counts) in enumerate(rows):
        y = float(_BASE)
        x = _AXIS_ROOM + number * step + (step - width) / 2
        for part in series:
            height = counts.get(part, 0) / largest * (_BASE - _TOP)
            y -= height
            if height > 0:
                drawn.append(
                    PlotBar(series=part, x=x, y=y, width=width, height=max(height, _SHORTEST_BAR))
                )
    labels = [
        PlotLabel(x=_AXIS_ROOM - _GAP, y=_TOP + 4, text=f"{largest:,}", anchor="end"),
        PlotLabel(x=_AXIS_ROOM - _GAP, y=_BASE + 4, text="0", anchor="end"),
    ]
    if len(rows) == 1:
        middle = _AXIS_ROOM + step / 2
        labels.append(PlotLabel(x=middle, y=_BASE + 20, text=rows[0][0], anchor="middle"))
    elif rows:
        labels.append(PlotLabel(x=_AXIS_ROOM, y=_BASE + 20, text=rows[0][0]))
        labels.append(PlotLabel(x=right, y=_BASE + 20, text=rows[-1][0], anchor="end"))
    return Plot(
        name=name,
        title=title,
        about=about,
        width=_WIDTH,
        height=_COLUMNS_HEIGHT,
        bars=tuple(drawn),
        labels=tuple(labels),
        lines=(
            PlotLine(kind="axis", start=_AXIS_ROOM, stop=right, y=_BASE),
            PlotLine(kind="grid", start=_AXIS_ROOM, stop=right, y=_TOP),
        ),
    )


def _largest_sum(rows: Rows) -> int:
    """The largest sum of a row; at least 1, since lengths are divided by it."""
    return max((sum(counts.values()) for _, counts in rows), default=0) or 1
