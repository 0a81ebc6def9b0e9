"""The services that the HTTP API calls; the assembly makes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from gateway.api.access import AccessGuard
from gateway.api.metrics import Metrics
from gateway.api.stream.hub import LiveStreams
from gateway.model.record import Entry
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.moderation import Moderator
from gateway.pipeline.stream.session import StreamSessions
from gateway.platforms.generator import GeneratorClient
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.policy.live.reload import Reloader
from gateway.ports import Ledger, Now, Registry
from gateway.reporting.tally_updates import TallyUpdater
from gateway.storage.log.entry_search import EntrySearch
from gateway.storage.log.tallies import StoredTallies
from gateway.storage.messages.changes import Changes
from gateway.storage.messages.escalations import Escalations
from gateway.storage.messages.human_turns import HumanTurns
from gateway.storage.messages.reviews import Reviews
from gateway.storage.store import Erasures, LegalHolds, StoredLog
from gateway.trail.log import Log
from gateway.trail.witnessing import Witnessing


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportServices:
    """What exports and reports are made with. `statement` makes the statement of reasons of an
    entry; it is None where no profile is set."""

    search: EntrySearch
    tallies: StoredTallies
    updater: TallyUpdater
    statement: Callable[[Entry], Mapping[str, Any] | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """Everything that request handlers use.

    `unready` names what is not ready yet (empty: ready). `check_creator` raises InvalidField
    for settings that the schema does not allow. `policy_data` is the base document of the
    policies in use. `remarks` says what is not as it should be though messages are served.
    `log_public`: whether anyone may read tiles. `proxied`: the platforms behind /p/. `streaming`:
    what streams use. `generator`: the language model behind the OpenAI-compatible endpoints, None
    where none is set. `hub`: the live streams.
    """

    gateway: Gateway
    moderator: Moderator
    ledger: Ledger
    changes: Changes
    escalations: Escalations
    human_turns: HumanTurns
    reviews: Reviews
    registry: Registry
    log: Log
    entries: StoredLog
    erasures: Erasures
    legal_holds: LegalHolds
    guard: AccessGuard
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
    reports: ReportServices | None = None
    proxied: ProxiedPlatform | None = None
    streaming: StreamSessions | None = None
    generator: GeneratorClient | None = None
    hub: LiveStreams = field(default_factory=LiveStreams)


def services_of(request: Request) -> ApiServices:
    """The services behind the app that serves this request."""
    services = request.app.state.services
    if not isinstance(services, ApiServices):
        raise TypeError("the app was built without services")
    return services
