"""Serves an assembled gateway over HTTP, and runs its background jobs."""

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
from gateway.assembly.background import (
    BackgroundJob,
    apply_retention,
    expire_held,
    garbage_collection_off,
    jobs_running,
    reclaim_from_dead,
)
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
"""File in the data directory that holds the first API key."""


def version() -> str:
    """The version of the installed package."""
    return installed_version("avatar-gateway")


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigurationError before any request is accepted."""
    configure_logs(settings.log_level, settings.log_format)
    if settings.otlp_endpoint is not None:
        configure_traces(settings.otlp_endpoint, version())
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve_assembled(settings))


async def _serve_assembled(settings: Settings) -> None:
    with bound(settings.host, settings.port) as sockets, ExitStack() as starting:
        starting.enter_context(garbage_collection_off())
        async with assemble(settings) as parts, _background_jobs(parts):
            await _write_first_key(parts.opened)
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
async def _background_jobs(parts: AssembledGateway) -> AsyncIterator[None]:
    """Run the log's checkpoints and all background jobs while the server runs. Raises
    ConfigurationError when the log does not verify."""
    try:
        await parts.opened.log.start()
    except LogInvalid as error:
        raise ConfigurationError(
            "the audit log",
            f"does not verify ({error})",
            "See `avatar-gateway audit verify`, and restore the database from a backup.",
        ) from error
    await parts.policies.started(await _last_logged_policies(parts.opened))
    every_s = parts.opened.settings.policies_reload_s
    anchors = [anchor for anchor in (parts.witnessing, parts.stamping) if anchor is not None]
    opened = parts.opened
    jobs: list[tuple[str, BackgroundJob]] = [
        *(("anchors", anchor.run) for anchor in anchors),
        ("courier", parts.courier.run),
        ("expiry", partial(expire_held, opened)),
        ("retention", partial(apply_retention, opened)),
        ("reclaim", partial(reclaim_from_dead, opened)),
        ("tallies", _tally_updater(opened).run),
    ]
    if parts.reloader.shadow is not None:
        await parts.reloader.look()
        jobs.append(("shadow", parts.reloader.shadow.run))
    if every_s > 0:
        jobs.append(("policies", partial(parts.reloader.watch, every_s)))
    try:
        async with jobs_running(jobs):
            yield
    finally:
        await opened.log.close()


async def _last_logged_policies(opened: Opened) -> str | None:
    """The digest of the policies in the log's latest entry about them; None without one."""
    query = EntryQuery(kind=EntryKind.CHANGE, decision="policy")
    for entry in await opened.store.log.find(query, limit=1):
        digest = orjson.loads(entry.body)["after"]
        return None if digest is None else str(digest)
    return None


async def _write_first_key(opened: Opened) -> None:
    """Issue an admin API key for a gateway that has no keys, and write it to a file that only its
    owner can read."""
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
    """The services that the HTTP API uses."""
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
        moderator=Moderator(
            adapters=parts.adapters, limits=limits_of(opened.settings), now=utc_now
        ),
        ledger=opened.store.ledger,
        changes=opened.store.changes,
        escalations=opened.store.escalations,
        human_turns=opened.store.human_turns,
        reviews=opened.store.reviews,
        registry=opened.store.registry,
        log=opened.log,
        entries=opened.store.log,
        erasures=opened.store.erasures,
        legal_holds=opened.store.legal_holds,
        guard=AccessGuard(registry=opened.store.registry, now=utc_now, clock=time.monotonic),
        metrics=Metrics(),
        now=utc_now,
        jwks=opened.keyring.jwks,
        unready=unready,
        check_creator=parts.policies.check_creator,
        policies=parts.reloader,
        policy_data=lambda: parts.policies.snapshot.data,
        witnessing=parts.witnessing,
        remarks=lambda: _readiness_remarks(parts),
        log_public=opened.settings.log_public,
        reports=_report_services(parts),
        proxied=parts.proxied,
        streaming=parts.streaming,
        generator=parts.generator,
    )


def _report_services(parts: AssembledGateway) -> ReportServices:
    """The services that reports use. Raises ConfigurationError for an invalid profile."""
    opened = parts.opened
    path = opened.settings.dsa_profile
    state = None
    if path is not None:
        profile = load_profile(path)
        titles = rule_titles(parts.policies.snapshot)
        state = partial(statement, profile=profile, titles=titles, origin=opened.log.origin)
    return ReportServices(
        search=opened.store.search,
        tallies=opened.store.tallies,
        updater=_tally_updater(opened),
        statement=state,
    )


def _tally_updater(opened: Opened) -> TallyUpdater:
    return TallyUpdater(entries=opened.store.log, tallies=opened.store.tallies)


def _readiness_remarks(parts: AssembledGateway) -> tuple[str, ...]:
    """Problems that do not keep the gateway from serving: missing cosignatures and stamps."""
    anchors = (parts.witnessing, parts.stamping)
    return tuple(anchor.note for anchor in anchors if anchor is not None and anchor.note)


def _loop_factory() -> Any:
    """The event loop of uvloop where it is installed, else None: asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
