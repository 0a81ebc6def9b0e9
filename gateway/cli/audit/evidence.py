"""`audit evidence`: the whole log in one file, for the stand-alone verifier."""

from __future__ import annotations

import gzip
import sys
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gateway.cli.context import CommandServices, run, settings_of
from gateway.cli.progress import progress_bar
from gateway.errors import InvalidField
from gateway.opened import Opened
from gateway.trail.evidence import evidence, exportable_size

_LEVEL = 6  # of gzip: higher ones take longer and gain little


def add(app: typer.Typer, commands: CommandServices) -> None:
    @app.command("evidence")
    def export(
        context: typer.Context,
        out: Annotated[
            Path,
            typer.Argument(
                help="File to write; compressed if it ends in .gz; - for standard output."
            ),
        ],
        tenant: Annotated[
            str | None,
            typer.Option(help="For this tenant: entries of others are hashes only."),
        ] = None,
    ) -> None:
        """The whole log in one file, with all its checkpoints: for the stand-alone verifier, which
        needs nothing else (docs/guides/auditors.md)."""

        async def job() -> None:
            async with commands.opened(settings_of(context)) as opened:
                with ExitStack() as stack:
                    file = _open_output(stack, out)
                    await _write_evidence(opened, file, tenant)

        run(job)


async def _write_evidence(opened: Opened, file: BinaryIO, tenant: str | None) -> None:
    size, problem = await exportable_size(opened.log, opened.store.log)
    if problem:  # the verifier shall see the log as it is stored, and where it breaks
        typer.echo(f"The log does not verify, and is exported as it is stored: {problem}", err=True)
    with progress_bar("writing") as advance:
        pieces = evidence(
            opened.store.log,
            origin=opened.log.origin,
            keys=opened.log.keys,
            at=datetime.now(UTC),
            size=size,
            tenant=tenant,
            beyond=bool(problem),
            progress=lambda done: advance(done, size),
        )
        async for piece in pieces:
            file.write(piece)


def _open_output(stack: ExitStack, out: Path) -> BinaryIO:
    """Open the file to write, under another name until it is whole; `-` is standard output."""
    if str(out) == "-":
        return sys.stdout.buffer
    partial = out.with_name(out.name + ".partial")
    try:
        raw = partial.open("wb")
    except OSError as error:
        raise InvalidField("OUT", f"cannot be written ({error.strerror})", "Name another") from None

    def finish(kind: type[BaseException] | None, *_: object) -> None:
        raw.close()
        if kind is None:
            partial.replace(out)
        else:
            with suppress(OSError):
                partial.unlink()

    stack.push(finish)
    if out.suffix != ".gz":
        return raw
    return stack.enter_context(gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0))  # type: ignore[return-value] # written like any file
