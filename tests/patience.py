"""How long tests wait for what must come. On a busy machine all of it may take a hundred times as
long; no test says anything about speed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

PATIENCE_S = 1_200.0
"""Seconds after which a test gives up: longer than any machine needs."""

PATIENT: Mapping[str, float] = {
    "deadline_detect_ms": 600_000,
    "deadline_policy_ms": 600_000,
    "deadline_record_ms": 600_000,
    "deliver_wait_ms": 600_000,
    "opa_deadline_ms": 300_000,
}
"""Settings of a gateway that waits for its own stages, and for the platform, as long as it may."""


PATIENT_TEXT = {name: str(value) for name, value in PATIENT.items()}


def until(condition: Callable[[], object]) -> None:
    """Wait for `condition` in a thread."""
    latest = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < latest, "it never came to that"
        time.sleep(0.02)


async def until_soon(condition: Callable[[], object]) -> None:
    """Wait for `condition` while the event loop goes on."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is watched knows no events
            await asyncio.sleep(0.005)
