"""Plots as values, and as SVG with a title and a description for screen readers.

The stylesheet sets the colours of bars, by their class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.pages.render import render


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotBar:
    """A rectangle of one series. Lengths are pixels of the plot; `x`, `y` are its top left."""

    series: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotLabel:
    """A line of text; `y` is its baseline, `anchor` says which end of it is at `x`."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotLine:
    """A horizontal line of a plot's frame."""

    kind: Literal["axis", "grid"]
    start: float
    stop: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot. `name` makes its ids unique on the page. `fills` are colours by series, for an SVG
    file of its own, which has no stylesheet."""

    name: str
    title: str
    about: str
    width: int
    height: int
    bars: tuple[PlotBar, ...]
    labels: tuple[PlotLabel, ...]
    lines: tuple[PlotLine, ...] = ()
    fills: Mapping[str, str] = field(default_factory=dict)


def svg(plot: Plot, *, alone: bool = False) -> str:
    """The plot as an SVG element, or with `alone` as an SVG file of its own."""
    return render("plot.svg", package="gateway.pages", plot=plot, alone=alone)


def shortened(label: str, most: int) -> str:
    """`label`, cut to `most` characters where it is longer."""
    return label if len(label) <= most else label[: most - 1] + "…"
