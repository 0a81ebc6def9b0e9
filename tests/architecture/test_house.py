"""The house rules that a program can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from math import ceil
from pathlib import Path

import pytest

from tests.paths import ROOT

SOURCES = sorted(
    path for path in (ROOT / "gateway").rglob("*.py") if "migrations" not in path.parts
)


def test_imports_go_down_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    tree = ast.parse(text)
    too_long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 60
        and not any(isinstance(child, ast.FunctionDef) for child in node.body)  # builders
    ]
    assert too_long == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_broad_excepts_say_why(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if re.search(r"except (Exception|BaseException)\b", line):
            assert "BLE001 - " in line or "raise" in _following(path, number), f"{path}:{number}"


def _following(path: Path, number: int) -> str:
    return "\n".join(path.read_text(encoding="utf-8").splitlines()[number : number + 6])


def _swallowing(path: Path) -> list[int]:
    """Lines of broad `except`s that raise nothing again."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]


def test_only_the_stage_runner_of_the_pipeline_swallows_unknown_errors() -> None:
    pipeline = [path for path in SOURCES if path.is_relative_to(ROOT / "gateway/pipeline")]
    assert [path.name for path in pipeline if _swallowing(path)] == ["stages.py"]


def test_no_package_swallows_more_than_one_unknown_error_in_a_thousand_lines() -> None:
    lines, swallowing = Counter[str](), Counter[str]()
    for path in SOURCES:
        package = path.relative_to(ROOT / "gateway").parts[0]
        lines[package] += path.read_text(encoding="utf-8").count("\n")
        swallowing[package] += len(_swallowing(path))
    assert [name for name in lines if swallowing[name] > ceil(lines[name] / 1_000)] == []


def test_there_is_no_global_state() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_there_are_at_most_eight_ports() -> None:
    tree = ast.parse((ROOT / "gateway/ports.py").read_text(encoding="utf-8"))
    protocols = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)
    ]
    assert len(protocols) <= 8


def test_pages_made_from_the_code_are_current() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
