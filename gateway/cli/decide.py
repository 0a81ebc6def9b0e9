"""`decide`: judge a text without delivering it, and show the verdict and its reasons."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.cli.context import ACTOR, CommandServices, run, settings_of
from gateway.cli.dry_run import dry_run_submission
from gateway.cli.options import AsJson
from gateway.cli.output import COLOURS
from gateway.model.judgement import Judgement
from gateway.model.record import Outcome
from gateway.model.submission import Channel, Minor
from gateway.model.verdict import Verdict

EXAMPLE_CREATOR = "example"
_EXIT_CODES = {Verdict.PUBLISH: 0, Verdict.HOLD: 3, Verdict.BLOCK: 4}


def add(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def decide(
        context: typer.Context,
        text: Annotated[str, typer.Argument(help="What the avatar wants to say.")],
        channel: Annotated[Channel, typer.Option(help="Where it would be said.")] = Channel.DM,
        creator: Annotated[
            str, typer.Option(help="The creator; `example` is registered when missing.")
        ] = EXAMPLE_CREATOR,
        language: Annotated[str | None, typer.Option(help="BCP 47; else detected.")] = None,
        human: Annotated[str | None, typer.Option(help="The human's last message.")] = None,
        minor: Annotated[Minor, typer.Option(help="Is the person a minor?")] = Minor.UNKNOWN,
        jurisdiction: Annotated[
            list[str] | None,
            typer.Option(help="Such as FR, US-CA, EU; may be repeated."),
        ] = None,
        paid: Annotated[bool, typer.Option("--paid", help="A paid partnership.")] = False,
        brand: Annotated[str | None, typer.Option(help="The brand it promotes.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Decide without delivering; recorded as a dry run. Exit: 0 publish, 3 hold, 4 block."""
        submission = dry_run_submission(
            text,
            tenant="default",
            channel=channel,
            creator=creator,
            language=language,
            human=human,
            minor=minor,
            jurisdictions=jurisdiction or (),
            paid=paid,
            brand=brand,
        )

        async def job() -> Outcome:
            settings = settings_of(context)
            if creator == EXAMPLE_CREATOR:
                async with commands.opened(settings) as opened:
                    registry = opened.store.registry
                    if await registry.creator("default", creator) is None:
                        await registry.put_creator("default", creator, {}, actor=ACTOR)
            async with commands.gateway(settings) as gateway:
                return await gateway.submit(submission)

        outcome = run(job)
        if as_json:
            typer.echo(json.dumps(_judgement_json(outcome.judgement), indent=2, ensure_ascii=False))
        else:
            _print_outcome(outcome, Console())
        raise typer.Exit(_EXIT_CODES[outcome.judgement.verdict])


def _print_outcome(outcome: Outcome, console: Console) -> None:
    judgement = outcome.judgement
    colour = COLOURS[judgement.verdict]
    title = f"{judgement.verdict.value.upper()}  {outcome.channel.value}, {judgement.language}"
    body = Text(judgement.text if judgement.text is not None else "(not published)")
    console.print(Panel(body, title=title, title_align="left", border_style=colour))
    table = Table("rule", "asks for", "why", box=None, header_style="bold")
    strictest_first = sorted(judgement.reasons, key=lambda reason: -reason.verdict.severity)
    for reason in strictest_first:
        verdict = Text(reason.verdict.value, style=COLOURS[reason.verdict])
        table.add_row(Text(reason.rule), verdict, Text(reason.text))
    console.print(table)
    for obligation in judgement.obligations:
        rules = ", ".join(obligation.rules)
        shown = " ".join(f"{name}={value}" for name, value in obligation.params.items())
        console.print(Text(f"obligation {obligation.kind.value} {shown}  ({rules})", style="dim"))
    if judgement.redacted_kinds:
        console.print(Text(f"stripped: {', '.join(judgement.redacted_kinds)}"))
    spent = ", ".join(f"{stage} {ms:.1f}" for stage, ms in judgement.timings_ms.items())
    console.print(Text(f"{judgement.decision_id}  ms: {spent}", style="dim"))


def _judgement_json(judgement: Judgement) -> dict[str, Any]:
    return {
        "decision_id": judgement.decision_id,
        "verdict": judgement.verdict.value,
        "text": judgement.text,
        "language": judgement.language,
        "reasons": [
            {"rule": reason.rule, "text": reason.text, "verdict": reason.verdict.value}
            for reason in judgement.reasons
        ],
        "obligations": [
            {
                "kind": obligation.kind.value,
                "rules": list(obligation.rules),
                "params": dict(obligation.params),
            }
            for obligation in judgement.obligations
        ],
        "redacted": list(judgement.redacted_kinds),
        "unavailable": [
            {"stage": failure.stage.value, "reason": failure.reason}
            for failure in judgement.unavailable
        ],
        "timings_ms": dict(judgement.timings_ms),
    }
