from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.policy.authoring.check import CheckReport, check, find_opa
from gateway.policy.packs.source import load_snapshot

Write = Callable[[Mapping[str, str]], Path]


def _checked(directory: Path, opa: Path | None = None) -> CheckReport:
    return check(load_snapshot(directory), directory=directory, opa=opa)


def _problems(directory: Path) -> list[str]:
    return [str(problem) for problem in _checked(directory).problems]


def test_a_whole_tree_is_clean(write: Write, shop: dict[str, str]) -> None:
    report = _checked(write(shop))
    assert report.problems == ()
    assert report.clean
    assert (report.modules, report.tests, report.patterns) == (2, 2, 0)
    assert "left out" in report.opa


def test_the_shipped_packs_are_clean(shipped: Path) -> None:
    assert _problems(shipped) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"shop/word/word.rego": None}, "package packs.shop.word"),
        ({"shop/other.rego": "package packs.shop.other\n"}, "a rule stands at"),
        ({"shop/data.yaml": "pack: {title: Shop}\n"}, "no title and version"),
        ({"shop/word/word_test.rego": "package packs.shop.word_test\n"}, "no test stands beside"),
        ({"schemas/creator.schema.json": '{"type": "rabbit"}'}, "schemas/creator.schema.json"),
        ({"schemas/input.schema.json": None}, "it is missing"),
        ({"shop/word/word.phrases.yaml": "list: x\n"}, "does not have exactly"),
        ({"shop/word/word_test.rego": "package a\n\ntest_a if upper(1)\n"}, "upper is neither"),
        ({"shop/word/word_test.rego": "package a\n\ntest_a if {\n"}, "word_test.rego:4"),
        ({"lib/x.rego": "package lib.y\n\nz := 1\n"}, "Write package lib.x"),
        ({"lib/x.rego": "package lib.x\n\nz := 1\n"}, "no METADATA"),
    ],
)
def test_each_house_rule_is_held(
    write: Write, shop: dict[str, str], changes: Mapping[str, str | None], problem: str
) -> None:
    for name, text in changes.items():
        if text is None:
            del shop[name]
        else:
            shop[name] = text
    shop.setdefault("shop/word/word.rego", "package packs.shop.wrong\n\nx := 1\n")
    assert any(problem in one for one in _problems(write(shop)))


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("# title: Forbidden word\n", "", "no METADATA with title"),
        ("# METADATA\n", "# a comment\n", "no METADATA with title"),
        ("id: shop.word", "id: shop.verb", "custom.id is not shop.word"),
        ("verdicts: [block]", "verdicts: [shout]", "custom.verdicts"),
        ("verdicts: [block]", "verdicts: [block]\n#   obligations: mark", "custom.obligations"),
        ("title: Forbidden word", "title: no", "tools disagree"),
        ("results contains", "outcomes contains", "no set `results`"),
    ],
)
def test_a_rule_describes_itself(
    write: Write, shop: dict[str, str], before: str, after: str, problem: str
) -> None:
    assert before in shop["shop/word/word.rego"]
    shop["shop/word/word.rego"] = shop["shop/word/word.rego"].replace(before, after)
    assert any(problem in one for one in _problems(write(shop)))


@pytest.mark.parametrize(
    "test",
    [
        None,
        "package packs.legal.us_me_test\n\nhelper if true\n",
        'package packs.legal.us_me_test\n\ntest_another if "us.ut" == "us.ut"\n',
    ],
    ids=["no file", "no test in it", "not about this law"],
)
def test_a_law_without_a_test_is_named(shipped: Path, tmp_path: Path, test: str | None) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(shipped, folder)
    file = folder / "legal/us_me/us_me_test.rego"
    file.unlink()
    if test is not None:
        file.write_text(test, encoding="utf-8")
    (problem,) = [one for one in _checked(folder).problems if "us_me" in one.file]
    assert (problem.file, problem.problem) == ("legal/us_me/data.yaml", "the law us.me has no test")
    assert "legal/us_me/us_me_test.rego" in problem.mend


def test_all_problems_are_told_at_once(write: Write, shop: dict[str, str]) -> None:
    shop["lib/x.rego"] = "package lib.x\n\ny := http.send({})\n"
    shop["lib/z.rego"] = "package lib.z\n\ny := {\n"
    assert {one.split(":")[0] for one in _problems(write(shop))} >= {"lib/x.rego", "lib/z.rego"}


def test_a_program_that_does_not_run_is_told(write: Write, shop: dict[str, str]) -> None:
    report = _checked(write(shop), Path("/nowhere/opa"))
    assert "does not run" in report.opa
    assert report.clean


def test_the_program_is_looked_for(tmp_path: Path) -> None:
    program = tmp_path / "opa"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_opa(None, str(tmp_path)) == program
    assert find_opa("/mine/opa", str(tmp_path)) == Path("/mine/opa")
    assert find_opa(None, str(tmp_path / "elsewhere")) is None
