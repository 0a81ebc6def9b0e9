"""Serves the built gateway over HTTP, with what runs beside the requests."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import (
    ExitStack,
    asynccontextmanager,
    suppress,
)
from functools import partial
from importlib.metadata import version as installed_version
from typing import Any

import orjson
import structlog

from gateway.api.access import AccessGuard, issue_key
from gateway.api.app import build_app
from gateway.api.metrics import Metrics
from gateway.api.server import bound, listen, serve_app
from gateway.api.services import ApiServices, ReportServices
from gateway.assembly.adapters import (
    limits_of,
)
from gateway.assembly.background import Job, expire, kept_running, retain, take_over, uncollected
from gateway.assembly.build import AssembledGateway, assemble
from gateway.errors import ConfigurationError, GatewayError, LogInvalid
from gateway.model.access import Role
from gateway.model.record import EntryKind
from gateway.opened import Opened, utc_now
from gateway.pipeline.moderation import Moderator
from gateway.policy.authoring.describe import rule_titles
from gateway.reporting.profile import load_profile
from gateway.reporting.reasons import statement
from gateway.reporting.tally_updates import TallyUpdater
from gateway.settings import Settings
from gateway.storage.store import EntryQuery
from gateway.telemetry import configure_logs, configure_traces

FIRST_KEY = "first-api-key"


def version() -> str:
    return installed_version("avatar-gateway")


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigurationError before anything is accepted."""
    configure_logs(settings.log_level, settings.log_format)
    if settings.otlp_endpoint is not None:
        configure_traces(settings.otlp_endpoint, version())
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    with bound(settings.host, settings.port) as sockets, ExitStack() as starting:
        starting.enter_context(uncollected())
        async with assemble(settings) as parts, _background(parts):
            await _first_key(parts.opened)
            app = build_app(
                api_services(parts),
                version=version(),
                max_body_bytes=settings.max_body_bytes,
                public_url=settings.public_url,
            )
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            url = f"http://{host}:{listen(sockets)}"
            starting.close()
            structlog.get_logger("gateway").info("ready", url=url, docs="/docs")
            await serve_app(app, sockets)


@asynccontextmanager
async def _background(parts: AssembledGateway) -> AsyncIterator[None]:
    """Checkpoints, retries and expiry, while the server runs."""
    try:
        await parts.opened.log.start()
    except LogInvalid as error:
        raise ConfigurationError(
            "the audit log",
            f"does not verify ({error})",
            "See `avatar-gateway audit verify`, and restore the database from a backup.",
        ) from error
    await parts.policy.started(await _policies_noted(parts.opened))
    every_s = parts.opened.settings.policies_reload_s
    anchoring = [one for one in (parts.witnessing, parts.stamping) if one is not None]
    opened = parts.opened
    jobs: list[tuple[str, Job]] = [
        *(("anchors", one.run) for one in anchoring),
        ("courier", parts.courier.run),
        ("expiry", partial(expire, opened)),
        ("retention", partial(retain, opened)),
        ("takeover", partial(take_over, opened)),
        ("tallies", _tally_updater(opened).run),
    ]
    if parts.policies.shadow is not None:
        await parts.policies.look()
        jobs.append(("shadow", parts.policies.shadow.run))
    if every_s > 0:
        jobs.append(("policies", partial(parts.policies.watch, every_s)))
    try:
        async with kept_running(jobs):
            yield
    finally:
        await opened.log.close()


async def _policies_noted(opened: Opened) -> str | None:
    """The digest of the policies that the log last spoke of."""
    query = EntryQuery(kind=EntryKind.CHANGE, decision="policy")
    for entry in await opened.store.log.find(query, limit=1):
        digest = orjson.loads(entry.body)["after"]
        return None if digest is None else str(digest)
    return None


async def _first_key(opened: Opened) -> None:
    """An admin key for a gateway that has none, in a file that only its owner can read."""
    if await opened.store.registry.api_keys():
        return
    path = opened.settings.data_dir / FIRST_KEY
    key, token = issue_key(
        tenant="default",
        roles=frozenset({Role.ADMIN}),
        now=utc_now(),
        label="first key",
        requests_per_s=10_000,
    )
    with suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    await opened.store.registry.put_api_key(key, actor="first start")
    structlog.get_logger("gateway").info("wrote the first API key (admin)", file=str(path))


def api_services(parts: AssembledGateway) -> ApiServices:
    """What the HTTP doors lead to."""
    opened = parts.opened

    async def unready() -> tuple[str, ...]:
        missing = [f"log: {opened.log.problem}"] if opened.log.problem else []
        try:
            await opened.store.ready()
        except GatewayError as error:
            missing.append(f"database: {error}")
        return tuple(missing)

    return ApiServices(
        gateway=parts.gateway,
        moderator=Moderator(rooms=parts.rooms, limits=limits_of(opened.settings), now=utc_now),
        ledger=opened.store.ledger,
        changes=opened.store.changes,
        escalations=opened.store.escalations,
        human_turns=opened.store.human_turns,
        reviews=opened.store.reviews,
        registry=opened.store.registry,
        log=opened.log,
        entries=opened.store.log,
        erasures=opened.store.erasures,
        holds=opened.store.holds,
        guard=AccessGuard(registry=opened.store.registry, now=utc_now, clock=time.monotonic),
        metrics=Metrics(),
        now=utc_now,
        jwks=opened.keyring.jwks,
        unready=unready,
        check_creator=parts.policy.check_creator,
        policies=parts.policies,
        policy_data=lambda: parts.policy.snapshot.data,
        witnessing=parts.witnessing,
        remarks=lambda: _remarks(parts),
        log_public=opened.settings.log_public,
        reports=_report_services(parts),
        proxied=parts.proxied,
        streaming=parts.streaming,
        generator=parts.generator,
    )


def _report_services(parts: AssembledGateway) -> ReportServices:
    """What reports are made with. Raises ConfigurationError for a profile that is not right."""
    opened = parts.opened
    path = opened.settings.dsa_profile
    state = None
    if path is not None:
        profile = load_profile(path)
        titles = rule_titles(parts.policy.snapshot)
        state = partial(statement, profile=profile, titles=titles, origin=opened.log.origin)
    return ReportServices(
        questions=opened.store.questions,
        tallies=opened.store.tallies,
        updater=_tally_updater(opened),
        statement=state,
    )


def _tally_updater(opened: Opened) -> TallyUpdater:
    return TallyUpdater(entries=opened.store.log, tallies=opened.store.tallies)


def _remarks(parts: AssembledGateway) -> tuple[str, ...]:
    """What is not as it should be, though messages are served."""
    anchoring = (parts.witnessing, parts.stamping)
    return tuple(one.note for one in anchoring if one is not None and one.note)


def _loop_factory() -> Any:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
