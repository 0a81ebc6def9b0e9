"""The root command: reads the settings, then hands over to a group of commands."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli import (
    audit,
    creators,
    decide,
    demo,
    keys,
    models,
    policy,
    receipt,
    review,
    routes,
    serve,
    take_over,
    witness,
)
from gateway.cli.context import CommandServices
from gateway.errors import GatewayError

_HELP = """Trust, safety and disclosure gateway for AI avatars.

Every setting can be given in a TOML file, in the environment (AVATAR_GATEWAY_…), or as a flag of
`serve`; docs/reference/settings.md lists them."""


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
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
            typer.Option("--version", callback=_show_version, is_eager=True, help="Print it."),
        ] = False,
    ) -> None:
        flags = {} if data_dir is None else {"data_dir": data_dir}
        context.obj = commands.settings(config, flags)

    for group in (serve, demo, decide):
        group.add(app, commands)
    witness.add(app)
    app.add_typer(keys.build(commands), name="keys", help="Signing keys and API keys.")
    app.add_typer(creators.build(commands), name="creators", help="Creators and their settings.")
    app.add_typer(policy.build(commands), name="policy", help="Policy packs.")
    app.add_typer(audit.build(commands), name="audit", help="The audit log.")
    app.add_typer(review.build(commands), name="review", help="What waits for a person.")
    takeover_help = "A person in the avatar's place."
    app.add_typer(take_over.build(commands), name="handover", help=takeover_help)
    app.add_typer(receipt.build(commands), name="receipt", help="Receipts.")
    app.add_typer(routes.build(), name="routes", help="Routes and proxied platforms.")
    app.add_typer(models.build(), name="models", help="Toxicity models.")
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
        Console(stderr=True, soft_wrap=True).print(
            f"avatar-gateway: {error}", style="red", markup=False
        )
        sys.exit(2)
