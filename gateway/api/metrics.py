"""Prometheus metrics: counts and durations, no ids, no text."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.model.record import Outcome
from gateway.policy.live.live_policies import PoliciesStatus
from gateway.policy.live.shadow import ShadowStatus
from gateway.trail.witnessing import WitnessStatus

_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
"""Upper ends of the histogram: stages take from under a millisecond to their deadlines."""


class Metrics:
    """The metrics of one app, in a registry of its own."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._messages = Counter(
            "gateway_messages",
            "Messages judged.",
            ("channel", "verdict", "state", "dry_run"),
            registry=self._registry,
        )
        self._rules = Counter(
            "gateway_rules", "Rules that fired.", ("rule", "verdict"), registry=self._registry
        )
        self._unavailable = Counter(
            "gateway_stage_unavailable",
            "Stages that failed.",
            ("stage",),
            registry=self._registry,
        )
        self._stages = Histogram(
            "gateway_stage_seconds",
            "Wall time of a stage.",
            ("stage",),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._waiting = Gauge(
            "gateway_reviews_waiting", "Held messages at last look.", registry=self._registry
        )
        self._escalations = Gauge(
            "gateway_escalations_open", "Open escalations at last look.", registry=self._registry
        )
        self._policies = _Policies(self._registry)
        self._quorum = Gauge(
            "gateway_witness_quorum", "Witnesses that are needed.", registry=self._registry
        )
        self._witness_up = Gauge(
            "gateway_witness_up",
            "1 while this witness cosigns.",
            ("witness",),
            registry=self._registry,
        )
        self._witness_alarm = Gauge(
            "gateway_witness_alarm",
            "1 while this witness says that the log was rolled back or has forked.",
            ("witness",),
            registry=self._registry,
        )
        self._witnessed_size = Gauge(
            "gateway_witnessed_size",
            "Entries under the newest checkpoint that this witness cosigned.",
            ("witness",),
            registry=self._registry,
        )

    def observe(self, outcome: Outcome) -> None:
        """Count one judged message."""
        judgement = outcome.judgement
        self._messages.labels(
            outcome.channel.value, judgement.verdict.value, outcome.state.value, outcome.dry_run
        ).inc()
        for reason in judgement.reasons:
            self._rules.labels(reason.rule, reason.verdict.value).inc()
        for failure in judgement.unavailable:
            self._unavailable.labels(failure.stage.value).inc()
        for stage, ms in judgement.timings_ms.items():
            self._stages.labels(stage).observe(ms / 1_000)

    def waiting(self, count: int) -> None:
        self._waiting.set(count)

    def escalations(self, count: int) -> None:
        self._escalations.set(count)

    def policies(self, status: PoliciesStatus, shadow: ShadowStatus | None = None) -> None:
        self._policies.show(status, shadow)

    def witnesses(self, statuses: Sequence[WitnessStatus], quorum: int) -> None:
        self._quorum.set(quorum)
        for status in statuses:
            self._witness_up.labels(status.name).set(not status.problem and status.size > 0)
            self._witness_alarm.labels(status.name).set(status.alarm)
            self._witnessed_size.labels(status.name).set(status.size)

    def render(self) -> bytes:
        return generate_latest(self._registry)


class _Policies:
    """The metrics about the policies, those that decide and those in the shadow."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._deciding = Gauge(
            "gateway_policies",
            "1 for the digest of the policies that decide.",
            ("digest", "source"),
            registry=registry,
        )
        self._changes = Gauge(
            "gateway_policy_changes",
            "Changed policies since the start: taken into use, or refused.",
            ("result",),
            registry=registry,
        )
        self._refused = Gauge(
            "gateway_policies_refused",
            "1 while newer policies lie there that could not be used.",
            registry=registry,
        )

        self._shadow = Gauge(
            "gateway_policy_shadow",
            "Messages judged by the policies in the shadow since the start.",
            ("result",),
            registry=registry,
        )

    def show(self, status: PoliciesStatus, shadow: ShadowStatus | None) -> None:
        for name in ("same", "differ", "failed", "left_out") if shadow else ():
            self._shadow.labels(name).set(getattr(shadow, name))
        self._deciding.clear()
        self._deciding.labels(status.bundle.digest, status.source).set(1)
        self._changes.labels("taken").set(status.taken)
        self._changes.labels("refused").set(status.refusals)
        self._refused.set(status.refused is not None)
