"""Prometheus metrics: counts and durations, no ids, no text."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.model.record import Outcome

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """One registry for one app."""

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
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._waiting = Gauge(
            "gateway_reviews_waiting", "Held messages at last look.", registry=self._registry
        )
        self._escalations = Gauge(
            "gateway_escalations_open", "Open escalations at last look.", registry=self._registry
        )

    def observe(self, outcome: Outcome) -> None:
        """Count one judged message."""
        self._messages.labels(
            outcome.channel.value, outcome.verdict.value, outcome.state.value, outcome.dry_run
        ).inc()
        for reason in outcome.reasons:
            self._rules.labels(reason.rule, reason.verdict.value).inc()
        for failure in outcome.unavailable:
            self._unavailable.labels(failure.stage.value).inc()
        for stage, ms in outcome.timings_ms.items():
            self._stages.labels(stage).observe(ms / 1_000)

    def waiting(self, count: int) -> None:
        self._waiting.set(count)

    def escalations(self, count: int) -> None:
        self._escalations.set(count)

    def render(self) -> bytes:
        return generate_latest(self._registry)
