"""`policy backtest`: what changed policies would have decided about messages of the past."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from gateway.cli.context import CommandServices, run, settings_of
from gateway.cli.options import AsJson
from gateway.cli.policy.output import Directory, Folder, console
from gateway.cli.progress import progress_display
from gateway.errors import ConfigurationError
from gateway.model.record import Entry, EntryKind
from gateway.model.submission import Channel
from gateway.opened import Opened
from gateway.policy.authoring.backtest import BacktestReport, backtest
from gateway.policy.authoring.charts import page, rule_rows, svg, top
from gateway.policy.live.replay import Files
from gateway.policy.packs.overlay import candidate
from gateway.policy.packs.source import make_snapshot, read_folder
from gateway.storage.store import EntryQuery

PAGE = 400
"""Entries of the log that are read at a time."""
BAR = 40  # characters of the longest bar


def add(app: typer.Typer, folder: Folder, commands: CommandServices) -> None:
    @app.command("backtest")
    def backtested(
        context: typer.Context,
        changed: Annotated[
            Path | None,
            typer.Argument(
                help="Changed policies: a whole folder, or a folder of packs that is laid over "
                "the ones in use. Default: the ones in use.",
                file_okay=False,
            ),
        ] = None,
        policies: Directory = None,
        tenant: Annotated[
            str, typer.Option(help="Tenant whose decisions are asked about.")
        ] = "default",
        channel: Annotated[Channel | None, typer.Option(help="Only on this channel.")] = None,
        creator: Annotated[str | None, typer.Option(help="Only of this creator.")] = None,
        rule: Annotated[str | None, typer.Option(help="Only where this rule fired.")] = None,
        since: Annotated[datetime | None, typer.Option(help="First time (UTC), included.")] = None,
        until: Annotated[datetime | None, typer.Option(help="Last time (UTC), excluded.")] = None,
        limit: Annotated[int, typer.Option(min=1, help="Most decisions, newest first.")] = 10_000,
        dry_runs: Annotated[
            bool, typer.Option("--dry-runs", help="Dry runs instead of decisions.")
        ] = False,
        plot: Annotated[
            Path | None, typer.Option(help="Write a picture: .svg, or .html with a table.")
        ] = None,
        workers: Annotated[int, typer.Option(min=1, max=64)] = min(8, os.cpu_count() or 1),
        fail_on_change: Annotated[
            bool, typer.Option("--fail-on-change", help="Exit with 1 when a decision would change.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Ask changed policies about the recorded decisions of one tenant, and show what would
        have changed, by rule, channel and creator, with ids of examples. The log holds no words:
        rules that read words are named and left out, phrases are those that were found then."""
        base = read_folder(folder(context, policies))
        files = base if changed is None else candidate(base, changed)
        query = EntryQuery(
            tenant=tenant,
            channel=channel.value if channel else None,
            creator=creator,
            rule=rule,
            kind=EntryKind.DRY_RUN if dry_runs else EntryKind.DECISION,
            since=_as_utc(since),
            until=_as_utc(until),
        )

        async def job() -> BacktestReport:
            async with commands.opened(settings_of(context)) as opened:
                return await _run_backtest(opened, query, limit, base, files, workers)

        report = run(job)
        if plot is not None:
            _write_plot(plot, report)
        if as_json:
            typer.echo(json.dumps(report_json(report), indent=2))
        else:
            _print_report(report)
        raise typer.Exit(1 if fail_on_change and report.changed else 0)


async def _run_backtest(
    opened: Opened, query: EntryQuery, limit: int, base: Files, files: Files, workers: int
) -> BacktestReport:
    size = min(limit, await opened.store.log.size())
    with progress_display() as display:
        task = display.add_task("decisions", total=size)
        return await backtest(
            _read_pages(opened, query, limit),
            files,
            workers=workers,
            base=make_snapshot(base, name="policies"),
            progress=lambda count: display.advance(task, count),
        )


async def _read_pages(
    opened: Opened, query: EntryQuery, limit: int
) -> AsyncIterator[Sequence[Entry]]:
    before, left = None, limit
    while left > 0:
        entries = await opened.store.log.find(query, limit=min(PAGE, left), before=before)
        if not entries:
            return
        yield entries
        before, left = entries[-1].seq, left - len(entries)


def _as_utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


def _write_plot(path: Path, report: BacktestReport) -> None:
    text = page(report) if path.suffix in (".html", ".htm") else svg(report)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be written ({error.strerror})", "Name another file."
        ) from None


def report_json(report: BacktestReport) -> dict[str, Any]:
    """The report, as `--json` prints it."""
    return {
        "digest": report.digest,
        "decisions": report.decisions,
        "changed": report.changed,
        "failed": report.failed,
        "skipped": report.skipped,
        "per_s": round(report.per_s, 1),
        "blind_rules": list(report.blind),
        "phrases_differ": report.phrases,
        "steps": dict(report.steps),
        "rules": {
            name: {
                "fired": fired,
                "gone": gone,
                "examples": [asdict(example) for example in report.examples.get(name, ())],
            }
            for name, fired, gone in rule_rows(report)
        },
        "channels": _group_counts(report.channels),
        "creators": _group_counts(report.creators),
    }


def _group_counts(groups: dict[str, list[int]]) -> dict[str, dict[str, int]]:
    return {
        name: {"changed": changed, "all": every}
        for name, (changed, every) in sorted(groups.items())
    }


def _print_report(report: BacktestReport) -> None:
    out = console()
    share = report.changed / report.decisions if report.decisions else 0.0
    out.print(
        Text(f"{report.changed} of {report.decisions} decisions would change ({share:.1%})", "bold")
    )
    for step, count in report.steps.most_common():
        out.print(Text(f"  {step}: {count}"))
    rules = Table("rule", "fired anew", "gone", "", "examples")
    most = max((fired + gone for _, fired, gone in rule_rows(report)), default=1)
    for name, fired, gone in rule_rows(report):
        examples = "\n".join(example.decision_id for example in report.examples.get(name, ())[:3])
        bar = Text.assemble(
            ("█" * round(BAR * fired / most), "yellow"), ("█" * round(BAR * gone / most), "blue")
        )
        rules.add_row(name, str(fired), str(gone), bar, examples)
    if rules.row_count:
        out.print(rules)
    for title, groups in (("channel", report.channels), ("creator", report.creators)):
        table = Table(title, "changed", "of", "")
        for name, (changed, every) in top(groups):
            table.add_row(name, str(changed), str(every), "█" * round(BAR * changed / every))
        if report.changed:
            out.print(table)
    for line in _limit_lines(report):
        out.print(Text(line, style="dim"))


def _limit_lines(report: BacktestReport) -> list[str]:
    """Lines for people: the speed, and the decisions and rules that the backtest left out."""
    blind = ", ".join(report.blind)
    lines = [f"{report.per_s:.0f} decisions a second; digest {report.digest}"]
    if blind:
        lines.append(f"Rules that read words could not be asked; what they said counts: {blind}.")
    if report.phrases:
        lines.append("Phrase lists differ; the log holds no words, so old signals count.")
    if report.failed:
        lines.append(f"{report.failed} got no decision: their documents lack what is asked now.")
    if report.skipped:
        lines.append(f"{report.skipped} entries hold no document (the policies gave no answer).")
    return lines
