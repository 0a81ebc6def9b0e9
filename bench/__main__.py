"""`make bench`: measures, prints a table, writes build/bench.json and the table of the docs."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import evasion
from bench.figure import DataMissing, Figure

ROOMS = (
    "text",
    "pii",
    "ner",
    "toxicity",
    "detoxify",
    "identity",
    "policy",
    "signals",
    "evasion",
    "disclosure",
    "trail",
    "audit",
    "replicas",
    "questions",
    "erasure",
    "pipeline",
    "stages",
    "stream",
    "http",
    "proxy",
    "start",
)
REPORT = Path("build/bench.json")
DOCS = {Path("docs/benchmarks.md"): "", Path("docs/reliability.md"): "audit."}
"""Pages with a table of figures, and the prefix of the keys that the table has."""
_HEAD = (
    "| figure | value | bar | aim | | n | spread | against | measured |",
    "|---|---|---|---|---|---|---|---|---|",
)
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure, on this machine, now.")
    parser.add_argument("--only", default=",".join(ROOMS), help="rooms, with commas between")
    parser.add_argument("--write-docs", action="store_true", help="put the table into the docs")
    given = parser.parse_args()
    console = Console()
    wanted = [room for room in ROOMS if room in given.only.split(",")]
    figures, left_out = _measure(wanted, console)
    console.print(_table(figures))
    for line in left_out:
        console.print(f"left out: {line}", style="yellow", markup=False)
    report = _merge(figures, f"make bench ONLY={','.join(wanted)}")
    console.print(f"{len(figures)} figures written to {REPORT}")
    if given.write_docs:
        _write_docs(report)


def _measure(adapters: list[str], console: Console) -> tuple[list[Figure], list[str]]:
    figures: list[Figure] = []
    left_out: list[str] = []
    for room in adapters:
        with console.status(f"measuring {room}"):
            try:
                for figure in _figures(room):
                    figures.append(figure)
                    console.print(f"{figure.key} = {_short(figure.value)} {figure.unit}")
            except DataMissing as missing:
                left_out.append(f"{room}: {missing}")
    return figures, left_out


def _figures(room: str) -> Iterator[Figure]:
    yield from importlib.import_module(f"bench.{room}").measure()


def _table(figures: list[Figure]) -> Table:
    table = Table("figure", "value", "unit", "bar", "aim", "n", "spread", "against")
    for figure in figures:
        colour = "green" if figure.reaches_aim else "yellow" if figure.holds else "red"
        spread = "" if figure.spread is None else " – ".join(_short(edge) for edge in figure.spread)
        table.add_row(
            figure.key,
            f"[{colour}]{_short(figure.value)}[/]",
            figure.unit,
            _short(figure.bar),
            _short(figure.aim),
            str(figure.n),
            spread,
            figure.baseline,
        )
    return table


def _merge(figures: list[Figure], command: str) -> dict[str, dict[str, Any]]:
    """Merge the figures into the file that earlier runs of other parts wrote."""
    REPORT.parent.mkdir(exist_ok=True)
    report = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    for figure in figures:
        report[figure.key] = {
            "value": round(figure.value, 6),
            "unit": figure.unit,
            "bar": figure.bar,
            "aim": figure.aim,
            "holds": figure.holds,
            "reaches_aim": figure.reaches_aim,
            "baseline": figure.baseline,
            "n": figure.n,
            "spread": figure.spread,
            "note": figure.note,
            "command": command,
            "measured": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
        }
    REPORT.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return report


def _write_docs(report: dict[str, dict[str, Any]]) -> None:
    for path, prefix in DOCS.items():
        text = path.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        old, after = rest.split(END)
        rows = _rows_in(old) | {
            key: _row(key, row) for key, row in report.items() if key.startswith(prefix)
        }
        lines = [*_HEAD, *(rows[key] for key in sorted(rows))]
        path.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", "utf-8")
    if "evasion.kept" in report:
        _write_evasion(report, Path("docs/benchmarks.md"))


def _write_evasion(report: dict[str, dict[str, Any]], page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(evasion.BEGIN)
    after = rest.split(evasion.END)[1]
    table = f"{evasion.BEGIN}\n{evasion.table(report)}\n{evasion.END}"
    page.write_text(before + table + after, encoding="utf-8")


def _rows_in(table: str) -> dict[str, str]:
    """The present rows by their figure's key. A row that was not measured again stays, with its
    date."""
    rows = (line for line in table.splitlines() if line.startswith("| `"))
    return {row.split("`")[1]: row for row in rows}


def _row(key: str, row: dict[str, Any]) -> str:
    state = "aim" if row["reaches_aim"] else "bar" if row["holds"] else "**falls short**"
    spread = " – ".join(_short(edge) for edge in row["spread"] or ())
    return (
        f"| `{key}` | {_short(row['value'])} {row['unit']} | {_short(row['bar'])} "
        f"| {_short(row['aim'])} | {state} | {row['n']} | {spread} | {row['baseline']} "
        f"| {row['measured']} |"
    )


def _short(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value}"


if __name__ == "__main__":
    main()
