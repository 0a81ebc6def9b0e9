"""The parts of pages as values, which the shared templates lay out."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.pages.plot import Plot


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A table. Rows are as wide as `head`; their first cell is a heading. `texts` are the numbers
    of the columns that hold text, from 0: the others hold numbers and are aligned right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: frozenset[int] = frozenset({0})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """A heading and a sentence; a plot with the legend of its series, as (class, label); a table
    with the same numbers."""

    title: str
    about: str
    table: PageTable
    plot: Plot | None = None
    legend: tuple[tuple[str, str], ...] = ()
