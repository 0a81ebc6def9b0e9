"""`serve`: the gateway over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.context import CommandServices, settings_of


def add(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def serve(
        context: typer.Context,
        host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
        port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
        log_level: Annotated[
            str | None, typer.Option(help="debug, info, warning or error.")
        ] = None,
    ) -> None:
        """Serve until stopped. Starts without any configuration: keys and database are made in
        data_dir, and the first API key (admin) is printed once."""
        options = {"host": host, "port": port, "log_level": log_level}
        flags = {name: value for name, value in options.items() if value is not None}
        settings = settings_of(context)
        if flags:
            already_set = settings.model_dump(exclude_unset=True)
            settings = commands.settings(None, {**already_set, **flags})
        commands.serve(settings)
