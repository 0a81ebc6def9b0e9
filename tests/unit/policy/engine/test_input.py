from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.errors import StageFailure, StageUndefined
from gateway.model.decision import Contact, Facts
from gateway.model.finding import Detection, Finding, Stage, Unavailable
from gateway.model.submission import (
    Audience,
    Commercial,
    Editorial,
    Generator,
    MediaDigest,
    Minor,
    UpstreamMarking,
)
from gateway.policy.engine.input import InputBuilder, mask, rfc3339, serialise

Make = Callable[..., Facts]
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def _finding(**fields: Any) -> Finding:
    finding = Finding(
        stage=Stage.PII, kind="EMAIL_ADDRESS", score=0.9, start=0, end=5, source="mail"
    )
    return replace(finding, **fields)


def _build(facts: Facts) -> dict[str, Any]:
    return InputBuilder().build(facts)


@pytest.fixture(scope="module")
def schema(shipped: Path) -> Draft202012Validator:
    text = (shipped / "schemas" / "input.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _rich(make_facts: Make) -> Facts:
    return make_facts(
        "Léa says: TRY Zenith! mail lea@example.org",
        human_text="Are you real?",
        language="en",
        audience=Audience(id="u-1", minor=Minor.YES, jurisdictions=("FR", "US-CA")),
        commercial=Commercial(paid_partnership=True, brand="Zenith"),
        generator=Generator(model="m", upstream_marking=UpstreamMarking(type="c2pa")),
        editorial=Editorial(public_interest=True, reviewed_by="r", editor="e"),
        media=(MediaDigest(sha256="a" * 64, content_type="image/png"),),
        dry_run=True,
        settings={
            "display_name": "Léa",
            "brands": {"allow": ["Zenith"]},
            "quiet_hours": [{"from": "20:00", "to": "22:00", "timezone": "UTC"}],
        },
        detections=(
            Detection(stage=Stage.PII, findings=(_finding(checked=True), _finding(advisory=True))),
            Detection(stage=Stage.TOXICITY, scores={"toxicity": 0.123456, "threat": None}),
            Detection(
                stage=Stage.SIGNALS,
                findings=(
                    _finding(stage=Stage.SIGNALS, kind="creator.promise", source="en:x" * 100),
                    _finding(stage=Stage.SIGNALS, kind="creator.asked", in_human_text=True),
                ),
            ),
        ),
        unavailable=(Unavailable(stage=Stage.CONTACT, reason="timed out"),),
        contact=Contact(
            first_at=NOW - timedelta(hours=2),
            last_message_at=NOW - timedelta(seconds=61.9),
            disclosed_at={"ai": NOW - timedelta(hours=1)},
        ),
    )


def test_documents_keep_to_the_schema(make_facts: Make, schema: Draft202012Validator) -> None:
    for facts in (make_facts(), make_facts(""), _rich(make_facts)):
        document = _build(facts)
        schema.validate(document)
        schema.validate(mask(document))
        assert json.loads(serialise(document)) == document


def test_every_fact_has_its_place(make_facts: Make) -> None:
    document = _build(_rich(make_facts))
    assert document["now"] == "2026-11-22T20:00:00.000000Z"
    assert document["message"] == {
        "id": "m-1",
        "tenant": "studio",
        "channel": "dm",
        "route": "sandbox",
        "language": "en",
        "dry_run": True,
        "conversation": "c-1",
        "avatar": "lea-ai",
        "author": "avatar",
    }
    assert document["text"]["length"] == len("Léa says: TRY Zenith! mail lea@example.org")
    assert document["text"]["lower"].startswith("léa says: try")
    assert document["text"]["shouted"] is False
    assert document["human"] == {"present": True, "text": "Are you real?"}
    assert document["audience"] == {
        "known": True,
        "minor": "yes",
        "jurisdictions": ["FR", "US-CA"],
        "places": ["EU", "FR", "US", "US-CA"],
    }
    assert document["creator"]["companion"] is True
    assert document["creator"]["quiet"] is True
    assert document["creator"]["id"] == "lea"
    assert document["generator"]["upstream_marking"] == {
        "type": "c2pa",
        "verifier": None,
        "result": None,
    }
    assert document["contact"] == {
        "first": False,
        "since_first_s": 7200,
        "gap_s": 61,
        "disclosed_s": {"ai": 3600},
        "since_s": {
            "each": 0,
            "start": -1,
            "told": 3600,
            "ai": 3600,
            "take_a_break": 7200,
            "ai_public": 1_000_000_000,
            "gap": 61,
        },
    }
    assert document["occasions"] == [
        "always",
        "human:creator.asked",
        "promotion",
        "text:creator.promise",
        "under_13",
        "under_14",
    ]
    assert document["unavailable"] == [{"stage": "contact", "reason": "timed out"}]


def test_findings(make_facts: Make) -> None:
    findings = _build(_rich(make_facts))["findings"]
    assert [one["advisory"] for one in findings["pii"]] == [False, True]
    assert findings["toxicity"] == {"scores": {"toxicity": 0.1235, "threat": None}}
    assert [(one["list"], one["in"]) for one in findings["signals"]] == [
        ("creator.promise", "text"),
        ("creator.asked", "human"),
    ]
    assert len(findings["signals"][0]["source"]) == 200
    assert [(one["term"], one["in"]) for one in findings["terms"]] == [
        ("Zenith", "text"),
        ("Zenith", "brand"),
    ]


def test_a_first_contact(make_facts: Make) -> None:
    assert _build(make_facts())["contact"] == {
        "first": True,
        "since_first_s": None,
        "gap_s": None,
        "disclosed_s": {},
        "since_s": {
            "each": 0,
            "start": 0,
            "told": -1,
            "ai": -1,
            "take_a_break": -1,
            "ai_public": 1_000_000_000,
            "gap": -1,
        },
    }


def test_a_clock_that_runs_ahead_counts_as_now(make_facts: Make) -> None:
    later = Contact(first_at=NOW + timedelta(seconds=3))
    assert _build(make_facts(contact=later))["contact"]["since_first_s"] == 0


def test_personal_data_of_the_human_is_none_of_the_text(make_facts: Make) -> None:
    found = Detection(stage=Stage.PII, findings=(_finding(in_human_text=True),))
    assert _build(make_facts(detections=(found,)))["findings"]["pii"] == []


def test_of_several_scores_the_highest_counts(make_facts: Make) -> None:
    scores: tuple[dict[str, float | None], ...] = (
        {"insult": 0.2, "threat": None},
        {"insult": 0.8, "threat": 0.1},
        {"insult": None, "threat": None},
    )
    detections = tuple(Detection(stage=Stage.TOXICITY, scores=one) for one in scores)
    found = _build(make_facts(detections=detections))["findings"]["toxicity"]["scores"]
    assert found == {"insult": 0.8, "threat": 0.1}


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_score_that_is_none_is_no_zero(make_facts: Make, score: float) -> None:
    toxic = Detection(stage=Stage.TOXICITY, scores={"toxicity": score})
    personal = Detection(stage=Stage.PII, findings=(_finding(score=score),))
    for detection in (toxic, personal):
        with pytest.raises(StageUndefined):
            _build(make_facts(detections=(detection,)))


@pytest.mark.parametrize(
    "hours",
    [
        [{"from": "20:00", "to": "22:00", "timezone": "Nowhere/Land"}],
        [{"from": "x", "to": "22:00", "timezone": "UTC"}],
        [{"to": "22:00"}],
        ["always"],
    ],
)
def test_quiet_hours_that_cannot_be_read_are_a_failure(make_facts: Make, hours: Any) -> None:
    with pytest.raises(StageFailure, match="quiet hours"):
        _build(make_facts(settings={"quiet_hours": hours}))


def test_settings_cannot_pretend_to_be_facts(make_facts: Make) -> None:
    creator = _build(make_facts(settings={"id": "someone else", "quiet": True}))["creator"]
    assert (creator["id"], creator["quiet"]) == ("lea", False)


def test_a_blank_brand_is_none(make_facts: Make) -> None:
    blank = make_facts(commercial=Commercial(brand="  "))
    assert _build(blank)["commercial"]["brand"] is None


def test_shouting(make_facts: Make) -> None:
    assert _build(make_facts("COME ON 3!"))["text"]["shouted"] is True
    assert _build(make_facts("123 我们"))["text"]["shouted"] is False


def test_terms_follow_the_version_of_the_settings(make_facts: Make) -> None:
    builder = InputBuilder()
    facts = make_facts("Zenith", settings={"topics": {"deny": ["zenith"]}})
    assert len(builder.build(facts)["findings"]["terms"]) == 1
    assert len(builder.build(facts)["findings"]["terms"]) == 1


def test_moments_are_utc_and_sort_as_text() -> None:
    paris = timezone(timedelta(hours=1))
    moments = [
        datetime(2026, 1, 1, 0, 30, tzinfo=paris),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    ]
    written = [rfc3339(moment) for moment in moments]
    assert written == sorted(written)
    assert {len(text) for text in written} == {27}
    assert written[0] == "2025-12-31T23:30:00.000000Z"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(alphabet="abcXYZ0 é", min_size=0, max_size=30))
def test_the_masked_form_has_no_words(make_facts: Make, words: str) -> None:
    secret = f"{words} Marzipan {words}"
    masked = serialise(mask(_build(make_facts(secret, human_text=f"Nougat {words}"))))
    assert "marzipan" not in masked.lower()
    assert "nougat" not in masked.lower()
