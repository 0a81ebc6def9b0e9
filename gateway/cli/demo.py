"""`demo`: run the gateway on the sample conversations, and check what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.context import CommandServices
from gateway.demo.runner import run_demo

_FILE_COLUMNS = 160  # of the table in a file or a pipe: rows stay on one line


def add(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def demo(
        into: Annotated[
            Path, typer.Option(help="Folder for the demo's data; emptied first.")
        ] = Path("build/demo"),
        report: Annotated[
            Path | None, typer.Option("--json", help="Write all results there as JSON.")
        ] = None,
        width: Annotated[int | None, typer.Option(help="Columns of the table.", min=80)] = None,
    ) -> None:
        """Start a gateway and a sandbox platform, post the sample conversations, verify the log
        and a receipt. Exit code 0 only when every line came out as expected."""
        console = Console(width=width)
        if width is None and not console.is_terminal:
            console.width = _FILE_COLUMNS
        if not run_demo(into.absolute(), console, report=report):
            raise typer.Exit(1)
