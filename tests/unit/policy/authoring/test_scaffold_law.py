from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from gateway.errors import InvalidField, PolicyInvalid
from gateway.policy.authoring.check import check
from gateway.policy.authoring.scaffold_law import scaffold_law
from gateway.policy.authoring.testing import RuleTestStatus, run_tests
from gateway.policy.packs.legal import INDEX, index_text, law_index, legal_rules
from gateway.policy.packs.source import load_snapshot

TODAY = date(2026, 11, 22)


@pytest.fixture
def folder(shipped: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "policies"
    shutil.copytree(shipped, copied)
    return copied


def _problems(folder: Path, opa: str | None = None) -> tuple[PolicyInvalid, ...]:
    program = None if opa is None else Path(opa)
    return check(load_snapshot(folder), directory=folder, opa=program).problems


def _passing(folder: Path, rule: str) -> int:
    """How many tests the law has; all must pass."""
    outcomes = run_tests(load_snapshot(folder), only=rule)
    assert {outcome.status for outcome in outcomes} == {RuleTestStatus.PASSED}
    return len(outcomes)


def test_the_scaffold_passes_check_and_test_and_is_off(folder: Path, opa: str) -> None:
    before = law_index(load_snapshot(folder))
    places = {"us.zz": "US-ZZ", "us.me.2": "US-ME", "us.tida2": "US", "xx.ai": "XX"}
    for law in places:
        rule = law.replace(".", "_")
        title = "Bots tell what they are" if law == "us.zz" else ""
        written = scaffold_law(folder, law, title=title, today=TODAY)
        assert [path.relative_to(folder).as_posix() for path in written] == [
            f"legal/{rule}/README.md",
            f"legal/{rule}/data.yaml",
            f"legal/{rule}/{rule}_test.rego",
        ]
    assert _problems(folder, opa) == ()
    snapshot = load_snapshot(folder)
    assert law_index(snapshot) == before
    laws = {facts["id"]: facts for facts in legal_rules(snapshot)}
    for law, place in places.items():
        facts = laws[law]
        assert (facts["status"], facts["source_quality"]) == ("draft", "memory")
        assert (facts["jurisdictions"], facts["verified_on"]) == ([place], "2026-11-22")
        assert _passing(folder, law.replace(".", "_")) == 1
    formatted = [opa, "fmt", "--list", str(folder / "legal/us_zz")]
    assert subprocess.run(formatted, capture_output=True, check=True).stdout == b""


def test_the_page_leads_to_a_law_in_force(folder: Path) -> None:
    """Its steps, carried out to the letter."""
    scaffold_law(folder, "us.zz", today=TODAY)
    law = folder / "legal/us_zz"
    facts = (law / "data.yaml").read_text("utf-8").replace("status: draft", "status: in_force")
    facts = facts.replace("effective_from: null", 'effective_from: "2026-01-01"')
    (law / "data.yaml").write_text(facts, encoding="utf-8")
    (tests,) = re.findall(r"```rego\n(.*?)```", (law / "README.md").read_text("utf-8"), re.DOTALL)
    header = "package packs.legal.us_zz_test\n\nimport data.lib.fixture\n\n"
    (law / "us_zz_test.rego").write_text(header + tests, encoding="utf-8")
    assert any(problem.file == INDEX for problem in _problems(folder))
    (folder / INDEX).write_text(index_text(load_snapshot(folder)), encoding="utf-8")
    assert _problems(folder) == ()
    assert _passing(folder, "us_zz") == 2


@pytest.mark.parametrize("law", ["us", "usa.xx", "us.", "US.xx", "us.x_x", "us.x/x", "../us.x", ""])
def test_ids_that_are_none_are_refused(folder: Path, law: str) -> None:
    with pytest.raises(InvalidField, match="NAME"):
        scaffold_law(folder, law, today=TODAY)


def test_nothing_is_written_over(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidField, match="is there already"):
        scaffold_law(folder, "us.me", today=TODAY)
    with pytest.raises(InvalidField, match="--title"):
        scaffold_law(folder, "us.zz", title="a: b", today=TODAY)
    with pytest.raises(InvalidField, match="legal/duties"):
        scaffold_law(tmp_path / "elsewhere", "us.zz", today=TODAY)
    assert not (folder / "legal/us_zz").exists()
