from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from pydantic import ValidationError

from gateway.api.schemas import SubmissionIn, outcome_out
from gateway.model.finding import Stage, Unavailable
from gateway.model.record import outcome_of
from gateway.model.submission import Channel, Minor, Submission
from gateway.model.verdict import Verdict
from tests.paths import GOLDEN
from tests.stores import Clock, Samples

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LEAST = {
    "channel": "dm",
    "creator": "lea",
    "avatar": "twin",
    "conversation": "c-1",
    "text": "Salut",
}


def made(**more: object) -> Submission:
    return SubmissionIn.model_validate({**LEAST, **more}).to_submission(
        message_id="msg_1",
        tenant="t",
        caller="key",
        received_at=NOW,
        idempotency_key="k",
        dry_run=False,
    )


def test_what_is_left_out_is_unknown() -> None:
    submission = made()
    assert submission.channel is Channel.DM
    assert submission.audience.minor is Minor.UNKNOWN
    assert submission.audience.jurisdictions == ()
    assert submission.language is None
    assert submission.human_text is None
    assert not submission.commercial.paid_partnership
    assert submission.route == "sandbox"


def test_all_that_is_told_arrives() -> None:
    submission = made(
        audience={"id": "fan", "minor": "yes", "jurisdictions": ["FR", "US-CA"]},
        commercial={"paid_partnership": True, "brand": "NordPan"},
        generator={"model": "m", "upstream_marking": {"type": "synthid", "result": "found"}},
        editorial={"public_interest": True, "reviewed_by": "desk", "edited": True},
        media=[{"sha256": "0" * 64, "content_type": "image/png"}],
    )
    assert submission.audience.jurisdictions == ("FR", "US-CA")
    assert submission.commercial.brand == "NordPan"
    assert submission.generator.upstream_marking is not None
    assert submission.generator.upstream_marking.type == "synthid"
    assert submission.editorial.edited
    assert submission.media[0].content_type == "image/png"


@pytest.mark.parametrize(
    "more",
    [
        {"creator": ""},
        {"creator": "../etc"},
        {"conversation": "x" * 129},
        {"conversation": "a\nb"},
        {"audience": {"jurisdictions": ["EU"] * 17}},
        {"media": [{"sha256": "0" * 64, "content_type": "image/png"}] * 33},
        {"generator": {"model": "x" * 129}},
        {"human_text": 5},
    ],
)
def test_sizes_and_forms_are_bounded(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        made(**more)


def test_age_and_consent_arrive() -> None:
    audience = made(audience={"minor": "yes", "age_from": 13, "guardian_consent": True}).audience
    assert (audience.age_from, audience.guardian_consent) == (13, True)
    assert (made().audience.age_from, made().audience.guardian_consent) == (None, False)


@pytest.mark.parametrize(
    ("told", "arrives"),
    [
        ("2026-11-22T21:00:00+01:00", datetime(2026, 11, 22, 20, 0, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", datetime(1, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_when_a_human_spoke_is_utc(told: str | None, arrives: datetime | None) -> None:
    assert made(human_spoke_at=told).human_spoke_at == arrives


@pytest.mark.parametrize(
    "told", ["2026-11-22T21:00:00", 0, 1795377600, "1795377600", "0", 1.5, True, ["2026"], ""]
)
def test_when_a_human_spoke_is_written_out_with_its_offset(told: object) -> None:
    with pytest.raises(ValidationError):
        made(human_spoke_at=told)


def test_outcomes_are_byte_for_byte_what_they_were() -> None:
    samples = Samples(Clock())
    failed = (Unavailable(stage=Stage.PII, reason="no answer within 10 ms"),)
    records = [
        samples.record(),
        samples.record(Verdict.HOLD, unavailable=failed),
        samples.record(Verdict.BLOCK),
        samples.record(submission=replace(samples.submission(), dry_run=True)),
        samples.escalated(timings_ms=MappingProxyType({"pii": 0.1, "policy": 2.0})),
    ]
    outcomes = [outcome_of(record, seq) for seq, record in enumerate(records)]
    outcomes.append(replace(outcomes[0], replayed=True, attempts=2, delivery_detail="503"))
    outcomes.append(replace(outcomes[2], erased_at=samples.clock.at))
    written = [outcome_out(outcome).model_dump_json().encode() for outcome in outcomes]
    assert written == (GOLDEN / "http" / "outcomes.jsonl").read_bytes().splitlines()
