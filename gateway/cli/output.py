"""What commands print: the colour of each verdict, text of others made safe for a terminal, and
listings in which ids and keys stay whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.model.verdict import Verdict

COLOURS = {Verdict.PUBLISH: "green", Verdict.HOLD: "yellow", Verdict.BLOCK: "red"}

_NARROWEST = 8
"""Characters that a column which may be folded needs to be readable."""
_BORDER = 3
"""Characters between two columns of a table, borders and spaces."""


def printable(text: str) -> str:
    """Replace control characters: ids and claims come from callers, and none of them may steer
    the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def print_listing(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: Collection[str]
) -> None:
    """Print `rows` as a table. What stands in the columns `whole` is never cut or folded, so that
    it can be copied; where the terminal is too narrow for that, each cell has a line of its own."""
    console = Console()
    cells = [[_safe_lines(cell) for cell in row] for row in rows]
    if _narrowest_width(columns, cells, whole) <= console.width:
        table = Table()
        for name in columns:
            table.add_column(name, no_wrap=name in whole, overflow="fold")
        for row in cells:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    for row in cells:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                console.print(Text.assemble((f"{name}: ", "bold"), cell), soft_wrap=True)
        console.print()


def _safe_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _narrowest_width(
    columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Collection[str]
) -> int:
    """The width of the narrowest table that can be read."""
    width = 1
    for number, name in enumerate(columns):
        longest = max([len(name), *(len(row[number]) for row in rows)])
        width += _BORDER + (longest if name in whole else min(longest, _NARROWEST))
    return width
