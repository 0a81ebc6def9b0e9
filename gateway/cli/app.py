"""The root command: reads the settings, then hands over to a command or a group of commands.

It imports nothing heavy. The module of a command is imported when that command is asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import CommandServices
from gateway.cli.lazy import lazy_group
from gateway.errors import GatewayError

_HELP = """Trust, safety and disclosure gateway for AI avatars.

Every setting can be given in a TOML file, in the environment (AVATAR_GATEWAY_…), or as a flag of
`serve`; docs/reference/settings.md lists them."""

_COMMANDS = {
    "serve": "Serve until stopped.",
    "demo": "Start a gateway and a sandbox platform, post the sample conversations, verify the log "
    "and a receipt.",
    "decide": "Decide without delivering; recorded as a dry run.",
    "witness": "Watch logs, and cosign each checkpoint that is consistent with all that was seen "
    "before (c2sp.org/tlog-witness).",
}
"""Single commands and the first sentence of their help: the module gateway.cli.<name> adds it."""

_GROUPS = {
    "keys": "Signing keys and API keys.",
    "creators": "Creators and their settings.",
    "policy": "Policy packs.",
    "audit": "The audit log.",
    "review": "What waits for a person.",
    "handover": "A person in the avatar's place.",
    "receipt": "Receipts.",
    "routes": "Routes and proxied platforms.",
    "models": "Toxicity models.",
}
"""Groups of commands and their help: the module gateway.cli.<name> builds it."""

_WITHOUT_SERVICES = frozenset({"witness", "routes", "models"})
"""Commands that open neither keys, store nor log: they are built without CommandServices."""

_MODULES = {"audit": "audit.group", "handover": "take_over", "policy": "policy.group"}
"""The module of a command, below gateway.cli, where its name is not the command's."""


def build(commands: CommandServices) -> typer.Typer:
    """Build the root command."""

    def load(name: str) -> typer.Typer:
        module = import_module(f"gateway.cli.{_MODULES.get(name, name)}")
        services = () if name in _WITHOUT_SERVICES else (commands,)
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        if name in _COMMANDS:
            module.add(app, *services)
        else:
            app.add_typer(module.build(*services), name=name, help=_GROUPS[name])
        return app

    app = typer.Typer(
        cls=lazy_group(_COMMANDS | _GROUPS, load),
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        context: typer.Context,
        config: Annotated[
            Path | None, typer.Option(help="TOML file with settings.", dir_okay=False)
        ] = None,
        data_dir: Annotated[
            Path | None, typer.Option(help="Where the database, keys and log live.")
        ] = None,
        _version: Annotated[
            bool,
            typer.Option(
                "--version", callback=_show_version, is_eager=True, help="Print the version."
            ),
        ] = False,
    ) -> None:
        flags = {} if data_dir is None else {"data_dir": data_dir}
        context.obj = commands.settings(config, flags)

    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("avatar-gateway"))
        raise typer.Exit


def main(commands: CommandServices) -> None:
    """Run the command line; an error that explains itself is shown without a traceback."""
    try:
        build(commands)()
    except GatewayError as error:
        from rich.console import Console  # noqa: PLC0415 - slow to import

        Console(stderr=True, soft_wrap=True).print(
            f"avatar-gateway: {error}", style="red", markup=False
        )
        sys.exit(2)
