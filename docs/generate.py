"""Writes the reference pages that are made from the code; `--check` fails when one is stale."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import click
import typer

from docs import asyncapi, packs, routes, statements
from gateway import errors
from gateway.api.app import build_app
from gateway.api.problems import TYPE_BASE
from gateway.assembly.commands import command_services
from gateway.assembly.serving import version
from gateway.cli.app import build as build_command
from gateway.cli.lazy import LazyGroup
from gateway.pii.reference import recognizers_page
from gateway.policy.authoring.reference import render
from gateway.policy.packs.source import load_snapshot
from gateway.reporting import columns
from gateway.settings import CONFIG_VARIABLE, ENV_PREFIX, Settings

REFERENCE = Path(__file__).parent / "reference"
POLICIES = Path(__file__).parent.parent / "policies"
NOTE = "<!-- Made from the code by `make docs`: do not edit. -->\n"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Sources, strongest first: flags of `serve`, environment variables, a TOML file (`--config`,",
        f"`{CONFIG_VARIABLE}`, or ./avatar-gateway.toml), these defaults. A name that is no setting",
        "is refused, with the nearest one that is.",
        "",
        "| setting | environment | default | what |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`"
        shown = "`()`" if field.default == () else default
        lines.append(f"| `{name}` | `{ENV_PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    root = typer.main.get_command(build_command(command_services()))
    lines = ["# Commands", ""]
    for path, command in _walk("avatar-gateway", root):
        context = click.Context(command, info_name=path, max_content_width=96, terminal_width=96)
        lines += [f"## {path}", "", "```", command.get_help(context).strip(), "```", ""]
    return "\n".join(lines)


def _walk(path: str, command: Any) -> list[tuple[str, Any]]:
    found = [(path, command)]
    children = getattr(command, "commands", {})
    if isinstance(command, LazyGroup):
        children = {name: command.load_command(name) for name in children}
    for name, child in children.items():
        found += _walk(f"{path} {name}", child)
    return found


def openapi() -> dict[str, Any]:
    return build_app(None, version=version(), max_body_bytes=1).openapi()


def http_page() -> str:
    document = openapi()
    lines = [
        "# HTTP API",
        "",
        "The full description, with schemas and examples, is at `/openapi.json` of a running gateway,",
        "and readable at `/docs`. Errors are RFC 9457 problems: [problems.md](problems.md).",
    ]
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            lines += ["", f"## {method.upper()} {path}", "", operation.get("summary", "")]
            if described := operation.get("description"):
                lines += ["", described]
            lines += ["", "| status | meaning |", "|---|---|"]
            lines += [
                f"| {status} | {answer['description']} |"
                for status, answer in sorted(operation["responses"].items())
            ]
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    lines = [
        "# Problems",
        "",
        "Errors are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, and",
        "`errors` with field, problem and mend where fields are wrong. A blocked message is a problem",
        "too, and carries the whole outcome.",
        "",
        "| type | status | title |",
        "|---|---|---|",
    ]
    refusals = [
        found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, errors.Refusal)
    ]
    lines += [
        f"| `{TYPE_BASE}{one.slug}` | {one.status} | {one.title} |"
        for one in sorted(refusals, key=lambda one: (one.status, one.slug))
    ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference/."""
    made = {
        "settings.md": settings_page(),
        "cli.md": commands_page(),
        "http.md": http_page(),
        "problems.md": problems_page(),
        "pii.md": recognizers_page().removeprefix(NOTE).lstrip("\n"),
        "export-columns.md": columns.page(),
        "statements-of-reasons.md": statements.page(),
        "routes.md": routes.page(),
        "policy-input.md": render(load_snapshot(POLICIES).schemas["input.schema.json"]),
        **packs.pages(),
    }
    trailing = re.compile(r"[ \t]+$", re.MULTILINE)
    noted = {name: f"{NOTE}\n{trailing.sub('', page)}" for name, page in made.items()}
    return noted | {
        "asyncapi.yaml": "# Made from the code by `make docs`: do not edit.\n" + asyncapi.page()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    made, stale = pages(), []
    for name, page in made.items():
        file = REFERENCE / name
        if file.exists() and file.read_text(encoding="utf-8") == page:
            continue
        stale.append(name)
        if not given.check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page, encoding="utf-8")
            print(f"wrote docs/reference/{name}")
    for file in (REFERENCE / "legal-rules").glob("*.md"):
        if f"legal-rules/{file.name}" not in made:
            stale.append(f"legal-rules/{file.name}")
            if not given.check:
                file.unlink()
    if given.check and stale:
        sys.exit(f"stale, run `make docs`: {', '.join(stale)}")


if __name__ == "__main__":
    main()
