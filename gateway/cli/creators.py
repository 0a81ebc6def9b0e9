"""`creators`: register them, show them, change their settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from gateway.cli.context import CommandServices, run, settings_of
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
        as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    ) -> None:
        """All creators of a tenant."""

        async def job() -> list[Creator]:
            async with commands.opened(settings_of(context)) as opened:
                return list(await opened.store.registry.creators(tenant))

        creators = run(job)
        if as_json:
            typer.echo(json.dumps([_as_json(one) for one in creators], indent=2))
            return
        table = Table("creator", "name", "version", "updated", "kill switch")
        for one in creators:
            stopped = "ON" if one.settings.get("kill_switch") else ""
            when = one.updated_at.isoformat(timespec="seconds")
            table.add_row(one.id, one.display_name, str(one.version), when, stopped)
        Console().print(table)

    @app.command()
    def show(context: typer.Context, creator: str, tenant: Tenant = "default") -> None:
        """One creator, as JSON."""

        async def job() -> Creator | None:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.registry.creator(tenant, creator)

        found = run(job)
        if found is None:
            raise NotFound("creator", creator, "`creators list` shows those there are.")
        typer.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False))

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
        given = _read(file)
        settings = settings_of(context)
        commands.check_creator(settings, given)

        async def job() -> Creator:
            async with commands.opened(settings) as opened:
                return await _put(opened, tenant, creator, given)

        typer.echo(f"{creator}: version {run(job).version}")

    @app.command()
    def kill(
        context: typer.Context,
        creator: str,
        off: Annotated[bool, typer.Option("--off", help="Let the avatar speak again.")] = False,
        tenant: Tenant = "default",
    ) -> None:
        """The kill switch: from now on every message of this creator's avatars is blocked."""

        async def job() -> Creator:
            async with commands.opened(settings_of(context)) as opened:
                found = await opened.store.registry.creator(tenant, creator)
                if found is None:
                    raise NotFound("creator", creator)
                return await _put(
                    opened, tenant, creator, {**found.settings, "kill_switch": not off}
                )

        run(job)
        typer.echo(f"{creator}: kill switch {'off' if off else 'ON'}")

    return app


async def _put(opened: Opened, tenant: str, creator: str, settings: dict[str, Any]) -> Creator:
    return await opened.store.registry.put_creator(tenant, creator, settings, actor="command line")


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidField(
            str(file), f"cannot be read: {error}", "Name a JSON or YAML file."
        ) from None
    if not isinstance(found, dict):
        raise InvalidField(str(file), "is no mapping", "Write settings as keys and values.")
    return found


def _as_json(creator: Creator) -> dict[str, Any]:
    return {
        "id": creator.id,
        "version": creator.version,
        "updated_at": creator.updated_at.isoformat(),
        "settings": dict(creator.settings),
    }
