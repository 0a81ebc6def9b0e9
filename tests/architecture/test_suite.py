"""The suite itself: the same examples every time, and what `make fuzz` finds stays found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from tests.cases import FoundCase, case_of, read_cases, replay_cases, write_case
from tests.hypothesis_profiles import load_profile
from tests.paths import ROOT
from tests.schedule import APART, SLOW_FIRST, SLOW_UNITS, TOGETHER, group_of

PLANTED = """
from hypothesis import given, strategies as st

@given(pieces=st.lists(st.tuples(st.text(), st.integers())), number=st.integers())
def test_planted(tmp_path_factory, pieces, number):
    assert number < 1_000
"""


def test_examples_are_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYPOTHESIS_PROFILE", raising=False)
    assert load_profile() == "suite"
    assert settings.get_profile("suite").derandomize
    assert settings.get_profile("suite").deadline is None
    assert settings().derandomize
    # Else the constants of whatever was imported before would be among them.
    assert len(providers._get_local_constants()) == 0


def test_what_fuzzing_finds_is_written_as_a_case(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    ran = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz", "--rounds", "1", "--workers", "0",
            "--cases", tmp_path / "cases", tmp_path / "test_planted.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    (case,) = read_cases(tmp_path / "cases")
    assert case.test.endswith("test_planted.py::test_planted")
    assert case.arguments == {"pieces": [], "number": 1_000}
    assert "1 rounds, 1 new cases" in ran.stdout


def test_a_case_is_replayed_first(tmp_path: Path) -> None:
    seen: list[int] = []

    @given(number=st.integers(0, 5))
    def test_number(number: int) -> None:
        seen.append(number)

    write_case(FoundCase(test="a.py::test_number", arguments={"number": 77}), tmp_path)
    item: Any = SimpleNamespace(nodeid="a.py::test_number[x]", obj=test_number)
    replay_cases([item], read_cases(tmp_path))
    test_number()
    assert seen[0] == 77


def test_only_what_json_holds_becomes_a_case(tmp_path: Path) -> None:
    assert case_of("a.py::test_x[p]", {"text": b"bytes"}) is None
    assert case_of("a.py::test_x[p]", {}) is None
    found = case_of("a.py::test_x[p]", {"text": "κіѕѕ \udc80", "pieces": [("a", 0.5)]})
    assert found is not None
    write_case(found, tmp_path)
    assert read_cases(tmp_path) == [found]
    assert found.arguments == {"text": "κіѕѕ \udc80", "pieces": [["a", 0.5]]}


def test_each_case_belongs_to_a_test(request: pytest.FixtureRequest) -> None:
    for case in read_cases():
        path, _, name = case.test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), case.test
        assert json.loads(json.dumps(case.arguments)) == case.arguments


def test_the_schedule_names_what_there_is() -> None:
    for name in (*TOGETHER, *APART, *SLOW_FIRST, *(f"tests/unit/{name}" for name in SLOW_UNITS)):
        assert (ROOT / name).exists(), name
        assert group_of(f"{name}::test") == name or name in TOGETHER
