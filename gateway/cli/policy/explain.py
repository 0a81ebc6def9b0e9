"""`policy explain`: which rules fired, or nearly did, and which conditions decided."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from gateway.cli.context import CommandServices, run, settings_of
from gateway.cli.dry_run import dry_run_submission
from gateway.cli.options import AsJson
from gateway.cli.output import COLOURS
from gateway.cli.policy.output import Directory, Folder, console, read_document
from gateway.errors import InvalidField, NotFound
from gateway.model.submission import Channel, Minor, Submission
from gateway.opened import Opened
from gateway.policy.authoring.explain import Condition, Explanation, RuleFate, RuleTrace, explain
from gateway.policy.packs.source import load_snapshot
from gateway.storage.store import EntryQuery

PAGE = 500
"""Entries of the log that are read at a time."""


def add(app: typer.Typer, folder: Folder, commands: CommandServices) -> None:
    @app.command("explain")
    def explained(
        context: typer.Context,
        document: Annotated[
            Path | None, typer.Argument(help="An input document (JSON); - is stdin.")
        ] = None,
        text: Annotated[
            str | None, typer.Option(help="Or: what an avatar would say. Nothing is recorded.")
        ] = None,
        decision: Annotated[
            str | None, typer.Option(help="Or: a recorded decision (dec_… or msg_…).")
        ] = None,
        channel: Annotated[Channel, typer.Option(help="For --text.")] = Channel.DM,
        creator: Annotated[str, typer.Option(help="For --text: its settings count.")] = "example",
        human: Annotated[
            str | None, typer.Option(help="For --text: the human's last message.")
        ] = None,
        minor: Annotated[Minor, typer.Option(help="For --text.")] = Minor.UNKNOWN,
        jurisdiction: Annotated[
            list[str] | None,
            typer.Option(help="For --text; may be repeated."),
        ] = None,
        paid: Annotated[bool, typer.Option("--paid", help="For --text.")] = False,
        brand: Annotated[str | None, typer.Option(help="For --text.")] = None,
        tenant: Annotated[str, typer.Option(help="Whose decision or creator.")] = "default",
        every: Annotated[
            bool, typer.Option("--all", help="Also rules that were far from firing.")
        ] = False,
        policies: Directory = None,
        as_json: AsJson = False,
    ) -> None:
        """Explain a decision: the rules that fired with what they saw, and the rules that nearly
        fired (all but one condition held). Takes an input document, a text, or a recorded
        decision; its document holds no words, so the rules that read words are named."""
        if sum(source is not None for source in (document, text, decision)) != 1:
            raise InvalidField("explain", "takes one of: DOCUMENT, --text, --decision", "Give one.")
        snapshot = load_snapshot(folder(context, policies))
        if document is not None:
            policy_input = read_document(document, snapshot)
        elif decision is not None:
            policy_input = run(lambda: _recorded_document(context, commands, tenant, decision))
        else:
            submission = dry_run_submission(
                text or "",
                tenant=tenant,
                channel=channel,
                creator=creator,
                human=human,
                minor=minor,
                jurisdictions=jurisdiction or (),
                paid=paid,
                brand=brand,
            )
            policy_input = run(lambda: _document_of_text(context, commands, submission))
        explanation = explain(snapshot, policy_input)
        if as_json:
            typer.echo(_explanation_json(explanation, every=every))
        else:
            _print_explanation(explanation, every=every)


async def _document_of_text(
    context: typer.Context, commands: CommandServices, submission: Submission
) -> Mapping[str, Any]:
    async with commands.document(settings_of(context)) as document:
        return await document(submission)


async def _recorded_document(
    context: typer.Context, commands: CommandServices, tenant: str, recorded_id: str
) -> Mapping[str, Any]:
    """The document as recorded. Raises NotFound."""
    async with commands.opened(settings_of(context)) as opened:
        body = await _find_entry(opened, tenant, recorded_id)
    if body is None or not body.get("input"):
        raise NotFound("recorded decision", recorded_id, "Give a dec_… or msg_… id of this tenant.")
    return dict(body["input"])


async def _find_entry(opened: Opened, tenant: str, recorded_id: str) -> Mapping[str, Any] | None:
    log = opened.store.log
    if recorded_id.startswith("msg_"):
        entries = await log.entries_of_message(recorded_id, tenant=tenant)
        bodies = [orjson.loads(entry.body) for entry in entries]
        return next((body for body in reversed(bodies) if body.get("input")), None)
    before = None
    while entries := await log.find(EntryQuery(tenant=tenant), limit=PAGE, before=before):
        for entry in entries:
            body: Mapping[str, Any] = orjson.loads(entry.body)
            if body.get("decision_id") == recorded_id and body.get("input"):
                return body
        before = entries[-1].seq
    return None


def _explanation_json(explanation: Explanation, *, every: bool) -> str:
    outcome = {
        "verdict": explanation.result.verdict.value,
        "masked": explanation.masked,
        "blind": list(explanation.blind),
        "rules": [
            asdict(trace)
            for trace in explanation.stories
            if every or trace.fate is not RuleFate.NOT
        ],
    }
    return json.dumps(outcome, indent=2, ensure_ascii=False)


def _print_explanation(explanation: Explanation, *, every: bool) -> None:
    out = console()
    verdict = explanation.result.verdict
    out.print(Text(verdict.value, style=f"bold {COLOURS[verdict]}"))
    if explanation.masked:
        blind = ", ".join(explanation.blind) or "none"
        out.print(
            Text(f"The document holds no words. Rules that read words saw none: {blind}.", "yellow")
        )
    fates = [
        (RuleFate.FIRED, "fired"),
        (RuleFate.NEARLY, "nearly fired: all but one condition held"),
    ]
    if every:
        fates.append((RuleFate.NOT, "did not fire: up to the first condition that did not hold"))
    for fate, title in fates:
        traces = explanation.of(fate)
        out.print(Text(f"\n{len(traces)} {title}", style="bold"))
        for trace in traces:
            _print_trace(trace)


def _print_trace(trace: RuleTrace) -> None:
    out = console()
    about = f"  {trace.file}:{trace.line}" + (
        f"  asks for {trace.verdict}" if trace.verdict else ""
    )
    out.print(Text.assemble((trace.rule, "cyan"), (about, "dim")))
    for condition in trace.conditions:
        mark, style = ("✓", "green") if condition.holds else ("✗", "red")
        words = " ".join(condition.expression.split())
        out.print(Text.assemble((f"  {mark} ", style), words))
        for line in _condition_lines(condition):
            out.print(Text(f"      {line}", style="dim"))


def _condition_lines(condition: Condition) -> list[str]:
    lines = [f"{path} = {value}" for path, value in condition.facts.items()]
    if condition.actual is not None:
        lines.append(f"actual: {condition.actual}")
    if condition.expected is not None:
        lines.append(f"expected {condition.operator}: {condition.expected}")
    return lines
