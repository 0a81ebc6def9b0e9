"""`audit checkpoint`, `checkpoints`, `proof`, `check-proof`, `consistency`: for auditors."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.context import CommandServices, run, settings_of
from gateway.errors import InvalidField, LogInvalid, NotFound
from gateway.keyring import Keyring
from gateway.model.record import EntryKind
from gateway.opened import Opened
from gateway.settings import Settings
from gateway.trail.anchors import AnchorCoverage
from gateway.trail.checkpoint import Checkpoint, note_keys, open_checkpoint
from gateway.trail.merkle import verify_consistency
from gateway.trail.note import Cosignature, NoteKey, cosignatures
from gateway.trail.proof import MAX_PROOF, parse_proof
from gateway.trail.witnessing import WitnessAt

_JUDGED = {EntryKind.DECISION, EntryKind.REVIEW, EntryKind.DRY_RUN}
_EVER = 1 << 62

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def add(app: typer.Typer, commands: CommandServices) -> None:
    _add_checkpoints(app, commands)
    _add_proof(app, commands)
    _add_check_proof(app)
    _add_consistency(app, commands)


def _add_checkpoints(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def checkpoint(context: typer.Context) -> None:
        """A signed checkpoint of the log as it is now. Keep it out of the operator's reach."""

        async def job() -> str:
            async with commands.opened(settings_of(context)) as opened:
                return (await opened.log.checkpoint()).note

        typer.echo(run(job), nl=False)

    @app.command()
    def checkpoints(
        context: typer.Context,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 20,
        as_json: AsJson = False,
    ) -> None:
        """The stored checkpoints, the newest first: who cosigned and stamped each, and which are
        only ours."""
        settings = settings_of(context)

        async def job() -> list[dict[str, Any]]:
            async with commands.opened(settings) as opened:
                return await _listed(opened, witness_keys(settings), limit)

        rows = run(job)
        if as_json:
            typer.echo(json.dumps(rows, indent=2))
            return
        table = Table("size", "witnesses", "time stamps", "")
        for row in rows:
            witnesses = ", ".join(f"{one['name']} {one['at']}" for one in row["witnesses"])
            only_ours = "" if witnesses or row["stamps"] else "only ours"
            table.add_row(
                str(row["size"]), Text(witnesses), Text(", ".join(row["stamps"])), only_ours
            )
        Console().print(table)


async def _listed(opened: Opened, keys: Sequence[NoteKey], limit: int) -> list[dict[str, Any]]:
    log = opened.store.log
    latest = await log.latest_checkpoint()
    found: list[tuple[int, bytes, str]] = []
    stop = latest[0] + 1 if latest else 0
    span = limit
    while stop > 0 and len(found) < limit:  # by growing steps: most sizes have no checkpoint
        start = max(0, stop - span)
        found = [*await log.checkpoints(start, stop), *found]
        stop, span = start, span * 4
    stamps: dict[int, list[str]] = {}
    for size, tsa, _ in await log.stamps(found[0][0] if found else 0, _EVER):
        stamps.setdefault(size, []).append(tsa)
    return [
        {
            "size": size,
            "root": b64encode(root).decode(),
            "witnesses": [
                {"name": one.key.name, "at": _when(one)} for one in cosignatures(note, keys)
            ],
            "stamps": stamps.get(size, []),
        }
        for size, root, note in reversed(found[-limit:])
    ]


def _add_proof(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def proof(
        context: typer.Context,
        what: Annotated[str, typer.Argument(metavar="MESSAGE_OR_SEQ")],
        bare: Annotated[bool, typer.Option("--bare", help="Without the entry itself.")] = False,
    ) -> None:
        """A proof that an entry is in the log: one text file (tlog-proof) that stands alone.
        For a message: of the entry that last judged it."""

        async def job() -> str:
            async with commands.opened(settings_of(context)) as opened:
                seq = int(what) if what.isdecimal() else await _judged(opened, what)
                return await opened.log.proof(seq, with_entry=not bare)

        typer.echo(run(job), nl=False)


def _add_check_proof(app: typer.Typer) -> None:
    @app.command("check-proof")
    def check_proof(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        key: Annotated[
            list[str] | None,
            typer.Option(help="Public key of the log, as `keys show` prints it. Default: ours."),
        ] = None,
        witness: Annotated[
            list[str] | None,
            typer.Option(help="Key of a witness, as it prints it. Default: those in the settings."),
        ] = None,
        quorum: Annotated[
            int, typer.Option(min=0, help="So many witnesses must have cosigned.")
        ] = 0,
    ) -> None:
        """Check a proof without the log, and print the entry it proves."""
        settings = settings_of(context)
        keys = _log_keys(settings, key)
        witnesses = [NoteKey.parse(one) for one in witness] if witness else witness_keys(settings)
        try:
            found = parse_proof(read_note(file))
            signed = found.verify(keys, origin=keys[0].name)
            given = _cosigned(signed, witnesses, quorum)
        except LogInvalid as error:
            typer.echo(f"The proof does NOT hold: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(
            f"Entry {found.index} is in {signed.origin}, signed at {signed.size} entries.", err=True
        )
        for one in given:
            typer.echo(f"Cosigned by {one.key.name} at {_when(one)}.", err=True)
        typer.echo(found.extra or b"")


def _cosigned(
    checkpoint: Checkpoint, witnesses: Sequence[NoteKey], quorum: int
) -> tuple[Cosignature, ...]:
    given = cosignatures(checkpoint.note, witnesses)
    if len({one.key.name for one in given}) < quorum:
        raise LogInvalid(f"{len(given)} of {quorum} witnesses cosigned its checkpoint")
    return given


def _add_consistency(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def consistency(
        context: typer.Context,
        old: Annotated[str, typer.Argument(metavar="OLD", help="A size, or a kept checkpoint.")],
        new: Annotated[
            str | None,
            typer.Argument(metavar="NEW", help="A size, or a checkpoint. Default: the newest."),
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """The proof that the log of one size is the beginning of that of another (RFC 6962,
        2.1.2): hashes in base64. A kept checkpoint is held against the log; the exit code is 1
        when they contradict each other."""
        settings = settings_of(context)
        keys = _log_keys(settings, None)
        try:
            given = [_given(one, keys) for one in (old, new) if one is not None]

            async def job() -> tuple[int, int, list[bytes]]:
                async with commands.opened(settings) as opened:
                    newest = await opened.log.checkpoint()
                    return await _consistent(opened, *(given if new else [*given, newest]))

            first, second, path = run(job)
        except LogInvalid as error:
            typer.echo(f"NOT consistent: {error}", err=True)
            raise typer.Exit(1) from None
        hashes = [b64encode(one).decode() for one in path]
        if as_json:
            report = {"old": first, "new": second, "hashes": hashes}
            typer.echo(json.dumps(report, indent=2))
            return
        typer.echo(f"The log of {first} entries is the beginning of that of {second}.", err=True)
        for one in hashes:
            typer.echo(one)


def _given(what: str, keys: Sequence[NoteKey]) -> int | Checkpoint:
    if what.isdecimal():
        return int(what)
    path = Path(what)
    if not path.is_file():
        raise InvalidField("size", f"{what} is neither a number nor a file", "Name one of them.")
    return open_checkpoint(read_note(path), keys, origin=keys[0].name)


async def _consistent(
    opened: Opened, old: int | Checkpoint, new: int | Checkpoint
) -> tuple[int, int, list[bytes]]:
    """Both sizes, and the proof. Raises LogInvalid when a checkpoint is not of this log."""
    sizes, roots = [], []
    held = await opened.store.log.size()
    for end in (old, new):
        if isinstance(end, Checkpoint):
            if end.size > held:
                raise LogInvalid(f"the checkpoint signed {end.size} entries, there are {held}")
            sizes.append(end.size)
            roots.append(end.root)
        else:
            sizes.append(end)
            roots.append(await opened.log.root_at(end))
    path = await opened.log.consistency(sizes[0], sizes[1])
    if not verify_consistency(sizes[0], sizes[1], roots[0], roots[1], path):
        raise LogInvalid("the log is not what the checkpoint signed")
    return sizes[0], sizes[1], path


def witness_keys(settings: Settings) -> list[NoteKey]:
    """Of the witnesses in the settings."""
    return [WitnessAt.parse(one).key for one in settings.witnesses]


def _log_keys(settings: Settings, given: list[str] | None) -> Sequence[NoteKey]:
    if given:
        return [NoteKey.parse(text) for text in given]
    return note_keys(
        settings.log_origin,
        Keyring.open(settings.keys_dir),
        post_quantum=settings.checkpoint_post_quantum,
    )


def anchored_report(anchored: AnchorCoverage) -> dict[str, Any]:
    """For JSON."""
    return {
        "quorum": anchored.quorum,
        "witnessed": anchored.witnessed,
        "witnessed_checkpoints": anchored.witnessed_checkpoints,
        "witnesses": [
            {
                "name": one.name,
                "checkpoints": one.checkpoints,
                "size": one.size,
                "at": one.at.isoformat() if one.at else None,
            }
            for one in anchored.witnesses
        ],
        "stamped": anchored.stamped,
        "stamped_at": anchored.stamped_at.isoformat() if anchored.stamped_at else None,
        "stamps": anchored.stamps,
        "unchecked_stamps": anchored.unchecked_stamps,
        "checkpoints_only_ours": anchored.only_ours,
    }


def anchored_told(anchored: AnchorCoverage, size: int) -> list[str]:
    """For people; `size` is the log's."""
    lines = []
    if anchored.quorum:
        lines.append(
            f"Witnessed by {anchored.quorum} or more: the first {anchored.witnessed} entries, "
            f"under {anchored.witnessed_checkpoints} checkpoints."
        )
        lines += [
            f"  {one.name}: {one.checkpoints} checkpoints, the newest of {one.size} entries"
            + (f" at {one.at.isoformat()}." if one.at else ".")
            for one in anchored.witnesses
        ]
    if anchored.stamps and anchored.stamped_at:
        lines.append(
            f"Time stamps: {anchored.stamps}, the newest of {anchored.stamped} entries at "
            f"{anchored.stamped_at.isoformat()}."
        )
    if anchored.unchecked_stamps:
        lines.append(
            f"Time stamps not checked: {anchored.unchecked_stamps} (they need the setting "
            "timestamp_certificates and the extra `timestamp`)."
        )
    outside = max(anchored.witnessed, anchored.stamped)
    lines.append(
        f"Checkpoints that nobody but the operator signed: {anchored.only_ours}. "
        + (f"Entries that only such ones cover: {size - outside}." if outside else "")
    )
    return [line.rstrip() for line in lines]


async def _judged(opened: Opened, message: str) -> int:
    entries = await opened.store.log.entries_of_message(message)
    judged = [entry.seq for entry in entries if entry.kind in _JUDGED]
    if not judged:
        raise NotFound("message", message, "`audit show` lists entries.")
    return judged[-1]


def read_note(path: Path) -> str:
    """A proof or checkpoint that somebody kept."""
    with path.open("rb") as file:
        return file.read(MAX_PROOF + 1).decode("utf-8", "replace")


def _when(one: Cosignature) -> str:
    return datetime.fromtimestamp(one.at, UTC).isoformat()
