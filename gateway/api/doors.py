"""What the HTTP doors lead to, handed over by the assembly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from gateway.api.access import Guard
from gateway.api.metrics import Metrics
from gateway.pipeline.gateway import Gateway
from gateway.ports import Ledger, Now, Registry
from gateway.storage.store import LogStore
from gateway.trail.log import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """`unready` names what is not ready yet (empty: ready). `check_creator` raises InvalidField
    for settings that the schema does not allow."""

    gateway: Gateway
    ledger: Ledger
    registry: Registry
    log: Log
    entries: LogStore
    guard: Guard
    metrics: Metrics
    now: Now
    jwks: Callable[[], Mapping[str, Any]]
    unready: Callable[[], Awaitable[tuple[str, ...]]]
    check_creator: Callable[[Mapping[str, Any]], None]


def doors_of(request: Request) -> Doors:
    """The doors of the app that serves this request."""
    doors = request.app.state.doors
    if not isinstance(doors, Doors):
        raise TypeError("the app was built without doors")
    return doors
