"""`creators`: register them, show them, change their settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from gateway.cli.context import ACTOR, CommandServices, run, settings_of
from gateway.cli.options import AsJson
from gateway.cli.output import print_listing
from gateway.errors import InvalidField, NotFound
from gateway.model.creator import Creator
from gateway.opened import Opened

Tenant = Annotated[str, typer.Option(help="Tenant that the creator belongs to.")]


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    @app.command("list")
    def listed(
        context: typer.Context,
        tenant: Tenant = "default",
        as_json: AsJson = False,
    ) -> None:
        """All creators of a tenant."""

        async def job() -> list[Creator]:
            async with commands.opened(settings_of(context)) as opened:
                return list(await opened.store.registry.creators(tenant))

        creators = run(job)
        if as_json:
            typer.echo(json.dumps([_creator_json(creator) for creator in creators], indent=2))
            return
        print_listing(
            ("creator", "name", "version", "updated", "kill switch"),
            [
                (
                    creator.id,
                    creator.display_name,
                    str(creator.version),
                    creator.updated_at.isoformat(timespec="seconds"),
                    "ON" if creator.settings.get("kill_switch") else "",
                )
                for creator in creators
            ],
            whole={"creator"},
        )

    @app.command()
    def show(context: typer.Context, creator: str, tenant: Tenant = "default") -> None:
        """One creator, as JSON."""

        async def job() -> Creator | None:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.registry.creator(tenant, creator)

        registered = run(job)
        if registered is None:
            raise NotFound("creator", creator, "`creators list` shows those there are.")
        typer.echo(json.dumps(_creator_json(registered), indent=2, ensure_ascii=False))

    @app.command()
    def put(
        context: typer.Context,
        creator: str,
        file: Annotated[
            Path | None, typer.Argument(help="Settings as JSON or YAML; none: defaults.")
        ] = None,
        tenant: Tenant = "default",
    ) -> None:
        """Register a creator, or replace the settings. Takes effect on running servers."""
        new_settings = _read_settings(file)
        settings = settings_of(context)
        commands.check_creator(settings, new_settings)

        async def job() -> Creator:
            async with commands.opened(settings) as opened:
                return await _put_settings(opened, tenant, creator, new_settings)

        typer.echo(f"{creator}: version {run(job).version}")

    @app.command()
    def kill(
        context: typer.Context,
        creator: str,
        off: Annotated[bool, typer.Option("--off", help="Let the avatar speak again.")] = False,
        tenant: Tenant = "default",
    ) -> None:
        """Block every message of this creator's avatars from now on (the kill switch)."""

        async def job() -> Creator:
            async with commands.opened(settings_of(context)) as opened:
                registered = await opened.store.registry.creator(tenant, creator)
                if registered is None:
                    raise NotFound("creator", creator)
                changed = {**registered.settings, "kill_switch": not off}
                return await _put_settings(opened, tenant, creator, changed)

        run(job)
        typer.echo(f"{creator}: kill switch {'off' if off else 'ON'}")

    return app


async def _put_settings(
    opened: Opened, tenant: str, creator: str, settings: dict[str, Any]
) -> Creator:
    return await opened.store.registry.put_creator(tenant, creator, settings, actor=ACTOR)


def _read_settings(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidField(
            str(file), f"cannot be read: {error}", "Name a JSON or YAML file."
        ) from None
    if not isinstance(settings, dict):
        raise InvalidField(str(file), "is no mapping", "Write settings as keys and values.")
    return settings


def _creator_json(creator: Creator) -> dict[str, Any]:
    return {
        "id": creator.id,
        "version": creator.version,
        "updated_at": creator.updated_at.isoformat(),
        "settings": dict(creator.settings),
    }
