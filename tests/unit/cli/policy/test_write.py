from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gateway.errors import InvalidField
from tests.paths import ROOT
from tests.unit.cli.policy_folder import ask, folder

__all__ = ["ask", "folder"]
Ask = Callable[..., Result]
SHIPPED = ROOT / "policies"


def test_from_nothing_to_a_rule_that_passes(ask: Ask, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    shutil.copytree(SHIPPED, packs)
    new = ask("new", "shop.exams", "--policies", packs, "--title", "Leaked exams")
    assert new.exit_code == 0
    assert (packs / "shop/exams/exams.rego").is_file()
    assert ask("check", "--policies", packs).exit_code == 0
    found = ask("test", "--policies", packs, "--run", "shop.exams")
    assert "3 passed, 0 failed" in found.output
    assert isinstance(ask("new", "shop.exams", "--policies", packs).exception, InvalidField)


def test_from_nothing_to_a_law_that_passes(ask: Ask, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    shutil.copytree(SHIPPED, packs)
    new = ask("new", "--law", "us.xx", "--policies", packs, "--title", "Bots tell what they are")
    assert new.exit_code == 0
    assert [Path(line).name for line in new.output.splitlines()] == [
        "README.md",
        "data.yaml",
        "us_xx_test.rego",
    ]
    checked = ask("check", "--policies", packs)
    assert (checked.exit_code, "no problems" in checked.output) == (0, True)
    assert "1 passed, 0 failed" in ask("test", "--policies", packs, "--run", "us_xx").output
    (packs / "legal/us_xx/us_xx_test.rego").unlink()
    found = ask("check", "--policies", packs)
    assert found.exit_code == 1
    assert "the law us.xx has no test" in found.output


def test_a_changed_legal_rule_needs_its_index(ask: Ask, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    shutil.copytree(SHIPPED, packs)
    switches = packs / "legal/data.yaml"
    text = switches.read_text("utf-8")
    switches.write_text(text.replace("on: []", "on: [cn.dvh]"), encoding="utf-8")
    assert ask("check", "--policies", packs).exit_code == 1
    assert ask("index", "--policies", packs).output.strip().endswith("law/data.json")
    assert "cn.dvh" in (packs / "law/data.json").read_text("utf-8")
    assert ask("check", "--policies", packs).exit_code == 0
    assert ask("index", "--policies", packs).output == ""


def test_formatting_is_left_to_opa(ask: Ask, folder: Path, opa: str) -> None:
    assert ask("fmt", "--check", "--opa", opa).exit_code == 0
    file = folder / "main.rego"
    text = file.read_text("utf-8")
    file.write_text(text.replace("verdict := ", "verdict   :=   "), encoding="utf-8")
    assert ask("fmt", "--check", "--opa", opa).exit_code == 1
    assert ask("fmt", "--opa", opa).exit_code == 0
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize("command", ["fmt", "lint"])
def test_programs_that_are_not_there_are_said_to_be_missing(ask: Ask, command: str) -> None:
    found = ask(command)
    assert isinstance(found.exception, InvalidField)
    assert "not on the path" in str(found.exception)


def test_linting_is_left_to_regal(ask: Ask, tmp_path: Path) -> None:
    program = tmp_path / "regal"
    program.write_text('#!/bin/sh\necho "$@"\nexit 3\n', encoding="utf-8")
    program.chmod(0o700)
    found = ask("lint", "--regal", program, "--format", "github")
    assert found.exit_code == 3
    assert found.output.startswith("lint --format github main.rego main_test.rego")
