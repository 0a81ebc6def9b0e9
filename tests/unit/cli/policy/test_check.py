from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import Result

from gateway.cli.policy.check import run_on_change
from tests.unit.cli.policy_folder import MAIN, TEST, ask, folder

__all__ = ["ask", "folder"]
Ask = Callable[..., Result]


def test_failures_as_junit_and_as_annotations(ask: Ask, folder: Path) -> None:
    bad = '\ntest_no if data.gateway.verdict == "hold" with input as {"bad": true}\n'
    (folder / "main_test.rego").write_text(TEST + bad, encoding="utf-8")
    found = ask("test", "--format", "junit")
    assert found.exit_code == 1
    suite = ElementTree.fromstring(found.output)  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("./testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert 'actual: "block"' in failure.text
    line = ask("test", "--format", "github").output.strip()
    assert line.startswith("::error file=")
    assert "line=5" in line
    assert 'expected ==: "hold"' in line
    assert "\n" not in line


def test_problems_as_junit_and_as_annotations(ask: Ask, folder: Path) -> None:
    assert ElementTree.fromstring(ask("check", "--format", "junit").output).get("failures") == "0"  # noqa: S314
    (folder / "main.rego").write_text(MAIN + "\nx := http.send({})\n", encoding="utf-8")
    suite = ElementTree.fromstring(ask("check", "--format", "junit").output)  # noqa: S314
    assert int(suite.get("failures", 0)) >= 1
    found = ask("check", "--format", "github")
    assert found.exit_code == 1
    assert "main.rego,line=16,col=6," in found.output


def test_check_names_rules_that_nothing_uses(ask: Ask, folder: Path) -> None:
    (folder / "main.rego").write_text(MAIN + "\nspare := 1\n", encoding="utf-8")
    found = ask("check")
    assert found.exit_code == 1
    assert "main.rego:16:1: nothing uses spare" in found.output


@pytest.mark.parametrize("told", ["text", "json", "junit", "github"])
def test_coverage(ask: Ask, folder: Path, told: str) -> None:
    more = MAIN + "\nspare(x) if {\n\tx == 1\n}\n\nspared := spare(2)\n"
    (folder / "main.rego").write_text(more, encoding="utf-8")
    assert ask("coverage", "--format", told).exit_code == 0
    found = ask("coverage", "--fail-under", "100", "--format", told)
    assert found.exit_code == 1
    assert "main.rego" in found.output
    if told == "json":
        assert json.loads(found.output)["share"] < 1


def test_watching_runs_again_after_a_change(tmp_path: Path) -> None:
    runs: list[int] = []
    (tmp_path / "main.rego").write_text("a", encoding="utf-8")

    class EndedError(Exception):
        pass

    def sleep(_: float) -> None:
        if len(runs) == 1:
            (tmp_path / "main.rego").write_text("changed", encoding="utf-8")
        else:
            raise EndedError

    with pytest.raises(EndedError):
        run_on_change(tmp_path, lambda: runs.append(1), sleep=sleep)
    assert len(runs) == 2
