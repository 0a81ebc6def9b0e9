from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.errors import PolicyInvalid
from gateway.model.decision import Facts
from gateway.model.submission import Audience
from gateway.policy.engine.embedded import DECISION_PATH
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.engine.input import InputBuilder, serialise
from gateway.policy.engine.result import parse_json
from gateway.policy.packs.legal import INDEX, index_text, law_index, legal_problems, legal_rules
from gateway.policy.packs.source import Snapshot, load_snapshot
from gateway.policy.packs.subset import compile_snapshot
from tests.paths import ROOT

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
    "duties": [
        {"notice": "ai", "start": True, "every_s": {"live": 900}, "text": "It is added."},
    ],
    "verified_on": "2026-11-22",
    "source_quality": "secondary",
}
Of = Callable[[Mapping[str, str]], Snapshot]


def _files(facts: Mapping[str, Any], pack: str = "pack: {title: Legal}\n") -> dict[str, str]:
    rule = "package packs.legal.eu_aia_50_1\n\nresults := set()\n"
    files = {"legal/eu_aia_50_1/eu_aia_50_1.rego": rule, "legal/data.yaml": pack}
    if facts:
        files["legal/eu_aia_50_1/data.yaml"] = yaml.safe_dump(dict(facts))
    return files


def _problems(snapshot_of: Of, facts: Mapping[str, Any]) -> list[str]:
    """All but that there is no index."""
    found = map(str, legal_problems(snapshot_of(_files(facts))))
    return [problem for problem in found if "law/data.json" not in problem]


def _index(snapshot_of: Of, facts: Mapping[str, Any], switched_on: str = "[]") -> dict[str, Any]:
    pack = f"pack: {{title: Legal}}\nswitched_on: {switched_on}\n"
    return law_index(snapshot_of(_files(facts, pack)))


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
        ("jurisdictions", ["CA-QC"]),
        ("effective_from", None),
        ("duties", {}),
        ("opt_in", "yes"),
        ("reading", ""),
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


@pytest.mark.parametrize(
    "duty",
    [
        {},
        {"text": "x"},
        {"text": "x", "notice": "ai", "surprise": 1},
        {"text": "x", "notice": "sonnet"},
        {"text": "x", "notice": "ad", "every_s": 60},
        {"text": "x", "verdict": "deny"},
        {"text": "x", "verdict": "hold", "start": True},
        {"text": "x", "notice": "ai", "every_s": -1},
        {"text": "x", "notice": "ai", "every_s": True},
        {"text": "x", "notice": "ai", "every_s": {"mail": 5}},
        {"text": "x", "notice": "ai", "channels": ["mail"]},
        {"text": "x", "notice": "ai", "from": "2026-10-01T00:00:00"},
        {"text": "x", "marks": ["ink"]},
        {"text": "x", "verdict": "hold", "when": []},
        "x",
    ],
)
def test_each_duty_has_its_form(snapshot_of: Of, duty: object) -> None:
    problems = _problems(snapshot_of, dict(FACTS) | {"duties": [duty]})
    assert problems
    assert all("duties[0]" in one for one in problems)


def test_the_rules_stand_by_id(shipped: Path) -> None:
    ids = [facts["id"] for facts in legal_rules(load_snapshot(shipped))]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids)) == len(list((shipped / "legal").glob("*/data.yaml"))) > 0


def test_each_law_has_a_test(shipped: Path) -> None:
    tests = {module.path: module.text for module in load_snapshot(shipped).tests}
    for facts in legal_rules(load_snapshot(shipped)):
        rule = facts["id"].replace(".", "_")
        text = tests[f"legal/{rule}/{rule}_test.rego"]
        assert re.search(r"^test_\w+ if", text, re.MULTILINE), rule
        assert f'"{facts["id"]}"' in text


def test_each_law_has_a_page(shipped: Path) -> None:
    folder = ROOT / "docs/reference/legal-rules"
    overview = (folder / "README.md").read_text(encoding="utf-8")
    laws = {facts["id"] for facts in legal_rules(load_snapshot(shipped))}
    assert {page.stem for page in folder.glob("*.md")} - {"README"} == laws
    for law in laws:
        assert f"({law}.md)" in overview


def test_the_shipped_index_is_that_of_the_rules(shipped: Path) -> None:
    assert list(legal_problems(load_snapshot(shipped))) == []


def test_a_stale_index_is_refused(snapshot_of: Of) -> None:
    for rule in (dict(FACTS), dict(FACTS) | {"effective_from": "2026-08-03"}):
        files = _files(FACTS) | {"law/data.json": json.dumps(law_index(snapshot_of(_files(rule))))}
        problems = list(legal_problems(snapshot_of(files)))
        assert [one.file for one in problems] == (["law/data.json"] if rule != FACTS else [])


def test_the_index_tells_when_a_duty_falls_due(snapshot_of: Of) -> None:
    index = _index(snapshot_of, FACTS)
    assert set(index["duties"]) == {"always"}
    assert set(index["duties"]["always"]) == {"*", "EU", "US-*", "US-CA"}
    start, again = index["duties"]["always"]["EU"]
    assert (start["since"], start["seconds"], list(start["channels"])) == (
        "start",
        0,
        ["dm", "live"],
    )
    assert (again["since"], again["seconds"], list(again["channels"])) == ("told", 900, ["live"])
    assert start["says"] == again["says"]
    assert start["says"] == {
        "rule": "eu.aia.50.1",
        "text": "It is added.",
        "verdict": "publish",
        "obligations": [{"kind": "disclose", "params": {"notice": "ai", "position": "start"}}],
    }
    assert (start["from"], start["until"]) == ("2026-08-02", "9999")
    (rule,) = index["rules"]["US-CA"]
    assert rule["id"] == "eu.aia.50.1"


def test_members_are_found_by_the_union_alone(snapshot_of: Of) -> None:
    index = _index(snapshot_of, dict(FACTS) | {"jurisdictions": ["FR"]})
    assert set(index["rules"]) == {"*", "EU-*", "FR"}


@pytest.mark.parametrize("field", [{"status": "draft"}, {"opt_in": True}])
def test_drafts_and_voluntary_codes_are_switched_on(
    snapshot_of: Of, field: Mapping[str, Any]
) -> None:
    facts = {**FACTS, **field}
    assert _index(snapshot_of, facts) == {"duties": {}, "rules": {}}
    assert "EU" in _index(snapshot_of, facts, "[eu.aia.50.1]")["rules"]


def test_a_draft_without_a_day_holds_at_once_when_switched_on(snapshot_of: Of) -> None:
    facts = dict(FACTS) | {"status": "draft", "effective_from": None}
    assert _problems(snapshot_of, facts) == []
    (rule,) = _index(snapshot_of, facts, "[eu.aia.50.1]")["rules"]["EU"]
    assert rule["from"] == ""


def test_what_lapsed_stays_out(snapshot_of: Of) -> None:
    facts = dict(FACTS) | {"status": "lapsed"}
    assert _index(snapshot_of, facts, "[eu.aia.50.1]")["rules"] == {}


def test_occasions_moments_and_people_of_a_duty(snapshot_of: Of) -> None:
    duty = {
        "when": ["promotion", "text:fr.influ"],
        "verdict": "block",
        "from": "2026-10-01T00:00:00-03:00",
        "until": "2026-10-06",
        "minors": True,
        "text": "Not now.",
    }
    facts = dict(FACTS) | {"duties": [duty], "audience": "companion"}
    index = _index(snapshot_of, facts)["duties"]
    assert set(index) == {"promotion", "text:fr.influ"}
    (line,) = index["promotion"]["EU"]
    assert (line["from"], line["until"]) == ("2026-10-01T03:00:00.000000Z", "2026-10-06")
    assert (line["spares_minor"], line["spares_companion"]) == ("no", False)
    assert line["says"]["verdict"] == "block"


@pytest.fixture(scope="module")
def all_on(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped packs, drafts and voluntary codes switched on."""
    packs = tmp_path_factory.mktemp("all-on") / "policies"
    shutil.copytree(shipped, packs)
    switches = packs / "legal/data.yaml"
    text = switches.read_text("utf-8")
    switches.write_text(text.replace("on: []", "on: [cn.dvh, eu.cop]"), encoding="utf-8")
    (packs / INDEX).write_text(index_text(load_snapshot(packs)), encoding="utf-8")
    return packs


C2PA = {"formats": ["c2pa", "iptc", "schema_org"]}
NOTICE = {"notice": "ai", "position": "start"}


@pytest.mark.parametrize(
    ("rule", "moment", "asked"),
    [
        ("cn.dvh", (1, "CN", "live"), [NOTICE]),
        ("cn.dvh", (1, "CN", "dm"), []),
        ("cn.dvh", (1, "KR", "live"), []),
        ("eu.cop", (9, "DE", "dm"), []),
        ("eu.cop", (10, "DE", "dm"), [C2PA]),
        ("eu.cop", (10, "CH", "dm"), []),
    ],
)
def test_what_is_switched_on_is_judged_like_a_law(
    all_on: Path,
    make_facts: Callable[..., Facts],
    rule: str,
    moment: tuple[int, str, str],
    asked: list[dict[str, Any]],
) -> None:
    snapshot = load_snapshot(all_on)
    compile_snapshot(snapshot)
    evaluator = Evaluator(snapshot)
    day, place, channel = moment
    facts = make_facts(
        now=datetime(2026, 6, day, tzinfo=UTC),
        channel=channel,
        audience=Audience(id="u", jurisdictions=(place,)),
    )
    document = serialise(InputBuilder().build(facts))
    found = parse_json(evaluator.evaluate(document, DECISION_PATH)).obligations
    evaluator.close()
    assert [dict(one.params) for one in found if rule in one.rules] == asked


def test_an_index_is_made_of_sound_facts_alone(snapshot_of: Of) -> None:
    with pytest.raises(PolicyInvalid):
        index_text(snapshot_of(_files(dict(FACTS) | {"status": "soon"})))
    made = json.loads(index_text(snapshot_of(_files(FACTS))))
    assert made == law_index(snapshot_of(_files(FACTS)))
