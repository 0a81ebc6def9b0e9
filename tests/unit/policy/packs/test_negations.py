from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import regorus

from gateway.policy.packs.negations import ALWAYS
from gateway.policy.packs.source import RegoModule
from gateway.policy.packs.subset import problems
from gateway.policy.packs.syntax import parse_module
from tests.paths import ROOT

SCHEMA = ROOT / "policies" / "schemas" / "input.schema.json"
INPUT = {"list": [{"a": 1}], "text": {"lower": "abc"}}
HEAD = """\
package a

f(x) if type_name(x) == "string"

total(x) := [x]

ruled := input.list if input.list[0].a == 2

words contains one.a if some one in input.list

default fallback := 3

fallback := 4 if input.list[0].a == 2

"""
DIFFER = [
    "x if not f(input.missing)",
    'x if not startswith(input.missing, "a")',
    "x if not input.missing in [1]",
    'x if not "a" in input.missing',
    "x if not count(input.missing) > 1",
    "x if not f(total(input.missing))",
    "x if not f([input.missing])",
    "x if not f(ruled)",
    "x if not f(f(2))",
    "x if { some one in input.list; not f(one.b) }",
    "x if { some at in [5]; not f(input.list[at]) }",
    "x if { y := [z | z := input.missing]; not f(input.missing); count(y) == 0 }",
    "x if { every one in input.list { not f(one.b) } }",
    "x if count([one | some one in input.list; not f(one.b)]) > 0",
]
AGREE = [
    "x if not input.missing == 1",
    "x if not input.missing",
    "x if not ruled",
    "x if not f(1)",
    'x if not startswith(input.text.lower, "b")',
    "x if not f(words)",
    "x if not f(fallback)",
    "x if not f(total(2))",
    'x if not f(object.get(input, "missing", 2))',
    "x if { input.missing; not f(input.missing) }",
    "x if { input.list[0].b; not f(input.list[0].b) }",
    "x if { some one in input.list; not f(one) }",
    "x if { y := input.list; not f(y) }",
]


def _found(rule: str) -> list[str]:
    return [str(one) for one in problems([parse_module(RegoModule("a.rego", HEAD + rule))], {})]


def _embedded(rule: str) -> Any:
    engine = regorus.Engine()
    engine.add_policy("a.rego", HEAD + rule)
    engine.set_input_json(json.dumps(INPUT))
    found = engine.eval_query("data.a")
    return found["result"][0]["expressions"][0]["value"].get("x")


def _opa(opa: str, folder: Path, rule: str) -> Any:
    (folder / "a.rego").write_text(HEAD + rule, encoding="utf-8")
    (folder / "input.json").write_text(json.dumps(INPUT), encoding="utf-8")
    given = ["eval", "--format=raw", "-d", "a.rego", "-i", "input.json", "data.a"]
    done = subprocess.run([opa, *given], cwd=folder, capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout).get("x")


@pytest.mark.parametrize("rule", DIFFER)
def test_a_negated_call_of_what_may_be_undefined_is_refused(rule: str) -> None:
    (problem,) = _found(rule)
    assert "engines differ on this `not`" in problem
    assert "object.get" in problem


@pytest.mark.parametrize("rule", AGREE)
def test_one_of_what_is_there_is_not(rule: str) -> None:
    assert _found(rule) == []


@pytest.mark.parametrize("rule", DIFFER)
def test_engines_do_differ(opa: str, tmp_path: Path, rule: str) -> None:
    assert _embedded(rule) != _opa(opa, tmp_path, rule)


@pytest.mark.parametrize("rule", AGREE)
def test_engines_agree_on_the_rest(opa: str, tmp_path: Path, rule: str) -> None:
    assert _embedded(rule) == _opa(opa, tmp_path, rule)


def test_every_document_has_what_the_schema_requires() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert set(_required(schema, "input")) == ALWAYS


def _required(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    yield path
    for name in schema.get("required", ()):
        yield from _required(schema["properties"][name], f"{path}.{name}")
