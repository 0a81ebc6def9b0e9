from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import InvalidField, PolicyInvalid
from gateway.policy.authoring.check import check
from gateway.policy.authoring.scaffold import scaffold
from gateway.policy.authoring.testing import RuleTestStatus, run_tests
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.packs.source import load_snapshot
from gateway.policy.packs.strict_data import parse
from gateway.text.reader import TextReader


@pytest.fixture(scope="module")
def known_problems(shipped: Path) -> set[str]:
    """What `policy check` says of the shipped policies where OPA cannot be asked."""
    return {problem.what for problem in _problems(shipped)}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("shop.exams", "publish"),
        ("shop.exams", "hold"),
        ("creator.exams_of_all_kinds", "block"),
    ],
)
def test_the_scaffold_passes_check_and_test(
    shipped: Path,
    tmp_path: Path,
    *,
    reader: TextReader,
    known_problems: set[str],
    name: str,
    verdict: str,
) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(shipped, folder)
    written = scaffold(folder, name, verdict=verdict, title="Leaked exams")
    assert all(path.is_file() for path in written)
    assert {problem.what for problem in _problems(folder)} == known_problems
    snapshot = load_snapshot(folder)
    outcomes = run_tests(snapshot, only=name)
    assert len(outcomes) == 3
    assert {one.status for one in outcomes} == {RuleTestStatus.PASSED}
    examples = folder.joinpath(*name.split("."), "examples.yaml")
    said = parse("examples.yaml", examples.read_text("utf-8"))
    detector = SignalDetector(phrases=snapshot.phrases, read=reader)
    for kind, wanted in (("hits", True), ("misses", False)):
        for sentence in (one for group in said[kind].values() for one in group):
            found = detector._in_text.findings(reader(sentence, None).folded)
            assert any(one.kind == name for one in found) is wanted, sentence


def _problems(folder: Path) -> tuple[PolicyInvalid, ...]:
    return check(load_snapshot(folder), directory=folder, opa=None).problems


@pytest.mark.parametrize(
    "name", ["exams", "Shop.exams", "shop.", ".exams", "shop.a/b", "../a.b", "lib.x", "a.b.c", ""]
)
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidField, match="NAME"):
        scaffold(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    scaffold(tmp_path, "shop.exams")
    text = (tmp_path / "shop/data.yaml").write_text("pack: {title: Mine, version: 2}\n")
    with pytest.raises(InvalidField, match="is there already"):
        scaffold(tmp_path, "shop.exams")
    scaffold(tmp_path, "shop.other")
    assert (tmp_path / "shop/data.yaml").stat().st_size == text
    for wrong in ({"verdict": "maybe"}, {"title": "a: b"}):
        with pytest.raises(InvalidField):
            scaffold(tmp_path, "shop.third", **wrong)
