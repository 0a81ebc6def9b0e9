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
from gateway.cli.options import AsJson
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

_JUDGING_KINDS = {EntryKind.DECISION, EntryKind.REVIEW, EntryKind.DRY_RUN}
_NO_END = 1 << 62  # a size that no log reaches: the end of a range that has none


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
        limit: Annotated[
            int, typer.Option(min=1, max=100_000, help="Most checkpoints to show.")
        ] = 20,
        as_json: AsJson = False,
    ) -> None:
        """The stored checkpoints, the newest first: who cosigned and time-stamped each, and which
        only this gateway signed."""
        settings = settings_of(context)

        async def job() -> list[dict[str, Any]]:
            async with commands.opened(settings) as opened:
                return await _checkpoint_rows(opened, witness_keys(settings), limit)

        rows = run(job)
        if as_json:
            typer.echo(json.dumps(rows, indent=2))
            return
        table = Table("size", "witnesses", "time stamps", "")
        for row in rows:
            witnesses = ", ".join(
                f"{witness['name']} {witness['at']}" for witness in row["witnesses"]
            )
            only_ours = "" if witnesses or row["stamps"] else "only ours"
            table.add_row(
                str(row["size"]), Text(witnesses), Text(", ".join(row["stamps"])), only_ours
            )
        Console().print(table)


async def _checkpoint_rows(
    opened: Opened, keys: Sequence[NoteKey], limit: int
) -> list[dict[str, Any]]:
    log = opened.store.log
    latest = await log.latest_checkpoint()
    newest: list[tuple[int, bytes, str]] = []
    stop = latest[0] + 1 if latest else 0
    span = limit
    while stop > 0 and len(newest) < limit:  # by growing steps: most sizes have no checkpoint
        start = max(0, stop - span)
        newest = [*await log.checkpoints(start, stop), *newest]
        stop, span = start, span * 4
    stamps: dict[int, list[str]] = {}
    for size, tsa, _ in await log.stamps(newest[0][0] if newest else 0, _NO_END):
        stamps.setdefault(size, []).append(tsa)
    return [
        {
            "size": size,
            "root": b64encode(root).decode(),
            "witnesses": [
                {"name": cosignature.key.name, "at": _signed_at(cosignature)}
                for cosignature in cosignatures(note, keys)
            ],
            "stamps": stamps.get(size, []),
        }
        for size, root, note in reversed(newest[-limit:])
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
                seq = int(what) if what.isdecimal() else await _judging_entry(opened, what)
                return await opened.log.proof(seq, with_entry=not bare)

        typer.echo(run(job), nl=False)


def _add_check_proof(app: typer.Typer) -> None:
    @app.command("check-proof")
    def check_proof(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        key: Annotated[
            list[str] | None,
            typer.Option(
                help="Public key of the log, as `keys show` prints it. Default: this gateway's."
            ),
        ] = None,
        witness: Annotated[
            list[str] | None,
            typer.Option(
                help="Key of a witness, as `witness` prints it. Default: those in the settings."
            ),
        ] = None,
        quorum: Annotated[
            int, typer.Option(min=0, help="Witnesses that must have cosigned, at least.")
        ] = 0,
    ) -> None:
        """Check a proof without the log, and print the entry it proves."""
        settings = settings_of(context)
        keys = _log_keys(settings, key)
        witnesses = [NoteKey.parse(text) for text in witness or ()] or witness_keys(settings)
        try:
            inclusion = parse_proof(read_note(file))
            signed = inclusion.verify(keys, origin=keys[0].name)
            cosigned = _check_quorum(signed, witnesses, quorum)
        except LogInvalid as error:
            typer.echo(f"The proof does NOT hold: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(
            f"Entry {inclusion.index} is in {signed.origin}, signed at {signed.size} entries.",
            err=True,
        )
        for cosignature in cosigned:
            at = _signed_at(cosignature)
            typer.echo(f"Cosigned by {cosignature.key.name} at {at}.", err=True)
        typer.echo(inclusion.extra or b"")


def _check_quorum(
    checkpoint: Checkpoint, witnesses: Sequence[NoteKey], quorum: int
) -> tuple[Cosignature, ...]:
    """Return the cosignatures of `witnesses`. Raises LogInvalid when fewer than `quorum` of them
    cosigned."""
    valid = cosignatures(checkpoint.note, witnesses)
    if len({cosignature.key.name for cosignature in valid}) < quorum:
        raise LogInvalid(f"{len(valid)} of {quorum} witnesses cosigned its checkpoint")
    return valid


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
        """The proof that the log at one size is the beginning of the log at another (RFC 6962,
        2.1.2): hashes in base64. A kept checkpoint is compared with the log; the exit code is 1
        when they contradict each other."""
        settings = settings_of(context)
        keys = _log_keys(settings, None)
        try:
            ends = [_parse_end(text, keys) for text in (old, new) if text is not None]

            async def job() -> tuple[int, int, list[bytes]]:
                async with commands.opened(settings) as opened:
                    newest = await opened.log.checkpoint()
                    return await _prove_consistency(opened, *(ends if new else [*ends, newest]))

            first, second, path = run(job)
        except LogInvalid as error:
            typer.echo(f"NOT consistent: {error}", err=True)
            raise typer.Exit(1) from None
        hashes = [b64encode(digest).decode() for digest in path]
        if as_json:
            report = {"old": first, "new": second, "hashes": hashes}
            typer.echo(json.dumps(report, indent=2))
            return
        typer.echo(f"The log of {first} entries is the beginning of that of {second}.", err=True)
        for line in hashes:
            typer.echo(line)


def _parse_end(what: str, keys: Sequence[NoteKey]) -> int | Checkpoint:
    """Read one end of a consistency proof: a size, or the file of a kept checkpoint."""
    if what.isdecimal():
        return int(what)
    path = Path(what)
    if not path.is_file():
        raise InvalidField("size", f"{what} is neither a number nor a file", "Name one of them.")
    return open_checkpoint(read_note(path), keys, origin=keys[0].name)


async def _prove_consistency(
    opened: Opened, old: int | Checkpoint, new: int | Checkpoint
) -> tuple[int, int, list[bytes]]:
    """Both sizes, and the proof. Raises LogInvalid when a checkpoint is not of this log."""
    sizes, roots = [], []
    log_size = await opened.store.log.size()
    for end in (old, new):
        if isinstance(end, Checkpoint):
            if end.size > log_size:
                raise LogInvalid(f"the checkpoint signed {end.size} entries, there are {log_size}")
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
    """The keys of the witnesses in the settings."""
    return [WitnessAt.parse(text).key for text in settings.witnesses]


def _log_keys(settings: Settings, given: list[str] | None) -> Sequence[NoteKey]:
    if given:
        return [NoteKey.parse(text) for text in given]
    return note_keys(
        settings.log_origin,
        Keyring.open(settings.keys_dir),
        post_quantum=settings.checkpoint_post_quantum,
    )


def anchored_report(anchored: AnchorCoverage) -> dict[str, Any]:
    """The coverage by witnesses and time stamps, as `audit verify --json` prints it."""
    return {
        "quorum": anchored.quorum,
        "witnessed": anchored.witnessed,
        "witnessed_checkpoints": anchored.witnessed_checkpoints,
        "witnesses": [
            {
                "name": witness.name,
                "checkpoints": witness.checkpoints,
                "size": witness.size,
                "at": witness.at.isoformat() if witness.at else None,
            }
            for witness in anchored.witnesses
        ],
        "stamped": anchored.stamped,
        "stamped_at": anchored.stamped_at.isoformat() if anchored.stamped_at else None,
        "stamps": anchored.stamps,
        "unchecked_stamps": anchored.unchecked_stamps,
        "checkpoints_only_ours": anchored.only_ours,
    }


def anchored_lines(anchored: AnchorCoverage, size: int) -> list[str]:
    """The same coverage in lines for people; `size` is the number of entries in the log."""
    lines = []
    if anchored.quorum:
        lines.append(
            f"Witnessed by {anchored.quorum} or more: the first {anchored.witnessed} entries, "
            f"under {anchored.witnessed_checkpoints} checkpoints."
        )
        lines += [
            f"  {witness.name}: {witness.checkpoints} checkpoints, "
            f"the newest of {witness.size} entries"
            + (f" at {witness.at.isoformat()}." if witness.at else ".")
            for witness in anchored.witnesses
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


async def _judging_entry(opened: Opened, message: str) -> int:
    """The number of the entry that last judged `message`. Raises NotFound."""
    entries = await opened.store.log.entries_of_message(message)
    judged = [entry.seq for entry in entries if entry.kind in _JUDGING_KINDS]
    if not judged:
        raise NotFound("message", message, "`audit show` lists entries.")
    return judged[-1]


def read_note(path: Path) -> str:
    """Read a proof or checkpoint that somebody kept."""
    with path.open("rb") as file:
        return file.read(MAX_PROOF + 1).decode("utf-8", "replace")


def _signed_at(cosignature: Cosignature) -> str:
    return datetime.fromtimestamp(cosignature.at, UTC).isoformat()
