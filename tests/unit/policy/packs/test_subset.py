from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.source import RegoModule, Snapshot
from gateway.policy.packs.subset import compile_snapshot, problems
from gateway.policy.packs.syntax import parse_module


def _problems(*texts: str, data: Mapping[str, Any] | None = None) -> list[str]:
    modules = [parse_module(RegoModule(f"{n}.rego", text)) for n, text in enumerate(texts)]
    return [str(problem) for problem in problems(modules, data or {})]


GOOD = """\
package packs.shop.word

import data.lib.clock

results contains {"rule": "x", "text": text} if {
	input.now > "2026"
	clock.due(input.message.channel)
	text := sprintf("%s has %v", [input.message.id, count(input.media)])
	every word in data.shop.words {
		not contains(input.text.folded, word)
	}
}
"""
CLOCK = "package lib.clock\n\ndue(channel) if channel == data.shop.channels[_]\n\nnone := set()\n"


def test_the_subset_passes() -> None:
    assert _problems(GOOD, CLOCK) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x := http.send({})", "0.rego:3:6: http.send is neither"),
        ("x := time.now_ns()", "Use input.now"),
        ("x if print(1)", "Remove it"),
        ("x := upper(input.a)", "Use input.text.shouted"),
        ("x := opa.runtime().env", "Policies know only input and data"),
        ("x := io.jwt.decode(input.a)", "io.jwt.decode is neither"),
        ("x := rand.intn(input.a, 2)", "rand.intn is neither"),
        ("x := misspelt(1)", "misspelt is neither"),
        ("x := data.lib.clock.misspelt(1)", "there is no function data.lib.clock.misspelt"),
        ("x := data.nowhere.f(1)", "there is no function data.nowhere.f"),
        ("x := nowhere", "there is no nowhere here"),
        ("x := nowhere.y", "there is no nowhere here"),
        ("x := data.lib.clock.nine", "there is no data.lib.clock.nine"),
        ("x := input.a / 3", "engines round"),
        ('x := sprintf("%5d", [1])', "sprintf"),
        ("x := regex.match(input.a, input.b)", "not a constant"),
        ("f(y) := f(y)", "recursion: a.f → a.f"),
    ],
)
def test_what_is_outside_is_named(line: str, problem: str) -> None:
    found = _problems(f"package a\n\n{line}\n", CLOCK)
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "line",
    [
        "x if input.list[i] == input.other[i]",
        "x := y if y = input.a",
        "x contains y if [_, y] = input.pair",
        "x[y] := z if some y, z in input.table",
        "f([y, z]) := y + z",
        "x := [y | y := input.list[_]; y > 1]",
        "x := {y: z | some y; z := input.table[y]}",
    ],
)
def test_names_that_a_rule_declares_are_known(line: str) -> None:
    assert _problems(f"package a\n\n{line}\n") == []


def test_a_with_that_replaces_is_no_call() -> None:
    assert _problems("package a\n\nx if y with input as {}\n\ny := 1\n") == []


def test_recursion_is_found_across_packages() -> None:
    found = _problems(
        "package a\n\nimport data.b\n\nf(x) := b.g(x)\n",
        "package b\n\ng(x) := h if x\n\nh := data.a.f(1)\n",
    )
    assert len(found) == 1
    assert "a.f → b.g → b.h → a.f" in found[0]


def test_recursion_is_found_through_collected_packs() -> None:
    found = _problems(
        "package gateway\n\nall contains x if some x in data.packs[_][_].results\n",
        "package packs.p.r\n\nresults contains 1 if data.gateway.all\n",
    )
    assert len(found) == 1
    assert "recursion" in found[0]


def test_names_of_a_rule_of_its_own_are_no_recursion() -> None:
    assert _problems("package a\n\nx := y if y := 1\n\ny := x\n\nf(x) := x\n") == []


def test_data_may_not_override_a_rule() -> None:
    found = _problems("package a.b\n\nx := 1\n", data={"a": {"b": {"x": 2}}})
    assert "would override the rule" in found[0]
    assert _problems("package a.b\n\nx := 1\n", data={"a": 3}) != []
    assert _problems("package a.b\n\nx := 1\n", data={"a": {"b": {"y": 2}}}) == []


def test_data_below_a_package_may_be_used() -> None:
    assert _problems("package a.b\n\nx := data.a.b.y\n", data={"a": {"b": {"y": 2}}}) == []


def test_the_package_of_the_server_is_reserved() -> None:
    assert "reserved" in _problems("package gateway_bundle\n\nx := 1\n")[0]


def test_main_defines_the_decision(
    snapshot_of: Callable[[Mapping[str, str]], Snapshot], shop: dict[str, str]
) -> None:
    assert len(compile_snapshot(snapshot_of(shop))) == 2
    shop["main.rego"] = "package gateway\n\nverdict := 1\n"
    with pytest.raises(PolicyInvalid, match=r"no rule data\.gateway\.decision"):
        compile_snapshot(snapshot_of(shop))


def test_many_modules_stay_quick_to_check() -> None:
    chain = "\n".join(f"f{n}(x) := f{n + 1}(x)" for n in range(300))
    assert _problems(f"package a\n\n{chain}\nf300(x) := x\n", data=json.loads("{}")) == []
