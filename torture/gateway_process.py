"""The gateway under test, in a process of its own: real API, pipeline, store, courier and webhook.

Only what judges messages is replaced by stubs, since it uses neither disk nor network.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import anyio._backends._asyncio
import httpcore
import structlog
import uvicorn.lifespan.on
import uvicorn.protocols.websockets.auto
import uvloop

from gateway.api.access import AccessGuard
from gateway.api.app import build_app
from gateway.api.metrics import Metrics
from gateway.api.server import bound, listen, serve_app
from gateway.api.services import ApiServices
from gateway.assembly.opening import open_with_anchors
from gateway.delivery.backoff import Backoff
from gateway.delivery.courier import OutboxCourier
from gateway.errors import GatewayError
from gateway.model.finding import Stage
from gateway.opened import Opened
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.gateway import Gateway
from gateway.platforms.routes import load_routes
from gateway.platforms.webhook import WebhookPlatform
from gateway.ports import PolicyGeneration
from gateway.settings import Settings, read_settings
from torture import stubs
from torture.mutants import plant

# Done once and not in each child, which would take too long: children are forked from a process
# that has imported this module.
_APP = build_app(None, version="torture", max_body_bytes=1_000_000)
_LATE = (anyio._backends._asyncio, httpcore, uvicorn.lifespan.on, uvicorn.protocols.websockets.auto)
gc.freeze()


def serve(settings: Mapping[str, Any], mutant: str, pipe: Connection) -> None:
    """Wait for a message on `pipe`, plant the mutant, and serve until SIGTERM. Exits with 3 when
    the gateway cannot start."""
    log = os.open(Path(settings["data_dir"]) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    pipe.send("ready")
    pipe.recv()
    plant(mutant)
    try:
        uvloop.run(_serve(read_settings(None, dict(settings))))
    except GatewayError as error:
        sys.stderr.write(repr(error))
        sys.stderr.flush()
        os._exit(3)


async def _serve(settings: Settings) -> None:
    with bound(settings.host, settings.port) as sockets:
        async with open_with_anchors(settings) as opened:
            loaded = load_routes(sandbox_url=settings.sandbox_url, directory=settings.routes_dir)
            platform = WebhookPlatform(
                routes=loaded.routes, secrets=loaded.secrets, secret=b"s" * 32
            )
            courier = OutboxCourier(
                outbox=opened.store.outbox,
                platform=platform,
                now=_now,
                poll_s=0.05,
                backoff=Backoff(random=lambda: 1.0, base_s=0.05, cap_s=0.2),
            )
            await opened.log.start()
            running = asyncio.create_task(courier.run())
            _APP.state.services = _api_services(opened, courier, platform)
            listen(sockets)
            try:
                await serve_app(_APP, sockets)
            finally:
                courier.stop()
                await asyncio.wait({running}, timeout=10)
                await opened.log.close()
                await platform.close()


def _api_services(opened: Opened, courier: OutboxCourier, platform: WebhookPlatform) -> ApiServices:
    store = opened.store
    generation = PolicyGeneration(
        signals=stubs.StubDetector(Stage.SIGNALS), decide=stubs.StubPolicyEngine().decide
    )
    adapters = Adapters(
        ledger=store.ledger,
        registry=store.registry,
        read=stubs.read_text,
        detectors=tuple(map(stubs.StubDetector, (Stage.PII, Stage.TOXICITY))),
        spare=stubs.keep_findings,
        policies=lambda: nullcontext(generation),
        redact=stubs.redact,
        discloser=stubs.StubDiscloser(),
        courier=courier,
        platform=platform,
    )
    given = {
        "gateway": Gateway(
            adapters=adapters,
            limits=Limits(detect_ms=30_000, policy_ms=30_000, record_ms=30_000),
            now=_now,
        ),
        "ledger": store.ledger,
        "changes": store.changes,
        "escalations": store.escalations,
        "human_turns": store.human_turns,
        "reviews": store.reviews,
        "registry": store.registry,
        "log": opened.log,
        "entries": store.log,
        "guard": AccessGuard(registry=store.registry, now=_now, clock=time.monotonic),
        "metrics": Metrics(),
        "now": _now,
        "check_creator": lambda _settings: None,
    }
    # The workload does not use the other services.
    missing: dict[str, Any] = {service.name: None for service in fields(ApiServices)}
    return ApiServices(**missing | given)


def _now() -> datetime:
    return datetime.now(UTC)
