"""`keys`: API keys for callers, and the gateway's own signing keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated

import typer

from gateway.api.access import issue_key
from gateway.cli.context import ACTOR, CommandServices, run, settings_of
from gateway.cli.options import AsJson
from gateway.cli.output import print_listing
from gateway.errors import NotFound
from gateway.keyring import Keyring, PublicKey
from gateway.model.access import ApiKey, Role
from gateway.model.record import Change, EntryKind
from gateway.opened import Opened
from gateway.storage.store import EntryQuery
from gateway.trail.checkpoint import note_keys

_LATEST_CHANGES = 4  # each rotation notes two keys: this rotation, and the one before


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    _add_api_keys(app, commands)
    _add_signing_keys(app, commands)
    return app


def _add_api_keys(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def create(
        context: typer.Context,
        role: Annotated[list[Role], typer.Option(help="What it may do; repeat for several.")],
        tenant: Annotated[str, typer.Option(help="Tenant that it belongs to.")] = "default",
        label: Annotated[str, typer.Option(help="Who has it.")] = "",
        days: Annotated[
            float | None, typer.Option(min=0.001, help="Days until it expires.")
        ] = None,
        rate: Annotated[float, typer.Option(min=0.01, help="Requests per second.")] = 50.0,
    ) -> None:
        """Make an API key and print it, once: the gateway keeps only its hash."""
        now = datetime.now(UTC)
        key, token = issue_key(
            tenant=tenant,
            roles=frozenset(role),
            now=now,
            label=label,
            expires_at=None if days is None else now + timedelta(days=days),
            requests_per_s=rate,
        )

        async def job() -> None:
            async with commands.opened(settings_of(context)) as opened:
                await opened.store.registry.put_api_key(key, actor=ACTOR)

        run(job)
        typer.echo(token)

    @app.command("list")
    def listed(
        context: typer.Context,
        tenant: Annotated[str | None, typer.Option(help="Only those of this tenant.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """All API keys, without their secrets."""

        async def job() -> Sequence[ApiKey]:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.registry.api_keys(tenant)

        keys = run(job)
        if as_json:
            typer.echo(json.dumps([_api_key_json(key) for key in keys], indent=2))
            return
        print_listing(
            ("key", "tenant", "roles", "label", "created", "expires", "revoked"),
            [_api_key_cells(key) for key in keys],
            whole={"key", "tenant"},
        )

    @app.command()
    def revoke(context: typer.Context, key: str) -> None:
        """Make an API key useless, within a second on running servers."""

        async def job() -> None:
            async with commands.opened(settings_of(context)) as opened:
                stored = await opened.store.registry.api_key(key)
                if stored is None:
                    raise NotFound("API key", key, "`keys list` shows those there are.")
                if stored.revoked_at is None:
                    revoked = replace(stored, revoked_at=datetime.now(UTC))
                    await opened.store.registry.put_api_key(revoked, actor=ACTOR)

        run(job)
        typer.echo(f"{key}: revoked")


def _add_signing_keys(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def show(context: typer.Context, as_json: AsJson = False) -> None:
        """The public halves of the signing keys: current ones first, then retired ones."""
        settings = settings_of(context)
        keyring = Keyring.open(settings.keys_dir)
        log_keys = note_keys(settings.log_origin, keyring)
        rows = [
            *((key, "receipts", key.kid) for key in keyring.receipt_keys),
            *(
                (key, "checkpoints", str(name))
                for key, name in zip(keyring.checkpoint_keys, log_keys, strict=True)
            ),
        ]
        if settings.checkpoint_post_quantum:
            all_keys = note_keys(settings.log_origin, keyring, post_quantum=True)
            post_quantum_keys = all_keys[len(log_keys) :]
            rows += [
                # Rotated together with the others, but not by an OpenSSL without ML-DSA: then
                # there are fewer of them.
                (key, "checkpoints (ML-DSA-44)", str(name))
                for key, name in zip(keyring.checkpoint_keys, post_quantum_keys, strict=False)
            ]
        if as_json:
            typer.echo(json.dumps([_signing_key_json(*row) for row in rows], indent=2))
            return
        print_listing(
            ("signs", "created", "retired", "key"),
            [
                (signs, _time_cell(key.created_at), _time_cell(key.retired_at), name)
                for key, signs, name in rows
            ],
            whole={"key"},
        )

    @app.command()
    def jwks(context: typer.Context) -> None:
        """The public keys that receipts are verified with, as a JSON Web Key Set."""
        typer.echo(json.dumps(Keyring.open(settings_of(context).keys_dir).jwks(), indent=2))

    @app.command()
    def rotate(
        context: typer.Context,
        prepare: Annotated[
            bool,
            typer.Option("--prepare", help="Only make and print them, to tell witnesses first."),
        ] = False,
    ) -> None:
        """Make new signing keys. What the old keys signed stays verifiable; the last thing they
        sign is a checkpoint over the entries that announce the new keys. Running servers sign
        with the old keys until they are restarted. After an interruption, run it again."""

        async def job() -> Keyring:
            async with commands.opened(settings_of(context)) as opened:
                return await _rotate_keys(opened)

        keyring = Keyring.prepare_rotation(settings_of(context).keys_dir) if prepare else run(job)
        typer.echo(f"receipts: {keyring.receipt.kid}")
        typer.echo(f"checkpoints: {note_keys(settings_of(context).log_origin, keyring)[0]}")
        next_step = (
            "Not in use yet: `keys rotate` puts them to use."
            if prepare
            else "Restart running servers, so that they sign with these."
        )
        typer.echo(next_step, err=True)


async def _rotate_keys(opened: Opened) -> Keyring:
    """Rotate the signing keys. 1. Make new keys, durably, without using them yet. 2. Announce each
    in an entry of the log. 3. Sign a checkpoint over those entries with the old key. 4. Let the
    new keys take over. After an interruption, the next run goes on with the same keys."""
    settings = opened.settings
    new = Keyring.prepare_rotation(settings.keys_dir)
    announced = await _announced_kids(opened)
    for purpose, keys, name in (
        ("receipts", new.receipt_keys, new.receipt.kid),
        ("checkpoints", new.checkpoint_keys, str(note_keys(settings.log_origin, new)[0])),
    ):
        fresh, old = keys[0], keys[1]
        if fresh.kid in announced:
            continue
        detail = {"signs": purpose, "replaces": old.kid, "key": name}
        if purpose == "checkpoints" and settings.checkpoint_post_quantum:
            detail["post_quantum_sha256"] = sha256(new.post_quantum.raw).hexdigest()
        await opened.store.changes.note(
            Change(
                actor=ACTOR,
                tenant="default",
                what="signing_key",
                subject=fresh.kid,
                at=datetime.now(UTC),
                before=sha256(old.raw).hexdigest(),
                after=sha256(fresh.raw).hexdigest(),
                detail=detail,
            )
        )
    await opened.log.checkpoint()
    return Keyring.finish_rotation(settings.keys_dir)


async def _announced_kids(opened: Opened) -> set[str]:
    """The ids of the keys that the newest entries about keys announce."""
    query = EntryQuery(kind=EntryKind.CHANGE, decision="signing_key")
    entries = await opened.store.log.find(query, limit=_LATEST_CHANGES)
    return {json.loads(entry.body)["subject"] for entry in entries}


def _signing_key_json(key: PublicKey, signs: str, name: str) -> dict[str, str | None]:
    return {
        "signs": signs,
        "key": name,
        "created_at": key.created_at.isoformat(),
        "retired_at": key.retired_at.isoformat() if key.retired_at else None,
    }


def _api_key_json(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "roles": sorted(key.roles),
        "label": key.label,
        "requests_per_s": key.requests_per_s,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }


def _api_key_cells(key: ApiKey) -> tuple[str, ...]:
    times = (key.created_at, key.expires_at, key.revoked_at)
    roles = " ".join(sorted(key.roles))
    return key.id, key.tenant, roles, key.label, *map(_time_cell, times)


def _time_cell(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")
