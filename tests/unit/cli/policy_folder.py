"""A small folder of policies, and what runs `policy` commands on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli.context import CommandServices
from gateway.cli.policy import group as policy
from gateway.settings import Settings, read_settings

MAIN = """\
# METADATA
# title: Decision
# description: Decides.
package gateway

decision := {"verdict": verdict, "reasons": reasons, "obligations": obligations}

default verdict := "publish"

verdict := "block" if input.bad

reasons := [{"rule": "a.b", "text": "Say it otherwise.", "verdict": "block"} | input.bad]

obligations := [{"kind": "mark", "params": {"formats": ["iptc"]}, "rules": ["a.b"]} | input.bad]
"""
TEST = 'package gateway_test\n\ntest_it if data.gateway.verdict == "publish" with input as {}\n'
Ask = Callable[..., Result]


def _never(*_: Any) -> Any:
    raise AssertionError("not needed here")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "policies"
    (root / "schemas").mkdir(parents=True)
    (root / "main.rego").write_text(MAIN, encoding="utf-8")
    (root / "main_test.rego").write_text(TEST, encoding="utf-8")
    (root / "schemas" / "creator.schema.json").write_text("{}", encoding="utf-8")
    schema = {"type": "object", "properties": {"bad": {"type": "boolean"}}}
    (root / "schemas" / "input.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    return root


@pytest.fixture
def ask(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPA_BINARY", raising=False)
    settings = read_settings(None, {"data_dir": tmp_path / "data"})

    def policies_dir(given: Settings) -> Path:
        assert given is settings
        return folder

    commands = CommandServices(
        settings=_never,
        opened=_never,
        gateway=_never,
        serve=_never,
        policies_dir=policies_dir,
        check_creator=_never,
        document=_never,
    )
    app = typer.Typer()

    @app.callback()
    def root(context: typer.Context) -> None:
        context.obj = settings

    app.add_typer(policy.build(commands), name="policy")
    runner = CliRunner(env={"COLUMNS": "200", "PATH": str(tmp_path)})
    return lambda *arguments, **more: runner.invoke(app, ["policy", *map(str, arguments)], **more)
