"""One word for each thing: class names, and the glossary in docs/concepts.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.paths import ROOT

PACKAGE = ROOT / "gateway"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)

RETIRED = {"Books", "Desk", "Doors", "Rooms", "Studio", "Workshop"}
"""Metaphors that nobody could look up; what they named has a name of its own now."""


def _classes(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _packages() -> set[str]:
    """Dotted names below gateway, but for the recognizers' countries and the migrations."""
    found = {
        ".".join(path.parent.relative_to(PACKAGE).parts) for path in PACKAGE.rglob("__init__.py")
    }
    return {
        name for name in found if name and "migrations" not in name and "recognizers." not in name
    }


def _glossary() -> dict[str, str]:
    """Term → its line, of the tables under "Glossary"."""
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    section = text.partition("\n## Glossary\n")[2]
    return dict(re.findall(r"(?m)^\| `([\w.]+)` \| (.+?) \|$", section))


def test_no_two_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path in SOURCES:
        for name in _classes(path):
            places[name].append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_retired_metaphors_stay_away() -> None:
    names = {name for path in SOURCES for name in _classes(path)}
    assert names & RETIRED == set()


def test_each_package_is_in_the_glossary() -> None:
    assert _packages() - _glossary().keys() == set()


def test_each_port_and_each_class_of_the_model_is_in_the_glossary() -> None:
    met = {name for path in sorted((PACKAGE / "model").glob("*.py")) for name in _classes(path)}
    met |= set(_classes(PACKAGE / "ports.py"))
    assert met - _glossary().keys() == set()


def test_the_glossary_names_nothing_that_is_gone() -> None:
    there = {name for path in SOURCES for name in _classes(path)} | _packages()
    assert _glossary().keys() - there == set()


def test_each_line_of_the_glossary_says_something_of_its_own() -> None:
    lines = list(_glossary().values())
    assert len(set(lines)) == len(lines)
    assert [line for line in lines if len(line) < 15] == []


def test_a_class_says_first_what_it_is() -> None:
    """Fields come after: who meets a class in a hurry reads the first sentence alone."""
    fields_first = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and (ast.get_docstring(node) or "").startswith("`")
    ]
    assert fields_first == []
