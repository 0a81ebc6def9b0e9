"""`policy show`, `policy eval`: list the packs, and judge an input document."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from gateway.cli.options import AsJson
from gateway.cli.output import COLOURS
from gateway.cli.policy.output import Directory, Folder, console, read_document
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
        packs = [facts for facts in describe(snapshot) if pack in (None, facts.name)]
        if pack is not None and not packs:
            raise InvalidField("--pack", "there is no such pack", "`policy show` lists them.")
        if as_json:
            packs_json = [asdict(facts) for facts in packs]
            shown = {"digest": snapshot.bundle.digest, "packs": packs_json}
            typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        else:
            _print_packs(snapshot, packs)


def _print_packs(snapshot: Snapshot, packs: list[PackFacts]) -> None:
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
        """Show what the policies decide about an input document. The document of a recorded entry
        holds no words: rules that read words do not fire on it."""
        snapshot = load_snapshot(folder(context, policies))
        document_json = json.dumps(read_document(document, snapshot))
        compile_snapshot(snapshot)
        try:
            answer = Evaluator(snapshot).evaluate(document_json, DECISION_PATH)
            result = parse_json(answer)
        except StageFailure as failure:
            raise PolicyInvalid("data.gateway.decision", failure.reason, "Mend it.") from None
        if as_json:
            typer.echo(json.dumps(json.loads(answer), indent=2, ensure_ascii=False))
        else:
            _print_decision(result)


def _print_decision(result: EngineResult) -> None:
    out = console()
    out.print(Text(result.verdict.value, style=f"bold {COLOURS[result.verdict]}"))
    reasons = Table("rule", "verdict", "why")
    for reason in result.reasons:
        colour = COLOURS[reason.verdict]
        reasons.add_row(reason.rule, Text(reason.verdict.value, style=colour), Text(reason.text))
    obligations = Table("obligation", "parameters", "because of")
    for obligation in result.obligations:
        params = json.dumps(dict(obligation.params), ensure_ascii=False)
        obligations.add_row(obligation.kind.value, Text(params), ", ".join(obligation.rules))
    for table in (reasons, obligations):
        if table.row_count:
            out.print(table)
