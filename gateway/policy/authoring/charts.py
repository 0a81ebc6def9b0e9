"""What a backtest found, drawn: an SVG picture, and a page around it. Ids and counts, no texts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from gateway.policy.authoring.backtest import BacktestReport

_BAR, _GAP, _LABEL, _WIDTH = 18, 6, 240, 480
_NEW, _GONE = "#b45309", "#1d4ed8"  # told apart by people who do not see red and green

Row = tuple[str, int, int]
"""name, fired anew (or changed), gone (or 0)"""


def svg(report: BacktestReport) -> str:
    """Bars: decisions changed by rule, channel and creator."""
    groups: list[tuple[str, list[Row]]] = [
        ("by rule: fired anew (orange), gone (blue)", rule_rows(report)),
        ("by channel", [(name, counts[0], 0) for name, counts in top(report.channels)]),
        ("by creator", [(name, counts[0], 0) for name, counts in top(report.creators)]),
    ]
    most = max((new + gone for _, rows in groups for _, new, gone in rows), default=1) or 1
    parts: list[str] = []
    y = 24
    title = f"{report.changed} of {report.decisions} decisions would have changed"
    parts.append(_text(8, y, title, bold=True))
    for name, rows in groups:
        y += 34
        parts.append(_text(8, y, name, bold=True))
        for label, new, gone in rows:
            y += _BAR + _GAP
            parts.append(_text(8, y + 13, label))
            parts.extend(_bars(y, new, gone, most))
    height = y + 2 * (_BAR + _GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _WIDTH + 80}" '
        f'height="{height}" font-family="sans-serif" font-size="13" role="img" '
        f'aria-label="{escape(title)}">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def page(report: BacktestReport) -> str:
    """The picture with the numbers below it, as HTML."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{new}</td><td>{gone}</td><td>"
        + ", ".join(escape(one.decision_id) for one in report.examples.get(name, ()))
        + "</td></tr>\n"
        for name, new, gone in rule_rows(report)
    )
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Backtest</title>\n'
        f"<h1>Backtest of {escape(report.digest[:12])}</h1>\n{svg(report)}"
        "<table border><tr><th>rule<th>fired anew<th>gone<th>examples</tr>\n"
        f"{rows}</table>\n</html>\n"
    )


def rule_rows(report: BacktestReport) -> list[Row]:
    """Rules that changed, the most frequent first."""
    rows = [(rule, report.fired[rule], report.gone[rule]) for rule in {*report.fired, *report.gone}]
    return sorted(rows, key=lambda row: (-row[1] - row[2], row[0]))


def top(groups: dict[str, list[int]], most: int = 15) -> Sequence[tuple[str, list[int]]]:
    """The groups with the most changes."""
    return sorted(groups.items(), key=lambda item: (-item[1][0], item[0]))[:most]


def _bars(y: int, new: int, gone: int, most: int) -> list[str]:
    wide, more = (_WIDTH * value / most for value in (new, gone))
    count = str(new) if not gone else f"{new} / {gone}"
    return [
        f'<rect x="{_LABEL}" y="{y}" width="{wide:.1f}" height="{_BAR}" fill="{_NEW}"/>',
        f'<rect x="{_LABEL + wide:.1f}" y="{y}" width="{more:.1f}" height="{_BAR}" '
        f'fill="{_GONE}"/>',
        _text(_LABEL + wide + more + 6, y + 13, count),
    ]


def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y}"{weight}>{escape(text[:60])}</text>'
