"""Draws a backtest as an SVG picture and as a page around it, with ids and counts but no texts."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.pages import plot as pages
from gateway.pages.parts import PageTable
from gateway.pages.plot import Plot, PlotBar, PlotLabel, shortened
from gateway.pages.render import render
from gateway.policy.authoring.backtest import BacktestReport

# Pixels of the picture.
_LABEL_ROOM, _BAR_ROOM, _NUMBER_ROOM = 300, 480, 80
_BAR_HEIGHT, _ROW_HEIGHT = 18, 24
_HEADING_HEIGHT = 40
_LONGEST_LABEL = 34  # characters that fit the room in a wide font

_FILLS = {"anew": "#b45309", "gone": "#1d4ed8"}
"""Orange and blue: told apart by people who do not see red and green."""

_DIGEST_SHOWN = 12
"""Characters of the policies' digest, as `policy backtest` names them."""

Row = tuple[str, int, int]
"""Name; number fired anew (of rules) or changed (of groups); number gone, 0 for groups."""


def svg(report: BacktestReport) -> str:
    """Draw the decisions that changed by rule, channel and creator: an SVG file of its own."""
    return pages.svg(_make_plot(report, titled=True), alone=True)


def page(report: BacktestReport) -> str:
    """Lay out the picture with the numbers below it, as HTML."""
    rules = PageTable(
        head=("rule", "fired anew", "gone", "examples"),
        rows=tuple(
            (
                name,
                str(new),
                str(gone),
                ", ".join(example.decision_id for example in report.examples.get(name, ())),
            )
            for name, new, gone in rule_rows(report)
        ),
        texts=frozenset({0, 3}),
    )
    return render(
        "backtest.html",
        package="gateway.policy.authoring",
        digest=report.digest[:_DIGEST_SHOWN],
        plot=_make_plot(report, titled=False),
        rules=rules,
    )


def rule_rows(report: BacktestReport) -> list[Row]:
    """Rules that changed, the most frequent first."""
    rows = [(rule, report.fired[rule], report.gone[rule]) for rule in {*report.fired, *report.gone}]
    return sorted(rows, key=lambda row: (-row[1] - row[2], row[0]))


def top(groups: dict[str, list[int]], most: int = 15) -> Sequence[tuple[str, list[int]]]:
    """The groups with the most changes."""
    return sorted(groups.items(), key=lambda item: (-item[1][0], item[0]))[:most]


def _make_plot(report: BacktestReport, *, titled: bool) -> Plot:
    """Lay out the picture. `titled`: with its title, which the page has above it."""
    groups: list[tuple[str, list[Row]]] = [
        ("by rule: fired anew (orange), gone (blue)", rule_rows(report)),
        ("by channel", [(name, counts[0], 0) for name, counts in top(report.channels)]),
        ("by creator", [(name, counts[0], 0) for name, counts in top(report.creators)]),
    ]
    largest = max((new + gone for _, rows in groups for _, new, gone in rows), default=1) or 1
    title = f"{report.changed} of {report.decisions} decisions would have changed"
    bars: list[PlotBar] = []
    labels = [PlotLabel(x=8, y=24, text=title, bold=True)] if titled else []
    y = 24 if titled else 24 - _HEADING_HEIGHT
    for heading, rows in groups:
        y += _HEADING_HEIGHT
        labels.append(PlotLabel(x=8, y=y, text=heading, bold=True))
        y += 10 - _ROW_HEIGHT
        for label, new, gone in rows:
            y += _ROW_HEIGHT
            drawn = _row_bars(y, new, gone, _BAR_ROOM / largest)
            count = str(new) if not gone else f"{new} / {gone}"
            end = drawn[-1].x + drawn[-1].width
            bars.extend(drawn)
            labels.append(PlotLabel(x=8, y=y + 13, text=shortened(label, _LONGEST_LABEL)))
            labels.append(PlotLabel(x=end + 6, y=y + 13, text=count))
        y += _ROW_HEIGHT
    return Plot(
        name="backtest",
        title=title,
        about="Changed decisions by rule (fired anew, gone), by channel and by creator.",
        width=_LABEL_ROOM + _BAR_ROOM + _NUMBER_ROOM,
        height=y + 8,
        bars=tuple(bars),
        labels=tuple(labels),
        fills=_FILLS,
    )


def _row_bars(y: int, new: int, gone: int, scale: float) -> tuple[PlotBar, PlotBar]:
    """Both bars of a row, one after the other; one of them may have no length."""
    first = PlotBar(series="anew", x=_LABEL_ROOM, y=y, width=new * scale, height=_BAR_HEIGHT)
    x = _LABEL_ROOM + first.width
    return first, PlotBar(series="gone", x=x, y=y, width=gone * scale, height=_BAR_HEIGHT)
