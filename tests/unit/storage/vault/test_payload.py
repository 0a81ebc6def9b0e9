from __future__ import annotations

from datetime import UTC
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.decision import Reason
from gateway.model.disclosure import Disclosure, Notice
from gateway.model.finding import Unavailable
from gateway.model.obligation import Obligation
from gateway.model.receipt import Receipt
from gateway.model.submission import (
    Audience,
    Commercial,
    Editorial,
    Generator,
    MediaDigest,
    Submission,
    UpstreamMarking,
)
from gateway.model.verdict import Verdict
from gateway.storage.vault.payload import Payload, dump_payload, load_payload, payload_of
from tests.paths import GOLDEN
from tests.stores import Samples

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MAYBE = st.none() | TEXT
PLAIN = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-99, 99) | TEXT, max_size=3)


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=2).map(tuple)


MARKING = st.builds(UpstreamMarking, type=TEXT, verifier=MAYBE, result=MAYBE)
SUBMISSION = st.builds(
    Submission,
    **dict.fromkeys(("message_id", "tenant", "creator", "avatar", "conversation", "text"), TEXT),
    **dict.fromkeys(("language", "human_text", "idempotency_key"), MAYBE),
    **dict.fromkeys(("route", "caller"), TEXT),
    received_at=st.datetimes(timezones=st.just(UTC)),
    audience=st.builds(Audience, id=MAYBE, jurisdictions=several(TEXT)),
    commercial=st.builds(Commercial, brand=MAYBE),
    generator=st.builds(
        Generator, model=MAYBE, provider=MAYBE, upstream_marking=st.none() | MARKING
    ),
    editorial=st.builds(Editorial, reviewed_by=MAYBE, editor=MAYBE),
    media=several(st.builds(MediaDigest, sha256=TEXT, content_type=TEXT)),
)
DISCLOSURE = st.builds(
    Disclosure,
    **dict.fromkeys(("text", "language", "content_hash", "salt"), TEXT),
    notices=several(st.builds(Notice, notice=TEXT, text=TEXT, position=TEXT, rules=several(TEXT))),
    marks=PLAIN,
    replaced_by=MAYBE,
)
PAYLOAD = st.builds(
    Payload,
    submission=SUBMISSION,
    reasons=several(st.builds(Reason, rule=TEXT, text=TEXT)),
    obligations=several(st.builds(Obligation, rules=several(TEXT), params=PLAIN)),
    unavailable=several(st.builds(Unavailable, reason=TEXT)),
    disclosure=st.none() | DISCLOSURE,
    receipt=st.none() | st.builds(Receipt, id=TEXT, kid=TEXT, jws=TEXT, claims=PLAIN),
    redacted_kinds=several(TEXT),
    timings_ms=st.dictionaries(TEXT, st.floats(0, 1e6), max_size=3),
    document=st.none() | PLAIN,
)


@given(PAYLOAD)
@settings(max_examples=60, deadline=None)
def test_every_payload_comes_back(payload: Payload) -> None:
    assert load_payload(dump_payload(payload)) == payload


def test_a_record_is_all_there(samples: Samples) -> None:
    record = samples.record()
    payload = payload_of(record)
    assert load_payload(dump_payload(payload)) == payload
    assert payload.redacted_kinds == ("PHONE_NUMBER",)
    assert payload.document == record.grounds.decision.document if record.grounds.decision else None
    assert payload_of(samples.record(decision=None, redaction=None)).document is None


@pytest.mark.parametrize("verdict", list(Verdict))
def test_payloads_are_byte_for_byte_what_they_were(samples: Samples, verdict: Verdict) -> None:
    written = dump_payload(payload_of(samples.record(verdict)))
    assert written == (GOLDEN / "payload" / f"{verdict.value}.json").read_bytes()


def test_other_mappings_and_sets_are_written_plainly(samples: Samples) -> None:
    document = MappingProxyType({"a": frozenset({"y", "x"})})
    payload = Payload(submission=samples.submission(), document=document)
    assert load_payload(dump_payload(payload)).document == {"a": ["x", "y"]}


def test_what_json_cannot_say_is_refused(samples: Samples) -> None:
    with pytest.raises(TypeError):
        dump_payload(Payload(submission=samples.submission(), document={"a": object()}))


def test_payloads_of_other_versions_are_read(samples: Samples) -> None:
    payload = Payload(
        submission=samples.submission(),
        reasons=(Reason(rule="r", text="t", verdict=Verdict.HOLD),),
    )
    written = orjson.loads(dump_payload(payload))
    written["from_the_future"] = 1
    written["submission"]["from_the_future"] = {"x": 1}
    del written["submission"]["commercial"]
    del written["timings_ms"]
    assert load_payload(orjson.dumps(written)).reasons == payload.reasons
    assert load_payload(orjson.dumps(written)).submission.commercial == Commercial()
