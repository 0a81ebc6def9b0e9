from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.model.finding import Stage, Unavailable
from gateway.model.record import Review, ReviewAction
from gateway.model.submission import StreamPart
from gateway.model.verdict import State, Verdict
from gateway.trail.leaf import encode, moment
from tests.paths import GOLDEN
from tests.present import present
from tests.stores import Clock, Samples, changed
from tests.unit.trail.conftest import Events


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = files("gateway.trail").joinpath("entry.schema.json").read_text()
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def all_events(events: Events) -> list[Any]:
    published = events.record(1)
    held = events.record(2, Verdict.HOLD)
    review = Review(
        action=ReviewAction.RELEASE, reviewer="ana", reason="It is fine.", at=events.tick()
    )
    failed = (Unavailable(stage=Stage.POLICY, reason="no answer within 500 ms"),)
    return [
        published,
        held,
        events.record(3, Verdict.BLOCK),
        replace(published, review=review),
        replace(published, submission=replace(published.submission, dry_run=True)),
        changed(held, decision=None, unavailable=failed),
        changed(held, decision=None, redaction=None, detections=()),
        events.settlement(published, 0),
        events.expiry(held, 1),
        events.change(),
    ]


def test_every_entry_is_valid_and_its_keys_are_sorted(
    events: Events, schema: Draft202012Validator
) -> None:
    kinds = []
    for seq, event in enumerate(all_events(events)):
        body = encode(event, seq)
        document = orjson.loads(body)
        schema.validate(document)
        assert body == orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        assert document["seq"] == seq
        kinds.append(document["kind"])
    assert kinds == ["decision"] * 3 + ["review", "dry_run"] + ["decision"] * 2 + [
        "delivery",
        "expiry",
        "change",
    ]


def test_bodies_are_byte_for_byte_what_they_were(events: Events) -> None:
    other = Samples(Clock()).record()  # what stands differs from what the policies returned
    part = StreamPart(id="st_1", number=2, fresh=5, shown=("ai",), whole=True)
    streamed = replace(other, submission=replace(other.submission, stream=part))
    every = [*all_events(events), other, streamed]
    bodies = [encode(event, seq) for seq, event in enumerate(every)]
    assert bodies == (GOLDEN / "log" / "entries.jsonl").read_bytes().splitlines()


def test_the_schema_refuses_texts(events: Events, schema: Draft202012Validator) -> None:
    document = orjson.loads(encode(events.record(1), 0))
    document["input"]["text"]["folded"] = "hello"
    assert not schema.is_valid(document)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # a class, no state
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_of_a_message_reaches_an_entry(events_of: type[Events], text: str) -> None:
    marker = f"§{text}§"  # no key or word of ours has these
    for seq, event in enumerate(all_events(events_of(raw=marker))):
        assert "§" not in encode(event, seq).decode()
        assert b"\\u00a7" not in encode(event, seq).lower()


def test_a_text_that_slips_through_the_mask_stops_here(events_of: type[Events]) -> None:
    record = events_of(raw="slipped through").record(1)
    decision = present(record.grounds.decision)
    leaky = changed(record, decision=replace(decision, masked=decision.document))
    assert b"slipped" not in encode(leaky, 0)


def test_names_are_those_of_opas_decision_log(events: Events) -> None:
    document = orjson.loads(encode(events.record(1), 7))
    assert document["bundles"] == {"baseline": {"revision": "3"}, "legal": {"revision": "7"}}
    assert document["path"] == "gateway/decision"
    assert document["decision_id"] == "dec_1"
    assert document["result"]["verdict"] == "publish"
    assert document["input"]["findings"]["changes"] == [{"kind": "zero_width", "count": 2}]
    assert document["labels"]["creator"] == "zoe"
    assert document["timestamp"] == "2026-11-22T20:00:00.140125Z"


def test_what_happened_to_the_text_is_told_without_it(events: Events) -> None:
    document = orjson.loads(encode(events.record(1), 0))
    assert document["redacted"] == [{"kind": "PHONE_NUMBER", "start": 11, "end": 25, "at": 11}]
    assert document["disclosure"]["marks"] == ["c2pa", "iptc"]
    assert "salt" not in document["disclosure"]
    assert document["models"] == [{"id": "tox-1", "sha256": "ef" * 32}]


def test_findings_stand_apart_when_the_policies_did_not_answer(events: Events) -> None:
    record = changed(events.record(1, Verdict.HOLD), decision=None)
    document = orjson.loads(encode(record, 0))
    assert document["findings"][0]["kind"] == "PHONE_NUMBER"
    assert document["result"] is None
    assert "findings" not in orjson.loads(encode(events.record(1), 0))


def test_a_delivery_names_the_entry_that_allowed_it(events: Events) -> None:
    document = orjson.loads(encode(events.settlement(events.record(1), 5), 9))
    assert document["allowed_by"] == 5
    assert document["state"] == State.DELIVERED
    assert document["dispatch"]["platform_id"] == "p1"


def test_moments_are_utc_and_sort_as_text() -> None:
    paris = timezone(timedelta(hours=1))
    assert moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=paris)) == "2026-01-02T02:04:05.000000Z"
    assert moment(datetime(2026, 1, 2, tzinfo=UTC)) < moment(datetime(2026, 1, 2, 1, tzinfo=UTC))
    with pytest.raises(TypeError):
        moment(datetime(2026, 1, 2))


def test_mappings_and_sets_are_said_in_json_and_nothing_else_is(events: Events) -> None:
    detail = MappingProxyType({"roles": frozenset({"b", "a"})})
    change = replace(events.change(), detail=detail)
    assert orjson.loads(encode(change, 0))["detail"] == {"roles": ["a", "b"]}
    with pytest.raises(TypeError):
        encode(replace(events.change(), detail={"x": object()}), 0)
