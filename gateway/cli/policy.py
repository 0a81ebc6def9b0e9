"""`policy`: the bench of those who write policies."""

from __future__ import annotations

from pathlib import Path

import typer

from gateway.cli import (
    policy_backtest,
    policy_bundle,
    policy_check,
    policy_explain,
    policy_show,
    policy_write,
)
from gateway.cli.context import CommandServices, settings_of


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    def folder(context: typer.Context, given: Path | None) -> Path:
        return given or commands.policies_dir(settings_of(context))

    policy_write.add(app, folder)
    policy_check.add(app, folder)
    policy_show.add_show(app, folder)
    policy_show.add_eval(app, folder)
    policy_explain.add(app, folder, commands)
    policy_backtest.add(app, folder, commands)
    policy_bundle.add(app, folder)
    return app
