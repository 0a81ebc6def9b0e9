"""`policy show`, `policy eval`: what packs there are, and what they say to a document."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from gateway.cli.policy.output import (
    COLOURS,
    AsJson,
    Directory,
    Folder,
    console,
    read_document,
)
from gateway.errors import InvalidField, PolicyInvalid, StageFailure
from gateway.policy.authoring.describe import PackFacts, describe
from gateway.policy.engine.embedded import DECISION_PATH
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.engine.result import EngineResult, parse_json
from gateway.policy.packs.source import Snapshot, load_snapshot
from gateway.policy.packs.subset import compile_snapshot


def add_show(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def show(
        context: typer.Context,
        policies: Directory = None,
        pack: Annotated[str | None, typer.Option(help="Only this pack.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """The packs, their rules and revisions, and the digest that entries name."""
        snapshot = load_snapshot(folder(context, policies))
        packs = [one for one in describe(snapshot) if pack in (None, one.name)]
        if pack is not None and not packs:
            raise InvalidField("--pack", "there is no such pack", "`policy show` lists them.")
        if as_json:
            shown = {"digest": snapshot.bundle.digest, "packs": [asdict(one) for one in packs]}
            typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        else:
            _tell_packs(snapshot, packs)


def _tell_packs(snapshot: Snapshot, packs: list[PackFacts]) -> None:
    out = console()
    for pack in packs:
        table = Table(title_justify="left", title=Text(f"{pack.name} {pack.version}: {pack.title}"))
        table.add_column("rule", no_wrap=True)
        for column in ("verdicts", "obligations", "tests", "what"):
            table.add_column(column)
        for rule in pack.rules:
            table.add_row(
                rule.id,
                ", ".join(rule.verdicts),
                ", ".join(rule.obligations),
                str(rule.tests),
                Text(rule.title),
            )
        out.print(table)
    out.print(f"digest {snapshot.bundle.digest}", highlight=False, soft_wrap=True)


def add_eval(app: typer.Typer, folder: Folder) -> None:
    @app.command("eval")
    def evaluated(
        context: typer.Context,
        document: Annotated[
            Path, typer.Argument(help="An input document (JSON), such as an entry's; - is stdin.")
        ],
        policies: Directory = None,
        as_json: AsJson = False,
    ) -> None:
        """What the policies say to an input document. Masked documents of old entries can be
        tried too: rules that look at words then say nothing."""
        snapshot = load_snapshot(folder(context, policies))
        given = json.dumps(read_document(document, snapshot))
        compile_snapshot(snapshot)
        try:
            answer = Evaluator(snapshot).evaluate(given, DECISION_PATH)
            result = parse_json(answer)
        except StageFailure as failure:
            raise PolicyInvalid("data.gateway.decision", failure.reason, "Mend it.") from None
        if as_json:
            typer.echo(json.dumps(json.loads(answer), indent=2, ensure_ascii=False))
        else:
            _tell_decision(result)


def _tell_decision(result: EngineResult) -> None:
    out = console()
    out.print(Text(result.verdict.value, style=f"bold {COLOURS[result.verdict]}"))
    reasons = Table("rule", "verdict", "why")
    for reason in result.reasons:
        colour = COLOURS[reason.verdict]
        reasons.add_row(reason.rule, Text(reason.verdict.value, style=colour), Text(reason.text))
    obligations = Table("obligation", "parameters", "because of")
    for one in result.obligations:
        params = json.dumps(dict(one.params), ensure_ascii=False)
        obligations.add_row(one.kind.value, Text(params), ", ".join(one.rules))
    for table in (reasons, obligations):
        if table.row_count:
            out.print(table)
