"""The guide for policy authors, walked with a real gateway: idea, test, shadow, enforced."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import run, sandbox_process, serving

RULE = "creator.exams"
LINE = "I have the leaked exam here, ask me!"
PHRASES = 'list: creator.exams\nin: [text]\nlanguages:\n  en: ["leaked (?:paper|exam)"]\n'


def _until(done: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := done():
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


def _message(number: int) -> dict[str, Any]:
    return {
        "channel": "group",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": f"c{number}",
        "audience": {"id": f"p{number}", "minor": "no", "jurisdictions": ["FR"]},
        "text": LINE,
    }


def test_from_an_idea_to_an_enforced_rule(tmp_path: Path) -> None:
    packs, data = tmp_path / "policies", tmp_path / "data"
    shutil.copytree(ROOT / "policies", packs)
    shadow = tmp_path / "shadow"
    shutil.copytree(packs / "creator", shadow / "creator")
    made = run(data, "policy", "new", RULE, "--policies", str(shadow), "--title", "Exams")
    assert made.returncode == 0, made.stderr
    (shadow / "creator/exams/exams.phrases.yaml").write_text(PHRASES, encoding="utf-8")
    given = {
        "policies_dir": packs,
        "policies_shadow_dir": shadow,
        "policies_reload_s": 0.2,
    }
    with (
        sandbox_process(tmp_path) as platform,
        serving(data, sandbox_url=platform, **given) as there,
        there.client() as client,
    ):
        client.put("/v1/creators/lea", json={}).raise_for_status()
        before = client.get("/v1/policies").json()
        assert before["shadow"]["digest"] not in ("", before["digest"])
        first = client.post("/v1/messages", json=_message(1)).json()
        assert RULE not in {reason["rule"] for reason in first["reasons"]}
        _until(lambda: client.get("/v1/policies").json()["shadow"]["differ"])
        shadowed = _entries(client, "shadow")[0]
        assert (shadowed["subject"], shadowed["detail"]["fired"]) == (first["decision_id"], [RULE])
        shutil.copytree(shadow / "creator/exams", packs / "creator/exams")
        after = _until(
            lambda: (
                (found := client.get("/v1/policies").json())["digest"] != before["digest"] and found
            )
        )
        second = client.post("/v1/messages", json=_message(2)).json()
        assert second["verdict"] == "hold"
        assert RULE in {reason["rule"] for reason in second["reasons"]}
        change = _entries(client, "policy")[0]
        assert (change["before"], change["after"]) == (before["digest"], after["digest"])
        rule = packs / "creator/exams/exams.rego"
        rule.write_text(rule.read_text("utf-8") + "\nno {", encoding="utf-8")
        refused = _until(lambda: client.get("/v1/policies").json()["refused"])
        assert refused["file"] == "creator/exams/exams.rego"
        assert client.get("/v1/policies").json()["digest"] == after["digest"]
        third = client.post("/v1/messages", json=_message(3)).json()
        assert third["verdict"] == "hold"
    rule.write_text(rule.read_text("utf-8").replace("\nno {", ""), encoding="utf-8")
    tried = run(data, "policy", "backtest", str(shadow), "--json", policies_dir=packs)
    assert tried.returncode == 0, tried.stderr
    report = json.loads(tried.stdout)
    assert report["decisions"] == 3
    assert report["failed"] == 0


def _entries(client: httpx.Client, decision: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/audit/entries", params={"kind": "change", "decision": decision})
    answer.raise_for_status()
    page = answer.json()
    return [one.get("body", one) for one in page["entries"]]
