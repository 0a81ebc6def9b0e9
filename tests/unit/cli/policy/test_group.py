from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gateway.errors import ConfigurationError, InvalidField, PolicyInvalid
from tests.paths import ROOT
from tests.unit.cli.policy_folder import MAIN, TEST, ask, folder

__all__ = ["ask", "folder"]
SHIPPED = ROOT / "policies"
Ask = Callable[..., Result]


def test_check_of_good_policies(ask: Ask) -> None:
    found = ask("check")
    assert found.exit_code == 0, found.output
    assert "no problems" in found.output
    assert "opa check --strict: not found" in found.output


def test_check_names_places_and_mends(ask: Ask, folder: Path) -> None:
    (folder / "main.rego").write_text(MAIN + "\nx := http.send({})\n", encoding="utf-8")
    found = ask("check")
    assert found.exit_code == 1
    assert "main.rego:16:6: http.send is neither" in found.output
    assert "Put what the policy needs" in found.output
    assert "2 problems" in found.output  # nothing uses it, either
    report = json.loads(ask("check", "--json").output)
    assert report["ok"] is False
    assert report["problems"][0]["line"] == 16


def test_check_of_what_cannot_be_read(ask: Ask, folder: Path) -> None:
    (folder / "data.yaml").write_text("a: no\n", encoding="utf-8")
    found = ask("check")
    assert found.exit_code == 1
    assert "data.yaml:1:4" in found.output


def test_check_lists_the_built_ins(ask: Ask) -> None:
    found = ask("check", "--built-ins")
    assert found.exit_code == 0
    assert "sprintf" in found.output.split()
    assert "http.send" not in found.output


def test_check_of_another_folder(ask: Ask, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "main.rego").write_text("package gateway\n\nx if {\n", encoding="utf-8")
    assert "main.rego:4:1" in ask("check", "--policies", other).output


def test_tests_that_pass(ask: Ask) -> None:
    found = ask("test")
    assert found.exit_code == 0
    assert "1 passed, 0 failed" in found.output


def test_tests_that_fail_show_why(ask: Ask, folder: Path) -> None:
    text = TEST + '\ntest_no if data.gateway.verdict == "hold" with input as {"bad": true}\n'
    (folder / "main_test.rego").write_text(text, encoding="utf-8")
    found = ask("test")
    assert found.exit_code == 1
    for line in (
        "FAILED gateway_test.test_no",
        "main_test.rego:5",
        'actual:         "block"',
        'expected ==:    "hold"',
        "1 passed, 1 failed",
    ):
        assert line in found.output
    outcomes = json.loads(ask("test", "--json", "--run", "test_no").output)
    assert [(one["name"], one["status"]) for one in outcomes] == [
        ("gateway_test.test_no", "failed")
    ]


def test_a_filter_that_finds_nothing_is_an_error(ask: Ask) -> None:
    found = ask("test", "--run", "nothing")
    assert isinstance(found.exception, PolicyInvalid)


def test_show(ask: Ask) -> None:
    found = ask("show", "--policies", SHIPPED)
    assert found.exit_code == 0
    assert "baseline.toxicity" in found.output
    assert "digest " in found.output
    shown = json.loads(ask("show", "--policies", SHIPPED, "--json", "--pack", "legal").output)
    assert [pack["name"] for pack in shown["packs"]] == ["legal"]
    assert len(shown["digest"]) == 64


def test_show_of_a_pack_that_is_not_there(ask: Ask) -> None:
    assert isinstance(ask("show", "--pack", "nothing").exception, InvalidField)


def test_eval(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"bad": true}', encoding="utf-8")
    found = ask("eval", tmp_path / "in.json")
    assert found.exit_code == 0
    assert found.output.startswith("block")
    assert "Say it otherwise." in found.output
    assert '{"formats": ["iptc"]}' in found.output
    decision = json.loads(ask("eval", "-", "--json", input='{"bad": false}').output)
    assert decision == {"verdict": "publish", "reasons": [], "obligations": []}


@pytest.mark.parametrize("text", ["{", '{"bad": 3}', "[]"])
def test_eval_of_what_is_no_document(ask: Ask, tmp_path: Path, text: str) -> None:
    (tmp_path / "in.json").write_text(text, encoding="utf-8")
    assert isinstance(ask("eval", tmp_path / "in.json").exception, InvalidField)
    assert isinstance(ask("eval", tmp_path / "nowhere.json").exception, InvalidField)


def test_eval_of_policies_that_do_not_decide(ask: Ask, folder: Path, tmp_path: Path) -> None:
    broken = MAIN.replace('default verdict := "publish"\n', "")
    (folder / "main.rego").write_text(broken, encoding="utf-8")
    (tmp_path / "in.json").write_text("{}", encoding="utf-8")
    assert isinstance(ask("eval", tmp_path / "in.json").exception, ConfigurationError)


def test_export(ask: Ask, tmp_path: Path) -> None:
    found = ask("export", tmp_path / "bundle")
    assert found.exit_code == 0
    assert "digest" in found.output
    assert (tmp_path / "bundle" / "gateway_bundle" / "answer.rego").is_file()
    assert isinstance(ask("export", tmp_path / "bundle").exception, InvalidField)
