from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from gateway.policy.legal import legal_problems
from gateway.policy.source import Snapshot

FACTS: Mapping[str, Any] = {
    "id": "eu.aia.50.1",
    "title": "Tell people",
    "citation": "AI Act, Art. 50(1)",
    "url": "https://eur-lex.europa.eu/",
    "status": "in_force",
    "effective_from": "2026-08-02",
    "effective_until": None,
    "jurisdictions": ["EU", "US-CA"],
    "channels": ["dm", "live"],
    "audience": "all",
    "trigger": "A person talks to an AI.",
    "obligation": "A notice.",
    "params": {},
    "verified_on": "2026-11-22",
    "source_quality": "secondary",
}
Of = Callable[[Mapping[str, str]], Snapshot]


def _problems(snapshot_of: Of, facts: Mapping[str, Any]) -> list[str]:
    rule = "package packs.legal.eu_aia_50_1\n\nresults := set()\n"
    files = {"legal/eu_aia_50_1/eu_aia_50_1.rego": rule}
    if facts:
        files["legal/eu_aia_50_1/data.yaml"] = yaml.safe_dump(dict(facts))
    return [str(problem) for problem in legal_problems(snapshot_of(files))]


def test_whole_facts_pass(snapshot_of: Of) -> None:
    assert _problems(snapshot_of, FACTS) == []


@pytest.mark.parametrize("field", FACTS)
def test_each_field_is_needed(snapshot_of: Of, field: str) -> None:
    facts = {name: value for name, value in FACTS.items() if name != field}
    assert any(f"{field} is missing" in one for one in _problems(snapshot_of, facts))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "eu.other"),
        ("title", " "),
        ("url", "http://example.org"),
        ("status", "soon"),
        ("effective_from", "2026-8-2"),
        ("effective_from", "2026-02-30"),
        ("effective_until", "later"),
        ("jurisdictions", []),
        ("jurisdictions", ["Europe"]),
        ("channels", ["mail"]),
        ("audience", "some"),
        ("params", []),
        ("verified_on", None),
        ("source_quality", "rumour"),
        ("surprise", 1),
    ],
)
def test_each_field_has_its_form(snapshot_of: Of, field: str, value: object) -> None:
    problems = _problems(snapshot_of, dict(FACTS) | {field: value})
    assert len(problems) == 1
    assert field in problems[0]


def test_facts_are_needed(snapshot_of: Of) -> None:
    assert "legal/eu_aia_50_1/data.yaml" in _problems(snapshot_of, {})[0]


def test_other_packs_have_no_such_facts(shop_snapshot: Snapshot) -> None:
    assert list(legal_problems(shop_snapshot)) == []
