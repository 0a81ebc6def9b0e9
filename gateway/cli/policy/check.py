"""`policy check`, `policy test`, `policy coverage`: what a CI asks of policies."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gateway.cli.policy.output import (
    AsJson,
    Directory,
    Folder,
    FormatOption,
    OutputFormat,
    annotation,
    chosen_format,
    console,
    junit,
    pass_colour,
)
from gateway.errors import PolicyInvalid
from gateway.policy.authoring.check import CheckReport, check, find_opa
from gateway.policy.authoring.coverage import Coverage, FileCoverage, coverage
from gateway.policy.authoring.testing import (
    RuleTestResult,
    RuleTestStatus,
    refuse_no_tests,
    run_tests,
)
from gateway.policy.packs.source import fingerprint, load_snapshot
from gateway.policy.packs.subset import BUILT_INS

Watch = Annotated[bool, typer.Option("--watch", help="Again whenever a file changes.")]
LOOK_EVERY_S = 0.5


def add(app: typer.Typer, folder: Folder) -> None:
    _add_check(app, folder)
    _add_test(app, folder)
    _add_coverage(app, folder)


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
        output: FormatOption = OutputFormat.TEXT,
        as_json: AsJson = False,
    ) -> None:
        """Check syntax, the subset that both engines share, names, METADATA, tests, phrases,
        schemas, the facts of legal rules, and rules that nothing uses or that can never count.
        The exit code is 1 when something is wrong."""
        if built_ins:
            typer.echo("\n".join(sorted(BUILT_INS)))
            return
        directory = folder(context, policies)
        program = find_opa(str(opa) if opa else None, os.environ.get("PATH"))
        try:
            report = check(load_snapshot(directory), directory=directory, opa=program)
        except PolicyInvalid as problem:
            report = CheckReport(
                problems=(problem,), modules=0, tests=0, patterns=0, opa="not asked"
            )
        _tell_report(report, chosen_format(output, as_json), directory)
        raise typer.Exit(0 if report.clean else 1)


def _tell_report(report: CheckReport, output: OutputFormat, directory: Path) -> None:
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_report_json(report), indent=2))
    elif output is OutputFormat.JUNIT:
        found: list[tuple[str, str, str | None]] = [
            (one.file, one.what, str(one)) for one in report.problems
        ]
        typer.echo(junit("policy check", found or [("policies", "check", None)]))
    elif output is OutputFormat.GITHUB:
        for one in report.problems:
            place = (str(directory / one.file), one.line, one.column)
            typer.echo(annotation(*place, "policy check", f"{one.problem}. {one.mend}"))
    else:
        _print_report(report)


def _report_json(report: CheckReport) -> dict[str, Any]:
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


def _print_report(report: CheckReport) -> None:
    out = console()
    for one in report.problems:
        out.print(f"[bold]{escape(one.what)}[/]: {escape(one.problem)}", highlight=False)
        out.print(f"  {one.mend}", markup=False, highlight=False, style="dim")
    out.print(
        f"{report.modules} modules, {report.tests} test files, {report.patterns} phrases; "
        f"opa check --strict: {report.opa}",
        markup=False,
        highlight=False,
    )
    count = len(report.problems)
    word = "problem" if count == 1 else "problems"
    out.print("no problems" if not count else f"{count} {word}", style=pass_colour(not count))


def _add_test(app: typer.Typer, folder: Folder) -> None:
    @app.command("test")
    def tested(
        context: typer.Context,
        policies: Directory = None,
        only: Annotated[str, typer.Option("--run", help="Only tests with this in the name.")] = "",
        watch: Watch = False,
        output: FormatOption = OutputFormat.TEXT,
        as_json: AsJson = False,
    ) -> None:
        """Run the tests of the packs in the embedded engine. The exit code is 1 when one
        fails, 2 when none could be run."""
        directory = folder(context, policies)

        def once() -> bool:
            outcomes = run_tests(load_snapshot(directory), only=only)
            refuse_no_tests(outcomes, only)
            _tell_tests(outcomes, chosen_format(output, as_json), directory)
            return all(one.status is RuleTestStatus.PASSED for one in outcomes)

        if watch:
            watched(directory, once)
        raise typer.Exit(0 if once() else 1)


def watched(
    directory: Path, once: Callable[[], object], *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Calls `once` now and after every change below `directory`, until it is interrupted."""
    seen = None
    while True:
        found = fingerprint(directory)
        if found != seen:
            seen = found
            try:
                once()
            except PolicyInvalid as problem:
                console().print(Text(str(problem), style="red"))
            console().print(f"watching {directory}; Ctrl-C ends it", style="dim", highlight=False)
        sleep(LOOK_EVERY_S)


def _tell_tests(
    outcomes: tuple[RuleTestResult, ...], output: OutputFormat, directory: Path
) -> None:
    bad = [one for one in outcomes if one.status is not RuleTestStatus.PASSED]
    if output is OutputFormat.JSON:
        typer.echo(json.dumps([asdict(one) for one in outcomes], indent=2, ensure_ascii=False))
    elif output is OutputFormat.JUNIT:
        cases = [
            (one.file, one.name, None if one not in bad else _failure_text(one)) for one in outcomes
        ]
        typer.echo(junit("policy test", cases))
    elif output is OutputFormat.GITHUB:
        for one in bad:
            typer.echo(
                annotation(str(directory / one.file), one.line, None, one.name, _failure_text(one))
            )
    else:
        _tell_outcomes(outcomes, bad)


def _failure_text(one: RuleTestResult) -> str:
    parts = [one.problem or f"does not hold: {one.expression}"]
    if one.actual is not None:
        parts.append(f"actual: {one.actual}")
    if one.expected is not None:
        parts.append(f"expected {one.operator}: {one.expected}")
    return f"{one.file}:{one.line}\n" + "\n".join(parts)


def _tell_outcomes(outcomes: tuple[RuleTestResult, ...], bad: list[RuleTestResult]) -> None:
    out = console()
    for one in bad:
        out.print(Text(f"{one.status.upper()} {one.name}", style="bold red"))
        out.print(Text(f"  {one.file}:{one.line}", style="dim"))
        for title, value in (
            ("does not hold", one.expression),
            ("actual", one.actual),
            (f"expected {one.operator or ''}".rstrip(), one.expected),
            ("problem", one.problem),
        ):
            if value:
                out.print(Text(f"  {title + ':':<16}{value}"))
    passed = len(outcomes) - len(bad)
    out.print(f"{passed} passed, {len(bad)} failed", style=pass_colour(not bad), highlight=False)


def _add_coverage(app: typer.Typer, folder: Folder) -> None:
    @app.command("coverage")
    def covered(
        context: typer.Context,
        policies: Directory = None,
        fail_under: Annotated[
            float, typer.Option(min=0, max=100, help="Exit with 1 below this percentage.")
        ] = 0.0,
        output: FormatOption = OutputFormat.TEXT,
        as_json: AsJson = False,
    ) -> None:
        """Which lines and rules the tests reach, as the embedded engine counts lines. (The opa
        program has `opa test --coverage` of its own, which counts expressions.)"""
        directory = folder(context, policies)
        found = coverage(load_snapshot(directory))
        enough = found.share * 100 >= fail_under
        _tell_coverage(found, chosen_format(output, as_json), directory, fail_under)
        raise typer.Exit(0 if enough else 1)


def _tell_coverage(
    found: Coverage, output: OutputFormat, directory: Path, fail_under: float
) -> None:
    partly = [file for file in found.files if file.missed]
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_coverage_json(found), indent=2))
    elif output is OutputFormat.JUNIT:
        cases = [(file.file, "coverage", _missing_lines(file, fail_under)) for file in found.files]
        typer.echo(junit("policy coverage", cases))
    elif output is OutputFormat.GITHUB:
        for file in partly:
            place = (str(directory / file.file), file.missed[0], None)
            typer.echo(annotation(*place, "not reached by tests", f"lines {_ranges(file.missed)}"))
    else:
        table = Table("file", "reached", "lines that no test reaches", "rules")
        for file in partly:
            rules = ", ".join(file.unreached_rules)
            table.add_row(file.file, f"{file.share:.0%}", _ranges(file.missed), rules)
        if partly:
            console().print(table)
        total = f"{found.share:.1%} of lines reached, {len(found.files)} files"
        enough = found.share * 100 >= fail_under
        console().print(total, style=pass_colour(enough), highlight=False)


def _missing_lines(file: FileCoverage, fail_under: float) -> str | None:
    return _ranges(file.missed) if file.share * 100 < fail_under else None


def _coverage_json(found: Coverage) -> dict[str, Any]:
    return {
        "share": round(found.share, 4),
        "files": [{**asdict(file), "share": round(file.share, 4)} for file in found.files],
    }


def _ranges(lines: tuple[int, ...]) -> str:
    """1, 2, 3, 7 → "1-3, 7"."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in parts)
