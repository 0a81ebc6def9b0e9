"""The adapters that one message passes through, and how long each step may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.model.finding import Detection
from gateway.model.text import ReadText
from gateway.ports import (
    Courier,
    CurrentPolicies,
    Detector,
    Discloser,
    Ledger,
    Platform,
    Read,
    Redact,
    Registry,
)

Spare = Callable[[Detection, ReadText, tuple[str, ...]], Detection]
"""Leaves out what the PII detector found of a creator's own public facts. Pure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """One adapter for each port, in the order a message meets them. `detectors` are those for
    PII and toxicity; the detector for signals comes with the policies."""

    ledger: Ledger
    registry: Registry
    read: Read
    detectors: tuple[Detector, ...]
    spare: Spare
    policies: CurrentPolicies
    redact: Redact
    discloser: Discloser
    courier: Courier
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Deadlines in milliseconds, how long a held message waits for review, and the longest text in
    code points."""

    detect_ms: float = 2_000
    policy_ms: float = 500
    record_ms: float = 5_000
    deliver_wait_ms: float = 2_000
    review_ttl: timedelta = timedelta(hours=24)
    max_text_length: int = 20_000
