"""`audit migrate`: move the log to PostgreSQL while the gateway serves."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from gateway.cli.context import CommandServices, settings_of
from gateway.cli.options import AsJson
from gateway.cli.progress import progress_display
from gateway.errors import InvalidField
from gateway.settings import Settings
from gateway.storage.move.mover import KeyStoreMove, MoveResult, cancel, move
from gateway.storage.store import key_store_at
from gateway.storage.vault.key_file import KeyFile
from gateway.trail.merkle import MerkleTree

_SQLITE = "sqlite:///"


def add(app: typer.Typer, _commands: CommandServices) -> None:
    @app.command()
    def migrate(
        context: typer.Context,
        to: Annotated[
            str | None,
            typer.Option(help="The new database: postgresql+psycopg://user@host/name, empty."),
        ] = None,
        subject_keys_to: Annotated[
            str | None,
            typer.Option(
                help="Move the subject keys too, into this other PostgreSQL database; the key "
                "file is emptied."
            ),
        ] = None,
        give_up: Annotated[
            bool, typer.Option("--cancel", help="Give up a move that was begun.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Move everything from SQLite to PostgreSQL while the gateway serves, with the log as it
        is: every entry, checkpoint and its root. Can be stopped and run again. At its end the old
        database refuses to be written, for good, and names the new one."""
        settings = settings_of(context)
        source = _source_path(settings)
        if give_up:
            cancel(source)
            typer.echo("The log stays where it is.")
            return
        if to is None:
            raise InvalidField("--to", "is missing", "Name the new database.")
        if subject_keys_to is not None and subject_keys_to == to:
            raise InvalidField(
                "--subject-keys-to",
                "is the database of the log",
                "Keep keys in a database of their own, outside its backups.",
            )
        moved = _move_log(settings, source, to, subject_keys_to)
        _print_result(moved, keys_moved=subject_keys_to is not None, as_json=as_json)


def _move_log(settings: Settings, source: Path, to: str, keys_to: str | None) -> MoveResult:
    keys = None
    if keys_to is not None:
        file = KeyFile(settings.subject_keys_path)
        keys = KeyStoreMove(source=file, target=key_store_at(settings.subject_keys_path, keys_to))
    try:
        with progress_display() as bar:
            tasks: dict[str, TaskID] = {}

            def progress(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what, total=total)
                bar.update(tasks[what], completed=done, total=total)

            moved = move(
                source=source, target=to, make_root=MerkleTree, progress=progress, keys=keys
            )
        if keys is not None:  # an erasure must not leave a second copy of a key behind
            keys.source.destroy([kid for kid, _ in keys.source.all()])
    finally:
        if keys is not None:
            keys.source.close()
            keys.target.close()
    return moved


def _source_path(settings: Settings) -> Path:
    url = settings.database
    if not url.startswith(_SQLITE):
        raise InvalidField(
            "database_url", "is not SQLite", "Logs are moved from SQLite to PostgreSQL."
        )
    return Path(url.removeprefix(_SQLITE))


def _print_result(moved: MoveResult, *, keys_moved: bool, as_json: bool) -> None:
    root = b64encode(moved.root).decode()
    if as_json:
        report = {
            "size": moved.size,
            "root": root,
            "rows": moved.rows,
            "fenced_s": round(moved.fenced_s, 3),
            "database_url": moved.target,
        }
        typer.echo(json.dumps(report, indent=2))
        return
    typer.echo(
        f"Moved {moved.size} entries under the same root ({root}) and {moved.rows} other rows; "
        f"nobody could write for {moved.fenced_s:.1f} s.\n"
        f"Now set database_url to {moved.target}"
        + (", subject_keys_url to the database of the keys," if keys_moved else "")
        + " and restart the gateway."
    )
