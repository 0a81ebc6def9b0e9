"""`policy explain`: why the policies say what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from gateway.cli.context import CommandServices, run, settings_of
from gateway.cli.places import assigned_codes
from gateway.cli.policy.output import (
    COLOURS,
    AsJson,
    Directory,
    Folder,
    console,
    read_document,
)
from gateway.errors import InvalidField, NotFound
from gateway.model.submission import Audience, Channel, Commercial, Minor, Submission
from gateway.opened import Opened
from gateway.pipeline.ids import new_id
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
        human: Annotated[str | None, typer.Option(help="For --text: their last message.")] = None,
        minor: Annotated[Minor, typer.Option(help="For --text.")] = Minor.UNKNOWN,
        jurisdiction: Annotated[
            list[str] | None,
            typer.Option(help="For --text; may be repeated.", callback=assigned_codes),
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
        """Why: the rules that fired and what they saw, and the rules that nearly fired, that is,
        but for one condition. For an input document, for a text, or for a recorded decision,
        whose document holds no words: rules that read words are named then."""
        if sum(one is not None for one in (document, text, decision)) != 1:
            raise InvalidField("explain", "takes one of: DOCUMENT, --text, --decision", "Give one.")
        snapshot = load_snapshot(folder(context, policies))
        if document is not None:
            given = read_document(document, snapshot)
        elif decision is not None:
            given = run(lambda: _recorded_document(context, commands, tenant, decision))
        else:
            now = datetime.now(UTC)
            submission = Submission(
                message_id=new_id("msg", now),
                tenant=tenant,
                channel=channel,
                creator=creator,
                avatar=f"{creator}-twin",
                conversation="command-line",
                text=text or "",
                received_at=now,
                human_text=human,
                audience=Audience(minor=minor, jurisdictions=tuple(jurisdiction or ())),
                commercial=Commercial(paid_partnership=paid, brand=brand),
                caller="command line",
                dry_run=True,
            )
            given = run(lambda: _document_of_text(context, commands, submission))
        explanation = explain(snapshot, given)
        if as_json:
            typer.echo(_explanation_json(explanation, every=every))
        else:
            _tell_explanation(explanation, every=every)


async def _document_of_text(
    context: typer.Context, commands: CommandServices, submission: Submission
) -> Mapping[str, Any]:
    async with commands.document(settings_of(context)) as document:
        return await document(submission)


async def _recorded_document(
    context: typer.Context, commands: CommandServices, tenant: str, wanted: str
) -> Mapping[str, Any]:
    """The document as recorded. Raises NotFound."""
    async with commands.opened(settings_of(context)) as opened:
        body = await _find_entry(opened, tenant, wanted)
    if body is None or not body.get("input"):
        raise NotFound("recorded decision", wanted, "Give a dec_… or msg_… id of this tenant.")
    return dict(body["input"])


async def _find_entry(opened: Opened, tenant: str, wanted: str) -> Mapping[str, Any] | None:
    log = opened.store.log
    if wanted.startswith("msg_"):
        entries = await log.entries_of_message(wanted, tenant=tenant)
        bodies = [orjson.loads(entry.body) for entry in entries]
        return next((body for body in reversed(bodies) if body.get("input")), None)
    before = None
    while entries := await log.find(EntryQuery(tenant=tenant), limit=PAGE, before=before):
        for entry in entries:
            body: Mapping[str, Any] = orjson.loads(entry.body)
            if body.get("decision_id") == wanted and body.get("input"):
                return body
        before = entries[-1].seq
    return None


def _explanation_json(explanation: Explanation, *, every: bool) -> str:
    outcome = {
        "verdict": explanation.result.verdict.value,
        "masked": explanation.masked,
        "blind": list(explanation.blind),
        "rules": [
            asdict(story)
            for story in explanation.stories
            if every or story.fate is not RuleFate.NOT
        ],
    }
    return json.dumps(outcome, indent=2, ensure_ascii=False)


def _tell_explanation(explanation: Explanation, *, every: bool) -> None:
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
        stories = explanation.of(fate)
        out.print(Text(f"\n{len(stories)} {title}", style="bold"))
        for story in stories:
            _tell_story(story)


def _tell_story(story: RuleTrace) -> None:
    out = console()
    about = f"  {story.file}:{story.line}" + (
        f"  asks for {story.verdict}" if story.verdict else ""
    )
    out.print(Text.assemble((story.rule, "cyan"), (about, "dim")))
    for condition in story.conditions:
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
