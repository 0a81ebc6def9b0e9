from __future__ import annotations

import pytest

from gateway.policy.packs.arguments import argument_problems
from gateway.policy.packs.source import RegoModule
from gateway.policy.packs.syntax import parse_module


def _problems(expression: str) -> list[str]:
    module = parse_module(RegoModule("a.rego", f"package a\n\nx := {expression}\n"))
    return [str(one) for rule in module.rules for one in argument_problems(module, rule.tree)]


@pytest.mark.parametrize(
    "expression",
    [
        'sprintf("%s: %v of %v, 100%%", ["a", 1, 2])',
        'sprintf("%s", input.list)',
        "regex.match(`^[a-z]+\\p{L}$`, input.a)",
        "regex.match(`\\\\backslash`, input.a)",
        'regex.split("[ \\t]+", input.a)',
        "count(input.media)",
        "count(input.text)",
        "count([word | some word in input.list])",
    ],
)
def test_what_engines_answer_alike_passes(expression: str) -> None:
    assert _problems(expression) == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("sprintf(input.form, [1])", "not a constant"),
        ('sprintf("%d", [1])', "differ on this format"),
        ('sprintf("%.2f", [1])', "differ on this format"),
        ('sprintf("%5s", ["a"])', "differ on this format"),
        ('sprintf("%", [])', "differ on this format"),
        ('sprintf("%s %s", ["a"])', "another number of arguments"),
        ("regex.match(input.pattern, input.a)", "not a constant"),
        ("regex.match(`\\bword`, input.a)", "ASCII in one engine"),
        ("regex.split(`\\s+`, input.a)", "ASCII in one engine"),
        ('regex.match("a\\\\d", input.a)', "ASCII in one engine"),
        ("regex.match(`(?=a)`, input.a)", "not RE2"),
        ("count(input.text.lower)", "length of a text"),
        ('count(input.text["folded"])', "length of a text"),
        ("count(input.human.text)", "length of a text"),
    ],
)
def test_what_they_answer_differently_is_named(expression: str, problem: str) -> None:
    found = _problems(expression)
    assert len(found) == 1
    assert problem in found[0]
    assert found[0].startswith("a.rego:3:")
