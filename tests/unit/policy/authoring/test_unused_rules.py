from __future__ import annotations

import pytest

from gateway.policy.authoring.unused_rules import idle_problems
from gateway.policy.packs.source import RegoModule
from gateway.policy.packs.syntax import parse_module

LIB = "package lib.helpers\n\n"
RULE = "package packs.shop.word\n\nimport data.lib.helpers\n\n"


def _problems(*sources: tuple[str, str]) -> list[str]:
    modules = [parse_module(RegoModule(path, text)) for path, text in sources]
    return [f"{one.what}: {one.problem}" for one in idle_problems(modules, [])]


def test_a_rule_that_nothing_uses_is_named_once() -> None:
    lib = LIB + 'used := 1\n\nunused if input.a\n\nunused if input.b\n\nkept["x"] := 2\n'
    rule = RULE + "results contains helpers.used if helpers.kept[input.name]\n"
    assert _problems(("lib/helpers.rego", lib), ("shop/word/word.rego", rule)) == [
        "lib/helpers.rego:5:1: nothing uses unused"
    ]


@pytest.mark.parametrize("mention", ["helpers", "data.lib", "data.lib[_].used", "data[_]"])
def test_a_mention_of_a_whole_package_uses_its_rules(mention: str) -> None:
    rule = RULE + f"results contains x if some x in {mention}\n"
    assert _problems(("l.rego", LIB + "used := 1\n"), ("r.rego", rule)) == []


def test_recursion_into_itself_is_no_use() -> None:
    assert _problems(("l.rego", LIB + "f(x) := f(x)\n")) == ["l.rego:3:1: nothing uses f"]


def test_what_can_never_count_is_named() -> None:
    rule = RULE + "results contains 1 if f(1)\n\nf(x) := 1 if x else := 2 if true else := 3\n"
    assert _problems(("r.rego", rule)) == []
    twice = RULE + "results contains 1 if input.a\n\nresults  contains 1 if input.a\n"
    assert _problems(("r.rego", twice)) == ["r.rego:7:1: results is the same as in line 5"]
