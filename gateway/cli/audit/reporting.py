"""`audit export`, `audit reasons`, `audit report`, `audit recount`."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from gateway.cli.context import CommandServices, moment, run, settings_of
from gateway.cli.options import (
    ChannelName,
    Conversation,
    Creator,
    Kind,
    Outcome,
    Rule,
    Since,
    Until,
)
from gateway.cli.progress import Advance, progress_bar
from gateway.errors import ConfigurationError, InvalidField
from gateway.model.record import Entry
from gateway.opened import Opened
from gateway.policy.authoring.describe import rule_titles
from gateway.policy.packs.source import load_snapshot
from gateway.reporting import report
from gateway.reporting.export import Export, ExportHeader
from gateway.reporting.formats import ExportFormat
from gateway.reporting.profile import Profile, load_profile
from gateway.reporting.reasons import RESTRICTED, Statement, batches, statement
from gateway.reporting.rendered import ReportFormat, rendered
from gateway.reporting.tally_updates import TallyUpdater
from gateway.reporting.vocabulary import BATCH
from gateway.settings import Settings
from gateway.storage.store import EntryQuery
from gateway.trail.checkpoint import Checkpoint

Out = Annotated[
    Path | None,
    typer.Option(help="File to write, whole or not at all. Default: standard output."),
]
Tenant = Annotated[str | None, typer.Option(help="Of this tenant. Default: all.")]


def add(app: typer.Typer, commands: CommandServices) -> None:
    _add_export(app, commands)
    _add_reasons(app, commands)
    _add_report(app, commands)
    _add_recount(app, commands)


def _add_export(app: typer.Typer, commands: CommandServices) -> None:
    @app.command("export")
    def export(
        context: typer.Context,
        out: Out = None,
        format: Annotated[ExportFormat, typer.Option(help="Output format.")] = ExportFormat.JSONL,  # noqa: A002
        tenant: Tenant = None,
        creator: Creator = None,
        channel: ChannelName = None,
        conversation: Conversation = None,
        kind: Kind = None,
        verdict: Outcome = None,
        rule: Rule = None,
        since: Since = None,
        until: Until = None,
        limit: Annotated[int | None, typer.Option(min=1, help="Most entries to export.")] = None,
        after: Annotated[
            int | None, typer.Option(min=0, help="Only entries after this entry number.")
        ] = None,
    ) -> None:
        """Entries as JSON Lines (the bodies as stored), CSV, Parquet or CloudEvents, the oldest
        first. FILE.manifest.json is written beside the file: the signed checkpoint it was made
        under, the filters, how many entries, and the file's SHA-256. With standard output, this
        manifest is the last line on standard error."""
        query = EntryQuery(
            tenant=tenant,
            creator=creator,
            channel=channel,
            conversation=conversation,
            kind=kind,
            decision=verdict,
            rule=rule,
            since=moment("since", since),
            until=moment("until", until),
        )

        async def job() -> dict[str, Any]:
            async with commands.opened(settings_of(context)) as opened:
                checkpoint = await _covering_checkpoint(opened)
                export = Export(about=_export_header(format, checkpoint, query))
                with progress_bar("exporting") as advance, _open_output(out) as file:
                    pages = opened.store.search.pages(
                        query, stop=checkpoint.size, after=after, limit=limit
                    )
                    async for piece in export.pieces(
                        _with_progress(pages, checkpoint.size, advance)
                    ):
                        file.write(piece)
                return export.manifest()

        _leave_manifest(run(job), out)


def _add_reasons(app: typer.Typer, commands: CommandServices) -> None:
    @app.command("reasons")
    def reasons(
        context: typer.Context,
        out: Out = None,
        profile: Annotated[
            Path | None,
            typer.Option(help="Profile of the platform (TOML). Default: the setting dsa_profile."),
        ] = None,
        as_batches: Annotated[
            bool,
            typer.Option("--batches", help="Up to 100 statements a line, as the API takes them."),
        ] = False,
        tenant: Tenant = None,
        since: Since = None,
        until: Until = None,
    ) -> None:
        """Statements of reasons for every block and hold, in the shape of the DSA Transparency
        Database (API v2), one a line. The gateway prepares them; the platform submits them."""
        settings = settings_of(context)
        platform = load_profile(_profile_path(settings, profile))
        titles = rule_titles(load_snapshot(commands.policies_dir(settings)))
        query = EntryQuery(
            tenant=tenant,
            decisions=RESTRICTED,
            since=moment("since", since),
            until=moment("until", until),
        )

        async def job() -> dict[str, Any]:
            async with commands.opened(settings) as opened:
                checkpoint = await _covering_checkpoint(opened)
                with progress_bar("statements") as advance, _open_output(out) as file:
                    pages = opened.store.search.pages(query, stop=checkpoint.size)
                    count = await _write_statements(
                        file,
                        _with_progress(pages, checkpoint.size, advance),
                        lambda entry: statement(
                            entry, platform, titles=titles, origin=checkpoint.origin
                        ),
                        as_batches=as_batches,
                    )
                return _reasons_manifest(checkpoint, query, platform, count)

        _leave_manifest(run(job), out)


def _add_report(app: typer.Typer, commands: CommandServices) -> None:
    @app.command("report")
    def transparency(
        context: typer.Context,
        out: Out = None,
        format: Annotated[ReportFormat, typer.Option(help="Output format.")] = ReportFormat.JSON,  # noqa: A002
        tenant: Tenant = None,
        first: Annotated[str | None, typer.Option(help="First day (UTC), as 2026-11-01.")] = None,
        last: Annotated[str | None, typer.Option(help="Last day, included.")] = None,
    ) -> None:
        """The transparency report: counts by channel, verdict, rule, language, route and delivery
        outcome; waits for review; crisis referrals. The HTML page needs no other file."""
        from_day, to_day = _parse_day("first", first), _parse_day("last", last)

        async def job() -> bytes:
            async with commands.opened(settings_of(context)) as opened:
                with progress_bar("counting") as advance:
                    await _tally_updater(opened).follow(advance)
                counted = await opened.store.tallies.read(
                    tenant=tenant, first=from_day, last=to_day
                )
                made = report.build(
                    counted,
                    tenant=tenant,
                    origin=opened.log.origin,
                    entries=await opened.store.log.size(),
                    made_at=datetime.now(UTC),
                )
                return rendered(made, format)

        content = run(job)
        with _open_output(out) as file:
            file.write(content)


def _add_recount(app: typer.Typer, commands: CommandServices) -> None:
    @app.command("recount")
    def recount(context: typer.Context) -> None:
        """Count every entry again for the transparency report, and replace the stored counts.
        The exit code is 1 when some of them were wrong."""

        async def job() -> tuple[int, int]:
            async with commands.opened(settings_of(context)) as opened:
                with progress_bar("counting") as advance:
                    recounted = await _tally_updater(opened).recount(advance)
                return recounted.size, recounted.differing

        size, differing = run(job)
        if differing:
            typer.echo(f"{differing} counts were wrong and are mended; {size} entries counted.")
            raise typer.Exit(1)
        typer.echo(f"The counts are right; {size} entries counted.")


def _tally_updater(opened: Opened) -> TallyUpdater:
    return TallyUpdater(entries=opened.store.log, tallies=opened.store.tallies)


async def _covering_checkpoint(opened: Opened) -> Checkpoint:
    """The stored checkpoint if it covers the whole log, else a new one. A new one is avoided, as
    it takes a while to build the tree of a long log."""
    latest = await opened.log.latest()
    if latest is not None and latest.size >= await opened.store.log.size():
        return latest
    return await opened.log.checkpoint()


def _export_header(format: ExportFormat, checkpoint: Checkpoint, query: EntryQuery) -> ExportHeader:  # noqa: A002
    return ExportHeader(
        format=format,
        origin=checkpoint.origin,
        size=checkpoint.size,
        checkpoint=checkpoint.note,
        query=query.given,
        made_at=datetime.now(UTC),
    )


async def _write_statements(
    file: BinaryIO,
    pages: AsyncIterator[Sequence[Entry]],
    state: Callable[[Entry], Statement | None],
    *,
    as_batches: bool,
) -> int:
    count, waiting = 0, list[Statement]()
    async for entries in pages:
        statements = [made for made in map(state, entries) if made is not None]
        count += len(statements)
        waiting += statements
        whole = len(waiting) // BATCH * BATCH if as_batches else len(waiting)
        _write_lines(file, waiting[:whole], as_batches=as_batches)
        del waiting[:whole]
    _write_lines(file, waiting, as_batches=as_batches)
    return count


def _write_lines(file: BinaryIO, statements: list[Statement], *, as_batches: bool) -> None:
    lines = ({"statements": batch} for batch in batches(statements)) if as_batches else statements
    file.writelines(orjson.dumps(line) + b"\n" for line in lines)


def _reasons_manifest(
    checkpoint: Checkpoint, query: EntryQuery, profile: Profile, count: int
) -> dict[str, Any]:
    filters = {name: value for name, value in query.given.items() if name != "decisions"}
    return {
        "v": 1,
        "platform": profile.platform,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "checkpoint": checkpoint.note,
        "query": {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in filters.items()
        },
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "statements": count,
    }


def _profile_path(settings: Settings, option: Path | None) -> Path:
    path = option or settings.dsa_profile
    if path is None:
        raise ConfigurationError(
            "dsa_profile",
            "is not set: no entry knows what the platform is, or where it applies",
            "Write the file that docs/reference/statements-of-reasons.md describes, and name it "
            "with --profile.",
        )
    return path


async def _with_progress(
    pages: AsyncIterator[list[Entry]], size: int, advance: Advance
) -> AsyncIterator[list[Entry]]:
    """Pass the pages on, and advance the progress bar after each."""
    async for entries in pages:
        yield entries
        advance(entries[-1].seq + 1, size)


@contextmanager
def _open_output(out: Path | None) -> Iterator[BinaryIO]:
    """Open the file to write: only its owner can read it, and it is there once it is whole."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with suppress(FileNotFoundError):
            part.unlink()
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        part.replace(out)
    except OSError as error:
        raise ConfigurationError(
            str(out), f"cannot be written ({error.strerror})", "Name a file that you may write."
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _leave_manifest(manifest: Mapping[str, Any], out: Path | None) -> None:
    if out is None:
        typer.echo(orjson.dumps(manifest).decode(), err=True)
        return
    with _open_output(out.with_name(f"{out.name}.manifest.json")) as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    count = manifest.get("entries", manifest.get("statements"))
    typer.echo(f"{count} written to {out}", err=True)


def _parse_day(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return report.day_number(date.fromisoformat(text))
    except ValueError:
        raise InvalidField(f"--{field}", "is no day", "Write it as 2026-11-22.") from None
