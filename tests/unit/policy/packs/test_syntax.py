from __future__ import annotations

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.source import RegoModule
from gateway.policy.packs.syntax import (
    MAX_NESTING,
    ParsedModule,
    RegoRule,
    engine_error,
    parse_module,
)

SOURCE = """\
package packs.shop.word

import data.lib.clock
import data.lib.law as rules
import rego.v1

results contains {"rule": "x"} if {
	some finding in input.findings["pii"]
	kind := finding.kind
	kind in data.shop.kinds[input.message.channel]
	rules.in_reach[kind]
	due(kind, 1)
	not clock.shown.ai
}

default quiet := false

due(kind, count) := n if n := clock.age(kind) + count
"""


@pytest.fixture(scope="module")
def parsed() -> ParsedModule:
    return parse_module(RegoModule("shop/word/word.rego", SOURCE))


def _rule(module: ParsedModule, name: str) -> RegoRule:
    return next(rule for rule in module.rules if rule.name == name)


def test_package_and_imports(parsed: ParsedModule) -> None:
    assert parsed.package == ("packs", "shop", "word")
    assert parsed.imports == {"clock": ("data", "lib", "clock"), "rules": ("data", "lib", "law")}
    assert parsed.resolve(("rules", "in_reach", None)) == ("data", "lib", "law", "in_reach", None)
    assert parsed.resolve(("quiet",)) == ("quiet",)


def test_rules(parsed: ParsedModule) -> None:
    assert [rule.name for rule in parsed.rules] == ["results", "quiet", "due"]
    assert _rule(parsed, "results").is_set
    assert not _rule(parsed, "results").is_function
    assert _rule(parsed, "due").is_function
    assert (_rule(parsed, "due").line, _rule(parsed, "due").column) == (18, 1)


def test_calls_and_references(parsed: ParsedModule) -> None:
    results = _rule(parsed, "results")
    assert [call.path for call in results.calls] == [("due",)]
    assert {reference.path for reference in results.references} == {
        ("input", "findings", "pii"),
        ("data", "shop", "kinds", None),
        ("input", "message", "channel"),
        ("rules", "in_reach", None),
        ("clock", "shown", "ai"),
    }
    due = _rule(parsed, "due")
    assert [call.path for call in due.calls] == [("clock", "age")]
    assert due.references == ()  # arguments are its own


def test_spans_are_byte_offsets() -> None:
    text = 'package a\n\n# é\nx := "é"\n\ny := 1\n'
    rule = _rule(parse_module(RegoModule("a.rego", text)), "y")
    assert text.encode()[rule.start :].startswith(b"y := 1")


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("package a\n\nx if { y z }\n", 3, 10, "expecting"),
        ("package a\n\nx[y] { y := 1 }\n", 3, 6, "`if` keyword"),
        ("x := 1\n", 1, 1, "package"),
        ("", None, None, "package"),
        ('package a\n\nx := $"{input.y}"\n', 3, 6, "interpolation"),
    ],
)
def test_a_mistake_is_placed(text: str, line: int | None, column: int | None, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem) as caught:
        parse_module(RegoModule("p/a.rego", text))
    assert caught.value.file == "p/a.rego"
    if line is not None:
        assert (caught.value.line, caught.value.column) == (line, column)
    assert "<unknown>" not in str(caught.value)  # no stack traces of the engine


def test_deep_nesting_is_refused_before_the_parser_sees_it() -> None:
    deep = "package a\n\nx := " + "[" * 200 + "]" * 200
    with pytest.raises(PolicyInvalid, match="nested") as caught:
        parse_module(RegoModule("a.rego", deep))
    assert (caught.value.line, caught.value.column) == (3, 6 + MAX_NESTING)


def test_brackets_in_texts_and_comments_do_not_nest() -> None:
    brackets = "[{" * 20
    text = f'package a\n\n# {brackets}\nx := "\\"{brackets}"\ny := `{brackets}`\n'
    assert len(parse_module(RegoModule("a.rego", text)).rules) == 2


def test_an_engine_error_without_a_place_still_names_the_file() -> None:
    problem = engine_error(RuntimeError("it broke\n\nStack backtrace:\n secret"), "x.rego")
    assert (problem.file, problem.line) == ("x.rego", None)
    assert "secret" not in str(problem)
