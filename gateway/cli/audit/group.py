"""`audit`: verify, show and follow the log; the other commands are in modules beside this one."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.cli.audit import erasure, evidence, move, proofs, reporting
from gateway.cli.context import CommandServices, moment, run, settings_of
from gateway.cli.options import (
    AsJson,
    ChannelName,
    Conversation,
    Creator,
    Kind,
    Outcome,
    Rule,
    Since,
    Until,
)
from gateway.cli.output import print_listing, printable
from gateway.cli.progress import progress_bar
from gateway.errors import LogInvalid
from gateway.model.record import Entry
from gateway.opened import Opened
from gateway.storage.store import EntryQuery, StoredLog
from gateway.trail.verify import Verified

_POLL_S = 0.5  # between two looks for new entries
_PAGE = 500  # entries read at a time

AsLines = Annotated[bool, typer.Option("--json", help="The entries as stored, one a line.")]


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    _add_verify(app, commands)
    _add_show(app, commands)
    _add_tail(app, commands)
    proofs.add(app, commands)
    evidence.add(app, commands)
    move.add(app, commands)
    erasure.add(app, commands)
    reporting.add(app, commands)
    return app


def _add_verify(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def verify(
        context: typer.Context,
        checkpoint: Annotated[
            list[Path] | None,
            typer.Option(
                help="A checkpoint that you kept; repeat for several.", exists=True, dir_okay=False
            ),
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Verify the whole log: every hash, signature and number, and that an entry allowed each
        delivery. The exit code is 1 when it does not verify."""
        kept = [proofs.read_note(path) for path in checkpoint or ()]

        async def job() -> Verified:
            async with commands.opened(settings_of(context)) as opened:
                return await _verify_log(opened, kept)

        try:
            verified = run(job)
        except LogInvalid as error:
            if as_json:
                report = {"ok": False, "problem": error.problem, "entry": error.index}
                typer.echo(json.dumps(report, indent=2))
            else:
                typer.echo(f"The log does NOT verify: {error}")
            raise typer.Exit(1) from None
        typer.echo(
            json.dumps(_verified_json(verified), indent=2) if as_json else _verified_text(verified)
        )


async def _verify_log(opened: Opened, kept: Sequence[str]) -> Verified:
    with progress_bar("verifying") as advance:
        return await opened.log.verify(kept=kept, progress=advance)


def _verified_json(verified: Verified) -> dict[str, Any]:
    return {
        "ok": True,
        "size": verified.size,
        "signed": verified.signed,
        "root": b64encode(verified.root).decode(),
        "checkpoints": verified.checkpoints,
        "kept_checkpoints": verified.kept,
        "kinds": dict(verified.kinds),
        "anchored": proofs.anchored_report(verified.anchored),
    }


def _verified_text(verified: Verified) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in verified.kinds.items())
    lines = [
        f"The log verifies: {verified.size} entries" + (f" ({kinds})." if kinds else "."),
        f"Signed: {verified.signed} of them, under {verified.checkpoints} checkpoints.",
        f"Kept checkpoints that it agrees with: {verified.kept}.",
        *proofs.anchored_lines(verified.anchored, verified.size),
    ]
    if not verified.kept:
        lines.append(
            "Without a kept checkpoint (--checkpoint), a log that was rolled back or signed anew "
            "looks the same."
        )
    return "\n".join(lines)


def _add_show(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def show(
        context: typer.Context,
        message: Annotated[str | None, typer.Option(help="All entries of one message.")] = None,
        tenant: Annotated[str | None, typer.Option(help="Of this tenant.")] = None,
        creator: Creator = None,
        channel: ChannelName = None,
        conversation: Conversation = None,
        kind: Kind = None,
        decision: Outcome = None,
        rule: Rule = None,
        since: Since = None,
        until: Until = None,
        limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most entries to show.")] = 50,
        as_json: AsLines = False,
    ) -> None:
        """Entries of the log, the newest first; those of one message from its beginning."""
        query = EntryQuery(
            tenant=tenant,
            creator=creator,
            channel=channel,
            conversation=conversation,
            kind=kind,
            decision=decision,
            rule=rule,
            since=moment("since", since),
            until=moment("until", until),
        )

        async def job() -> tuple[list[Entry], datetime | None]:
            async with commands.opened(settings_of(context)) as opened:
                if message is None:
                    return await opened.store.log.find(query, limit=limit), None
                story = await opened.store.log.entries_of_message(message, tenant=tenant)
                outcome = story and await opened.store.ledger.outcome(story[0].tenant, message)
                return story, outcome.erased_at if outcome else None

        entries, erased_at = run(job)
        if as_json:
            for entry in entries:
                typer.echo(entry.body)
            return
        _print_entries(entries)
        if erased_at is not None:
            typer.echo(f"Its texts were erased at {erased_at.isoformat(timespec='seconds')}.")


def _add_tail(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def tail(
        context: typer.Context,
        lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="Entries to show.")] = 10,
        follow: Annotated[
            bool, typer.Option("-f", "--follow", help="Wait for more entries.")
        ] = False,
        as_json: AsLines = False,
    ) -> None:
        """The last entries of the log, and with -f each new one, until you stop it."""

        async def job() -> None:
            async with commands.opened(settings_of(context)) as opened:
                start = max(0, await opened.store.log.size() - lines)
                wait = partial(asyncio.sleep, _POLL_S) if follow else None
                async for entry in entries_from(opened.store.log, start, wait=wait):
                    typer.echo(entry.body if as_json else _entry_line(entry))

        try:
            run(job)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


async def entries_from(
    log: StoredLog, start: int, *, wait: Callable[[], Awaitable[None]] | None
) -> AsyncGenerator[Entry, None]:
    """Yield the entries from number `start` on. Without `wait`, stop after the last one; with it,
    await it there and go on with the entries that came meanwhile, without end."""
    while True:
        entries = await log.entries(start, start + _PAGE)
        for entry in entries:
            yield entry
        start += len(entries)
        if not entries:
            if wait is None:
                return
            await wait()


def _print_entries(entries: Sequence[Entry]) -> None:
    print_listing(
        ("entry", "time", "kind", "came to", "creator", "channel", "message", "rules"),
        [_entry_cells(entry) for entry in entries],
        whole={"entry", "creator", "message"},
    )


def _entry_line(entry: Entry) -> str:
    return "  ".join(cell for cell in _entry_cells(entry) if cell)


def _entry_cells(entry: Entry) -> tuple[str, ...]:
    document = orjson.loads(entry.body)
    labels = document.get("labels", {})
    state = document.get("state") or document.get("what", "")
    rules = sorted({reason["rule"] for reason in document.get("reasons", ())})
    cells = (
        str(entry.seq),
        entry.at.isoformat(timespec="seconds"),
        entry.kind.value,
        state,
        labels.get("creator") or document.get("subject", ""),
        labels.get("channel", ""),
        entry.message_id or "",
        " ".join(rules),
    )
    return tuple(printable(cell) for cell in cells)
