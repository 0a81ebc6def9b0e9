"""`policy check`, `policy test`, `policy coverage`: the checks of policies that a CI runs."""

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

from gateway.cli.options import AsJson
from gateway.cli.policy.output import (
    Directory,
    Folder,
    FormatOption,
    OpaProgram,
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

Watch = Annotated[bool, typer.Option("--watch", help="Run again whenever a file changes.")]
LOOK_EVERY_S = 0.5  # between two looks whether a file has changed


def add(app: typer.Typer, folder: Folder) -> None:
    _add_check(app, folder)
    _add_test(app, folder)
    _add_coverage(app, folder)


def _add_check(app: typer.Typer, folder: Folder) -> None:
    @app.command("check")
    def checked(
        context: typer.Context,
        policies: Directory = None,
        opa: OpaProgram = None,
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
        _print_report_as(report, chosen_format(output, as_json), directory)
        raise typer.Exit(0 if report.clean else 1)


def _print_report_as(report: CheckReport, output: OutputFormat, directory: Path) -> None:
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_report_json(report), indent=2))
    elif output is OutputFormat.JUNIT:
        cases: list[tuple[str, str, str | None]] = [
            (problem.file, problem.what, str(problem)) for problem in report.problems
        ]
        typer.echo(junit("policy check", cases or [("policies", "check", None)]))
    elif output is OutputFormat.GITHUB:
        for problem in report.problems:
            place = (str(directory / problem.file), problem.line, problem.column)
            typer.echo(annotation(*place, "policy check", f"{problem.problem}. {problem.mend}"))
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
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "problem": problem.problem,
                "mend": problem.mend,
            }
            for problem in report.problems
        ],
    }


def _print_report(report: CheckReport) -> None:
    out = console()
    for problem in report.problems:
        out.print(f"[bold]{escape(problem.what)}[/]: {escape(problem.problem)}", highlight=False)
        out.print(f"  {problem.mend}", markup=False, highlight=False, style="dim")
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

        def run_once() -> bool:
            results = run_tests(load_snapshot(directory), only=only)
            refuse_no_tests(results, only)
            _print_tests(results, chosen_format(output, as_json), directory)
            return all(result.status is RuleTestStatus.PASSED for result in results)

        if watch:
            run_on_change(directory, run_once)
        raise typer.Exit(0 if run_once() else 1)


def run_on_change(
    directory: Path, run_once: Callable[[], object], *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Call `run_once` now and after every change below `directory`, until interrupted."""
    seen = None
    while True:
        current = fingerprint(directory)
        if current != seen:
            seen = current
            try:
                run_once()
            except PolicyInvalid as problem:
                console().print(Text(str(problem), style="red"))
            console().print(f"watching {directory}; Ctrl-C ends it", style="dim", highlight=False)
        sleep(LOOK_EVERY_S)


def _print_tests(
    results: tuple[RuleTestResult, ...], output: OutputFormat, directory: Path
) -> None:
    failed = [result for result in results if result.status is not RuleTestStatus.PASSED]
    if output is OutputFormat.JSON:
        results_json = [asdict(result) for result in results]
        typer.echo(json.dumps(results_json, indent=2, ensure_ascii=False))
    elif output is OutputFormat.JUNIT:
        cases = [
            (result.file, result.name, _failure_text(result) if result in failed else None)
            for result in results
        ]
        typer.echo(junit("policy test", cases))
    elif output is OutputFormat.GITHUB:
        for result in failed:
            place = (str(directory / result.file), result.line, None)
            typer.echo(annotation(*place, result.name, _failure_text(result)))
    else:
        _print_results(results, failed)


def _failure_text(result: RuleTestResult) -> str:
    parts = [result.problem or f"does not hold: {result.expression}"]
    if result.actual is not None:
        parts.append(f"actual: {result.actual}")
    if result.expected is not None:
        parts.append(f"expected {result.operator}: {result.expected}")
    return f"{result.file}:{result.line}\n" + "\n".join(parts)


def _print_results(results: tuple[RuleTestResult, ...], failed: list[RuleTestResult]) -> None:
    out = console()
    for result in failed:
        out.print(Text(f"{result.status.upper()} {result.name}", style="bold red"))
        out.print(Text(f"  {result.file}:{result.line}", style="dim"))
        for title, value in (
            ("does not hold", result.expression),
            ("actual", result.actual),
            (f"expected {result.operator or ''}".rstrip(), result.expected),
            ("problem", result.problem),
        ):
            if value:
                out.print(Text(f"  {title + ':':<16}{value}"))
    passed = len(results) - len(failed)
    counts = f"{passed} passed, {len(failed)} failed"
    out.print(counts, style=pass_colour(not failed), highlight=False)


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
        reached = coverage(load_snapshot(directory))
        enough = reached.share * 100 >= fail_under
        _print_coverage(reached, chosen_format(output, as_json), directory, fail_under)
        raise typer.Exit(0 if enough else 1)


def _print_coverage(
    reached: Coverage, output: OutputFormat, directory: Path, fail_under: float
) -> None:
    partly = [file for file in reached.files if file.missed]
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_coverage_json(reached), indent=2))
    elif output is OutputFormat.JUNIT:
        cases = [
            (file.file, "coverage", _missing_lines(file, fail_under)) for file in reached.files
        ]
        typer.echo(junit("policy coverage", cases))
    elif output is OutputFormat.GITHUB:
        for file in partly:
            place = (str(directory / file.file), file.missed[0], None)
            typer.echo(
                annotation(*place, "not reached by tests", f"lines {_format_ranges(file.missed)}")
            )
    else:
        table = Table("file", "reached", "lines that no test reaches", "rules")
        for file in partly:
            rules = ", ".join(file.unreached_rules)
            table.add_row(file.file, f"{file.share:.0%}", _format_ranges(file.missed), rules)
        if partly:
            console().print(table)
        total = f"{reached.share:.1%} of lines reached, {len(reached.files)} files"
        enough = reached.share * 100 >= fail_under
        console().print(total, style=pass_colour(enough), highlight=False)


def _missing_lines(file: FileCoverage, fail_under: float) -> str | None:
    return _format_ranges(file.missed) if file.share * 100 < fail_under else None


def _coverage_json(reached: Coverage) -> dict[str, Any]:
    return {
        "share": round(reached.share, 4),
        "files": [{**asdict(file), "share": round(file.share, 4)} for file in reached.files],
    }


def _format_ranges(lines: tuple[int, ...]) -> str:
    """1, 2, 3, 7 → "1-3, 7"."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in parts)
