"""What the `policy` commands share: their options, output formats, reading a document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree

import typer
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from rich.console import Console

from gateway.errors import InvalidField
from gateway.policy.packs.source import Snapshot

MAX_DOCUMENT_BYTES = 4 << 20
"""The largest input document (JSON): far more than a message makes."""

Directory = Annotated[
    Path | None, typer.Option("--policies", help="Folder with the packs; else the one in use.")
]
OpaProgram = Annotated[
    Path | None,
    typer.Option(help="The opa program; else the one on the path.", envvar="OPA_BINARY"),
]
Folder = Callable[[typer.Context, Path | None], Path]
"""The folder with the packs: the one given with --policies, else the one in use."""


class OutputFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"  # XML, as most CI systems read it
    GITHUB = "github"  # annotations of GitHub Actions


FormatOption = Annotated[OutputFormat, typer.Option("--format", help="Output format.")]


def chosen_format(given: OutputFormat, as_json: bool) -> OutputFormat:
    """`--json` is short for `--format json`."""
    return OutputFormat.JSON if as_json else given


def console() -> Console:
    return Console(soft_wrap=False)


def pass_colour(passed: bool) -> str:
    return "green" if passed else "red"


def annotation(file: str, line: int | None, column: int | None, title: str, message: str) -> str:
    """One line that GitHub Actions shows beside the file."""
    place = {"file": file, "line": line, "col": column, "title": title}
    properties = ",".join(f"{key}={_escape(value)}" for key, value in place.items() if value)
    return f"::error {properties}::{_escape(message, properties=False)}"


def _escape(value: object, *, properties: bool = True) -> str:
    text = str(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if properties else text


def junit(suite: str, cases: list[tuple[str, str, str | None]]) -> str:
    """Write JUnit XML. Each of `cases` is its class, its name, and what failed or None."""
    failures = sum(failure is not None for _, _, failure in cases)
    root = ElementTree.Element(
        "testsuite", name=suite, tests=str(len(cases)), failures=str(failures)
    )
    for group, name, failure in cases:
        case = ElementTree.SubElement(root, "testcase", classname=group, name=name)
        if failure is not None:
            first = failure.splitlines()[0] if failure else "failed"
            ElementTree.SubElement(case, "failure", message=first).text = failure
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def read_document(path: Path, snapshot: Snapshot) -> Mapping[str, Any]:
    """Read an input document (JSON; `-` is standard input), which must be valid by the schema of
    these policies. Raises InvalidField."""
    name = "stdin" if str(path) == "-" else str(path)
    try:
        with sys.stdin.buffer if name == "stdin" else path.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT_BYTES + 1)
        if len(content) > MAX_DOCUMENT_BYTES:
            raise InvalidField(name, f"is larger than {MAX_DOCUMENT_BYTES} bytes", "Shorten it.")
        value = json.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidField(name, f"cannot be read: {error}", "Name a JSON file.") from None
    schema = snapshot.schemas.get("input.schema.json")
    violation = best_match(Draft202012Validator(schema).iter_errors(value)) if schema else None
    if violation is not None:
        where = ".".join(str(step) for step in violation.absolute_path) or "the document"
        raise InvalidField(
            name, f"{where}: {violation.message[:200]}", "docs/reference/policy-input.md lists all."
        )
    if not isinstance(value, dict):
        raise InvalidField(name, "is no document", "Name a JSON file that holds an object.")
    return value
