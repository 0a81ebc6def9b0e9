"""`policy`: check packs, test them, show them, try them on a document."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gateway.cli.context import Workshop, settings_of
from gateway.errors import InvalidField, PolicyInvalid, StageFailure
from gateway.model.verdict import Verdict
from gateway.policy.check import Report, check, find_opa
from gateway.policy.describe import PackFacts, describe
from gateway.policy.embedded import DECISION_PATH
from gateway.policy.evaluator import Evaluator
from gateway.policy.result import Result, parse_json
from gateway.policy.server import write_bundle
from gateway.policy.source import Snapshot, load_snapshot
from gateway.policy.subset import BUILT_INS, compile_snapshot
from gateway.policy.testing import Outcome, Status, refuse_no_tests, run_tests

MAX_DOCUMENT_BYTES = 4 << 20

_COLOURS = {Verdict.PUBLISH: "green", Verdict.HOLD: "yellow", Verdict.BLOCK: "red"}

Directory = Annotated[
    Path | None, typer.Option("--policies", help="Folder with the packs; else the one in use.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def build(workshop: Workshop) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    def folder(context: typer.Context, given: Path | None) -> Path:
        return given or workshop.policies_dir(settings_of(context))

    _add_check(app, folder)
    _add_test(app, folder)
    _add_show(app, folder)
    _add_eval(app, folder)
    _add_export(app, folder)
    return app


Folder = Callable[[typer.Context, Path | None], Path]


def _add_check(app: typer.Typer, folder: Folder) -> None:
    @app.command("check")
    def checked(
        context: typer.Context,
        policies: Directory = None,
        opa: Annotated[
            Path | None,
            typer.Option(help="The opa program; else the one on the path.", envvar="OPA_BINARY"),
        ] = None,
        built_ins: Annotated[
            bool, typer.Option("--built-ins", help="List the built-ins policies may call.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Check syntax, the subset that both engines share, names, METADATA, tests, phrases,
        schemas and the facts of legal rules. The exit code is 1 when something is wrong."""
        if built_ins:
            typer.echo("\n".join(sorted(BUILT_INS)))
            return
        directory = folder(context, policies)
        program = find_opa(str(opa) if opa else None, os.environ.get("PATH"))
        try:
            report = check(load_snapshot(directory), directory=directory, opa=program)
        except PolicyInvalid as problem:
            report = Report(problems=(problem,), modules=0, tests=0, patterns=0, opa="not asked")
        typer.echo(json.dumps(_report(report), indent=2)) if as_json else _tell_report(report)
        raise typer.Exit(0 if report.clean else 1)


def _report(report: Report) -> dict[str, Any]:
    return {
        "ok": report.clean,
        "modules": report.modules,
        "tests": report.tests,
        "patterns": report.patterns,
        "opa": report.opa,
        "problems": [
            {
                "file": one.file,
                "line": one.line,
                "column": one.column,
                "problem": one.problem,
                "mend": one.mend,
            }
            for one in report.problems
        ],
    }


def _tell_report(report: Report) -> None:
    console = _console()
    for one in report.problems:
        console.print(f"[bold]{escape(one.what)}[/]: {escape(one.problem)}", highlight=False)
        console.print(f"  {one.mend}", markup=False, highlight=False, style="dim")
    console.print(
        f"{report.modules} modules, {report.tests} test files, {report.patterns} phrases; "
        f"opa check --strict: {report.opa}",
        markup=False,
        highlight=False,
    )
    count = len(report.problems)
    word = "problem" if count == 1 else "problems"
    console.print("no problems" if not count else f"{count} {word}", style=_good(not count))


def _add_test(app: typer.Typer, folder: Folder) -> None:
    @app.command("test")
    def tested(
        context: typer.Context,
        policies: Directory = None,
        only: Annotated[str, typer.Option("--run", help="Only tests with this in the name.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Run the tests of the packs in the embedded engine. The exit code is 1 when one
        fails, 2 when none could be run."""
        outcomes = run_tests(load_snapshot(folder(context, policies)), only=only)
        refuse_no_tests(outcomes, only)
        bad = [one for one in outcomes if one.status is not Status.PASSED]
        if as_json:
            typer.echo(json.dumps([asdict(one) for one in outcomes], indent=2, ensure_ascii=False))
        else:
            _tell_outcomes(outcomes, bad)
        raise typer.Exit(1 if bad else 0)


def _tell_outcomes(outcomes: tuple[Outcome, ...], bad: list[Outcome]) -> None:
    console = _console()
    for one in bad:
        console.print(Text(f"{one.status.upper()} {one.name}", style="bold red"))
        console.print(Text(f"  {one.file}:{one.line}", style="dim"))
        for title, value in (
            ("does not hold", one.expression),
            ("actual", one.actual),
            (f"expected {one.operator or ''}".rstrip(), one.expected),
            ("problem", one.problem),
        ):
            if value:
                console.print(Text(f"  {title + ':':<16}{value}"))
    passed = len(outcomes) - len(bad)
    console.print(f"{passed} passed, {len(bad)} failed", style=_good(not bad), highlight=False)


def _add_show(app: typer.Typer, folder: Folder) -> None:
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
    console = _console()
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
        console.print(table)
    console.print(f"digest {snapshot.bundle.digest}", highlight=False, soft_wrap=True)


def _add_eval(app: typer.Typer, folder: Folder) -> None:
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
        given = _document(document, snapshot)
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


def _document(path: Path, snapshot: Snapshot) -> str:
    """The document's JSON, valid by the schema of these policies."""
    name = "stdin" if str(path) == "-" else str(path)
    try:
        with sys.stdin.buffer if name == "stdin" else path.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT_BYTES + 1)
        if len(content) > MAX_DOCUMENT_BYTES:
            raise InvalidField(name, f"is larger than {MAX_DOCUMENT_BYTES} bytes", "Shorten it.")
        text = content.decode("utf-8")
        value = json.loads(text)
    except (OSError, ValueError) as error:
        raise InvalidField(name, f"cannot be read: {error}", "Name a JSON file.") from None
    schema = snapshot.schemas.get("input.schema.json")
    wrong = best_match(Draft202012Validator(schema).iter_errors(value)) if schema else None
    if wrong is not None:
        where = ".".join(str(step) for step in wrong.absolute_path) or "the document"
        raise InvalidField(
            name, f"{where}: {wrong.message[:200]}", "docs/reference/policy-input.md lists all."
        )
    return text


def _tell_decision(result: Result) -> None:
    console = _console()
    console.print(Text(result.verdict.value, style=f"bold {_COLOURS[result.verdict]}"))
    reasons = Table("rule", "verdict", "why")
    for reason in result.reasons:
        colour = _COLOURS[reason.verdict]
        reasons.add_row(reason.rule, Text(reason.verdict.value, style=colour), Text(reason.text))
    obligations = Table("obligation", "parameters", "because of")
    for one in result.obligations:
        params = json.dumps(dict(one.params), ensure_ascii=False)
        obligations.add_row(one.kind.value, Text(params), ", ".join(one.rules))
    for table in (reasons, obligations):
        if table.row_count:
            console.print(table)


def _add_export(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def export(
        context: typer.Context,
        out: Annotated[Path, typer.Argument(help="A new or empty folder.", file_okay=False)],
        policies: Directory = None,
    ) -> None:
        """Write the policies as a bundle for an OPA server of your own: `opa run -s -b OUT`,
        `opa build -b OUT`, `opa sign`. The server then proves which policies it holds."""
        snapshot = load_snapshot(folder(context, policies))
        compile_snapshot(snapshot)
        if out.exists() and any(out.iterdir()):
            raise InvalidField("OUT", "is not empty", "Name a new folder.")
        files = write_bundle(snapshot, out)
        typer.echo(f"{len(files)} files, digest {snapshot.bundle.digest}")


def _console() -> Console:
    return Console(soft_wrap=False)


def _good(good: bool) -> str:
    return "green" if good else "red"
