from __future__ import annotations

from datetime import UTC, datetime

from gateway.api.metrics import Metrics
from gateway.model.decision import Reason
from gateway.model.finding import Stage, Unavailable
from gateway.model.judgement import Judgement
from gateway.model.record import Outcome
from gateway.model.submission import Channel
from gateway.model.verdict import State, Verdict
from gateway.trail.witnessing import WitnessStatus

JUDGEMENT = Judgement(
    decision_id="dec_1",
    verdict=Verdict.HOLD,
    language="fr",
    reasons=(Reason(rule="baseline.toxicity", text="secret words", verdict=Verdict.HOLD),),
    unavailable=(Unavailable(stage=Stage.PII, reason="no answer"),),
    timings_ms={"policy": 0.8},
)
OUTCOME = Outcome(
    message_id="msg_secret",
    tenant="t",
    channel=Channel.LIVE,
    creator="lea",
    avatar="twin",
    conversation="secret-conversation",
    route="sandbox",
    judgement=JUDGEMENT,
    state=State.HELD,
    decided_at=datetime(2026, 11, 22, tzinfo=UTC),
    entry_seq=0,
)


def test_an_outcome_is_counted_under_its_labels() -> None:
    metrics = Metrics()
    metrics.observe(OUTCOME)
    metrics.observe(OUTCOME)
    metrics.waiting(3)
    text = metrics.render().decode()
    assert (
        'gateway_messages_total{channel="live",dry_run="False",state="held",verdict="hold"} 2.0'
        in text
    )
    assert 'gateway_rules_total{rule="baseline.toxicity",verdict="hold"} 2.0' in text
    assert 'gateway_stage_unavailable_total{stage="pii"} 2.0' in text
    assert 'gateway_stage_seconds_bucket{le="0.001",stage="policy"} 2.0' in text
    assert "gateway_reviews_waiting 3.0" in text
    assert "secret" not in text


def test_two_apps_do_not_share_a_registry() -> None:
    first, second = Metrics(), Metrics()
    first.observe(OUTCOME)
    assert 'channel="live"' not in second.render().decode()


def test_witnesses_are_measured() -> None:
    metrics = Metrics()
    metrics.witnesses(
        [
            WitnessStatus(name="w1", size=7),
            WitnessStatus(name="w2", size=3, problem="has seen more", alarm=True),
            WitnessStatus(name="w3"),
        ],
        2,
    )
    lines = metrics.render().decode().splitlines()
    assert "gateway_witness_quorum 2.0" in lines
    for name, up, alarm, size in (("w1", 1, 0, 7), ("w2", 0, 1, 3), ("w3", 0, 0, 0)):
        assert f'gateway_witness_up{{witness="{name}"}} {up}.0' in lines
        assert f'gateway_witness_alarm{{witness="{name}"}} {alarm}.0' in lines
        assert f'gateway_witnessed_size{{witness="{name}"}} {size}.0' in lines
