"""`avatar-gateway routes`: the routes, and the platforms that the proxy knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.context import settings_of
from gateway.cli.options import AsJson
from gateway.platforms.loading import load_declarations, parse_declaration
from gateway.platforms.located import read_file
from gateway.platforms.reference import table_row
from gateway.platforms.routes import PLATFORMS, load_routes


def build() -> typer.Typer:
    """Build the group of commands. It opens nothing but the files that the settings name."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

    @app.command("list")
    def list_(context: typer.Context, as_json: AsJson = False) -> None:
        """List the routes in use, and the platforms that a route of the kind proxy can open."""
        settings = settings_of(context)
        directory = settings.routes_dir
        loaded = load_routes(sandbox_url=settings.sandbox_url, directory=directory)
        declarations = load_declarations(None if directory is None else directory / PLATFORMS)
        routes = [
            {
                "route": route.name,
                "kind": route.kind,
                "url": route.url,
                "platform": loaded.proxies[route.name].declaration.name
                if route.name in loaded.proxies
                else None,
            }
            for route in loaded.routes.values()
        ]
        names = ("platform", "title", "verified", "limit", "label")
        platforms = [
            dict(zip(names, table_row(declaration), strict=True))
            for declaration in declarations.values()
        ]
        if as_json:
            typer.echo(json.dumps({"routes": routes, "platforms": platforms}, indent=2))
            return
        console = Console()
        for title, rows in (("Routes", routes), ("Platforms", platforms)):
            table = Table(*rows[0], title=title)
            for row in rows:
                table.add_row(*(str(value or "") for value in row.values()))
            console.print(table)

    @app.command()
    def check(
        context: typer.Context,
        files: Annotated[
            list[Path] | None,
            typer.Argument(help="Platform files. Default: all routes and platforms in use."),
        ] = None,
    ) -> None:
        """Check route files and platform files; the first error ends it, with file and line."""
        settings = settings_of(context)
        if files:
            for path in files:
                declaration = parse_declaration(read_file(path), str(path))
                typer.echo(
                    f"{path}: {declaration.name}, {len(declaration.operations)} operations: ok"
                )
            return
        directory = settings.routes_dir
        loaded = load_routes(sandbox_url=settings.sandbox_url, directory=directory)
        declarations = load_declarations(None if directory is None else directory / PLATFORMS)
        typer.echo(f"{len(loaded.routes)} routes, {len(declarations)} platforms: ok")

    return app
