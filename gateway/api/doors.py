"""What the HTTP doors lead to, handed over by the assembly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from gateway.api.access import Guard
from gateway.api.metrics import Metrics
from gateway.api.stream.hub import Hub
from gateway.model.record import Entry
from gateway.pipeline.asking import Asking
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.stream.session import Studio
from gateway.platforms.generator import GeneratorClient
from gateway.platforms.proxied import ProxiedPlatform
from gateway.policy.reload import Reloader
from gateway.ports import Ledger, Now, Registry
from gateway.reporting.keeper import Keeper
from gateway.storage.questions import Questions
from gateway.storage.store import Erasures, Holds, LogStore
from gateway.storage.tallies import Tallies
from gateway.trail.log import Log
from gateway.trail.witnessing import Witnessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What reports are made with. `statement` is None where no profile is set."""

    questions: Questions
    tallies: Tallies
    keeper: Keeper
    statement: Callable[[Entry], Mapping[str, Any] | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """`unready` names what is not ready yet (empty: ready). `check_creator` raises InvalidField
    for settings that the schema does not allow. `policy_data` is the base document of the
    policies in use. `remarks` says what is not as it should be though messages are served.
    `log_public`: whether anyone may read tiles. `proxied` are the platforms behind /p/.
    `studio` is what streams use, `generator` where words come from, None where none is set;
    `hub` has the live streams."""

    gateway: Gateway
    asking: Asking
    ledger: Ledger
    registry: Registry
    log: Log
    entries: LogStore
    erasures: Erasures
    holds: Holds
    guard: Guard
    metrics: Metrics
    now: Now
    jwks: Callable[[], Mapping[str, Any]]
    unready: Callable[[], Awaitable[tuple[str, ...]]]
    check_creator: Callable[[Mapping[str, Any]], None]
    policies: Reloader
    policy_data: Callable[[], Mapping[str, Any]]
    witnessing: Witnessing | None = None
    remarks: Callable[[], tuple[str, ...]] = tuple
    log_public: bool = False
    desk: Desk | None = None
    proxied: ProxiedPlatform | None = None
    studio: Studio | None = None
    generator: GeneratorClient | None = None
    hub: Hub = field(default_factory=Hub)


def doors_of(request: Request) -> Doors:
    """The doors of the app that serves this request."""
    doors = request.app.state.doors
    if not isinstance(doors, Doors):
        raise TypeError("the app was built without doors")
    return doors
