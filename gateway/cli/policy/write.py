"""`policy new`, `policy index`, `policy fmt`, `policy lint`: writing rules."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.policy.output import Directory, Folder, OpaProgram, OutputFormat
from gateway.errors import InvalidField
from gateway.policy.authoring.scaffold import scaffold
from gateway.policy.authoring.scaffold_law import scaffold_law
from gateway.policy.packs.legal import INDEX, index_text
from gateway.policy.packs.source import load_snapshot, read_folder

PROGRAM_TIMEOUT_S = 120.0
"""The longest run of opa or regal over all the policies: they take seconds."""
_OPA = "https://github.com/open-policy-agent/opa/releases, or `go install` of it"
_REGAL = "https://github.com/open-policy-agent/regal/releases"


def add(app: typer.Typer, folder: Folder) -> None:
    _add_new(app, folder)
    _add_index(app, folder)
    _add_fmt(app, folder)
    _add_lint(app, folder)


def _add_new(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def new(
        context: typer.Context,
        name: Annotated[
            str,
            typer.Argument(
                help="<pack>.<rule>, such as shop.exams; for a law its id, such as us.xx."
            ),
        ],
        policies: Directory = None,
        verdict: Annotated[str, typer.Option(help="publish, hold or block.")] = "hold",
        title: Annotated[str, typer.Option(help="What people call it.")] = "",
        law: Annotated[
            bool,
            typer.Option(
                "--law", help="Scaffold a law: facts, test and page, as a draft that is off."
            ),
        ] = False,
    ) -> None:
        """Scaffold a rule with its test, phrases, examples and page, or a law. It passes
        `policy check` and `policy test` as it is."""
        directory = folder(context, policies)
        if law:
            paths = scaffold_law(directory, name, title=title, today=datetime.now(UTC).date())
        else:
            paths = scaffold(directory, name, verdict=verdict, title=title)
        for path in paths:
            typer.echo(str(path))


def _add_index(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def index(
        context: typer.Context,
        policies: Directory = None,
    ) -> None:
        """Write the index of the legal rules anew, after a change of their facts: policies whose
        index is stale are refused."""
        directory = folder(context, policies)
        file = directory / INDEX
        text = index_text(load_snapshot(directory))
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            typer.echo(str(file))


def _add_fmt(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def fmt(
        context: typer.Context,
        policies: Directory = None,
        opa: OpaProgram = None,
        check: Annotated[
            bool, typer.Option("--check", help="Write nothing; exit with 1 if it would.")
        ] = False,
    ) -> None:
        """Format the policies with `opa fmt`. Needs the opa program; the exit code is 2 when it
        is not there."""
        program = _find_program("opa", opa, _OPA)
        arguments = ["fmt", "--list", "--fail"] if check else ["fmt", "--write"]
        code = _run_program(program, arguments, folder(context, policies))
        raise typer.Exit(1 if check and code else code)


def _add_lint(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def lint(
        context: typer.Context,
        policies: Directory = None,
        regal: Annotated[
            Path | None,
            typer.Option(
                help="The regal program; else the one on the path.", envvar="REGAL_BINARY"
            ),
        ] = None,
        output: Annotated[
            OutputFormat, typer.Option("--format", help="Output format of regal.")
        ] = OutputFormat.TEXT,
    ) -> None:
        """Lint the policies with Regal. Needs the regal program; the exit code is 2 when it is
        not there, else regal's own. `policy check` needs neither."""
        program = _find_program("regal", regal, _REGAL)
        names = {OutputFormat.TEXT: "pretty"}
        arguments = ["lint", "--format", names.get(output, output.value)]
        raise typer.Exit(_run_program(program, arguments, folder(context, policies)))


def _find_program(name: str, option: Path | None, where: str) -> str:
    program = str(option) if option else shutil.which(name, path=os.environ.get("PATH"))
    if not program:
        raise InvalidField(
            name, "the program is not on the path", f"Get it from {where}, or name it with --{name}"
        )
    return program


def _run_program(program: str, arguments: Sequence[str], directory: Path) -> int:
    """Run `program` on all Rego files and return its exit code. What it prints goes to standard
    output and standard error of this command."""
    files = [path for path, _ in read_folder(directory) if path.endswith(".rego")]
    try:
        completed = subprocess.run(  # noqa: S603 - the operator names the program
            [program, *arguments, *files],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=PROGRAM_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InvalidField(
            program, f"it does not run ({type(error).__name__})", "Name another one."
        ) from None
    typer.echo(completed.stdout, nl=False)
    typer.echo(completed.stderr, nl=False, err=True)
    return completed.returncode
