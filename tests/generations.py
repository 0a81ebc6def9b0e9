"""Policies for a gateway under test: always the same ones, or real ones with a part replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from gateway.ports import CurrentPolicies, Detector, PolicyEngine, PolicyGeneration


def always(signals: Detector, engine: PolicyEngine) -> CurrentPolicies:
    """Policies that are never replaced."""
    generation = PolicyGeneration(signals=signals, decide=engine.decide)
    return lambda: nullcontext(generation)


def instead(policies: CurrentPolicies, **parts: Any) -> CurrentPolicies:
    """`policies` with `signals` or `decide` replaced."""

    @contextmanager
    def current() -> Iterator[PolicyGeneration]:
        with policies() as generation:
            yield replace(generation, **parts)

    return current
