"""`policy`: commands of policy authors."""

from __future__ import annotations

from pathlib import Path

import typer

from gateway.cli.context import CommandServices, settings_of
from gateway.cli.policy import backtest, bundle, check, explain, show, write


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    def folder(context: typer.Context, policies: Path | None) -> Path:
        return policies or commands.policies_dir(settings_of(context))

    write.add(app, folder)
    check.add(app, folder)
    show.add_show(app, folder)
    show.add_eval(app, folder)
    explain.add(app, folder, commands)
    backtest.add(app, folder, commands)
    bundle.add(app, folder)
    return app
