"""Puts the gateway together: the only place that picks adapters from the settings."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from gateway.api.access import AccessGuard, issue_key
from gateway.api.app import build_app
from gateway.api.metrics import Metrics
from gateway.api.server import bound, listen, serve_app
from gateway.api.services import ApiServices, ReportServices
from gateway.assembly.adapters import (
    c2pa_marker,
    detectors_of,
    generator_of,
    limits_of,
    platform_of,
    policy_engine,
    studio_of,
)
from gateway.assembly.anchoring import quorum_of, stamp_checker, stamping, witnessing
from gateway.assembly.background import Job, expire, kept_running, retain, take_over, uncollected
from gateway.cli.context import CommandServices, Document, Opened
from gateway.delivery.courier import OutboxCourier
from gateway.disclosure.discloser import LabelDiscloser
from gateway.errors import ConfigurationError, GatewayError, LogInvalid, StageFailure
from gateway.keyring import Keyring
from gateway.model.access import Role
from gateway.model.creator import Creator
from gateway.model.record import EntryKind
from gateway.model.submission import Submission
from gateway.pii.public_facts import without_public_facts
from gateway.pii.redaction import make_redactor
from gateway.pipeline.adapters import Adapters
from gateway.pipeline.admission import admit
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.judgement import Judge
from gateway.pipeline.moderation import Moderator
from gateway.pipeline.stream.session import StreamSessions
from gateway.platforms.generator import GeneratorClient
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.platforms.streams import OpenStreams
from gateway.policy.authoring.describe import rule_titles
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.live.live_policies import LivePolicies
from gateway.policy.live.reload import PolicySource, Reloader
from gateway.policy.live.sandbox import CreatorRuleSandbox
from gateway.policy.live.shadow import Shadow
from gateway.policy.packs.creator_settings import creator_checker
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey
from gateway.ports import Detector, PolicyEngine, Read
from gateway.reporting.profile import load_profile
from gateway.reporting.reasons import statement
from gateway.reporting.tally_updates import TallyUpdater
from gateway.settings import Settings, read_settings
from gateway.storage.store import EntryQuery, open_store
from gateway.telemetry import configure_logs, configure_traces
from gateway.text.reader import TextReader
from gateway.trail.leaf import encode
from gateway.trail.log import Log
from gateway.trail.witnessing import Witnessing

if TYPE_CHECKING:
    from gateway.trail.stamping import Stamping

FIRST_KEY = "first-api-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledGateway:
    """A gateway with everything it uses, open and warm."""

    books: Opened
    rooms: Adapters
    gateway: Gateway
    policy: LivePolicies
    courier: OutboxCourier
    policies: Reloader
    proxied: ProxiedPlatform | None = None
    witnessing: Witnessing | None = None
    stamping: Stamping | None = None
    studio: StreamSessions | None = None
    generator: GeneratorClient | None = None


def version() -> str:
    return installed_version("avatar-gateway")


def command_services() -> CommandServices:
    """What the command line is given."""
    return CommandServices(
        settings=read_settings,
        books=open_gateway_data,
        gateway=_only_gateway,
        serve=serve,
        policies_dir=policies_dir,
        check_creator=check_creator,
        document=_documents,
    )


def policies_dir(settings: Settings) -> Path:
    """The packs: as set, else those of this checkout, else those shipped with the package."""
    package = Path(__file__).parents[1]
    candidates = [settings.policies_dir] if settings.policies_dir else []
    candidates += [] if candidates else [package.parent / "policies", package / "shipped_policies"]
    for candidate in candidates:
        if (candidate / "main.rego").is_file():
            return candidate
    raise ConfigurationError(
        "policies_dir", f"{candidates[0]} has no main.rego", "Name the folder with the packs."
    )


def check_creator(settings: Settings, given: Mapping[str, Any]) -> None:
    """Raises InvalidField naming the first setting that the schema does not allow."""
    snapshot, _ = policy_source(settings).read()
    creator_checker(snapshot.schemas)(given)


def policy_source(settings: Settings) -> PolicySource:
    """Where the policies in use come from."""
    key = settings.policies_bundle_key
    return PolicySource(
        folder=policies_dir(settings),
        bundle=settings.bundle_path,
        key=None if key is None else BundleVerificationKey.read(key),
    )


@asynccontextmanager
async def open_gateway_data(settings: Settings) -> AsyncIterator[Opened]:
    """Keys, store and log."""
    _make_data_dir(settings.data_dir)
    used = settings.subject_keys_path.exists()  # what was sealed under lost keys stays sealed
    keyring = (Keyring.open if used else Keyring.open_or_create)(settings.keys_dir)
    store = await open_store(
        url=settings.database,
        keys_path=settings.subject_keys_path,
        keys_url=settings.subject_keys_url,
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
            post_quantum=settings.checkpoint_post_quantum,
            quorum=quorum_of(settings),
            check_stamp=stamp_checker(settings),
        )
        yield Opened(settings=settings, keyring=keyring, store=store, log=log)
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
async def assemble(settings: Settings) -> AsyncIterator[AssembledGateway]:
    """Everything open and warm, nothing running in the background yet."""
    async with AsyncExitStack() as stack:
        books = await stack.enter_async_context(open_gateway_data(settings))
        read = TextReader()
        policy, signals, policies = await stack.enter_async_context(
            _policies(settings, books, read)
        )
        detectors = (*detectors_of(settings), signals)
        for detector in detectors:
            stack.push_async_callback(detector.close)
        proxied = platform_of(settings, books.keyring)
        platform = OpenStreams(proxied)
        stack.push_async_callback(platform.close)
        await _warm(policy, detectors)
        courier = OutboxCourier(
            outbox=books.store.outbox,
            platform=platform,
            now=_now,
            max_attempts=settings.delivery_max_attempts,
        )
        rooms = Adapters(
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
                c2pa=c2pa_marker(settings, books.keyring, platform.routes),
            ),
            courier=courier,
            platform=platform,
        )
        gateway = Gateway(rooms=rooms, limits=limits_of(settings), now=_now)
        generator = generator_of(settings)
        if generator is not None:
            stack.push_async_callback(generator.close)
        witnesses = witnessing(settings, books, now=_now)
        stamps = stamping(settings, books, now=_now)
        for one in (witnesses, stamps):
            if one is not None:
                stack.push_async_callback(one.close)
        yield AssembledGateway(
            books=books,
            rooms=rooms,
            gateway=gateway,
            policy=policy,
            courier=courier,
            policies=policies,
            proxied=proxied,
            witnessing=witnesses,
            stamping=stamps,
            studio=studio_of(settings, gateway, platform, now=_now),
            generator=generator,
        )


@asynccontextmanager
async def _policies(
    settings: Settings, books: Opened, read: Read
) -> AsyncIterator[tuple[LivePolicies, SignalDetector, Reloader]]:
    """The engine and the signals it looks at, which change together while the gateway runs."""
    source = policy_source(settings)
    snapshot, origin = source.read()
    signals = SignalDetector(phrases=snapshot.phrases, read=read)
    shadow, sandbox = _shadow(settings, books), CreatorRuleSandbox()
    policy = LivePolicies(
        snapshot=snapshot,
        signals=signals,
        make=partial(policy_engine, settings),
        note=books.store.ledger.note,
        now=_now,
        source=origin,
        shadow=shadow,
        sandbox=sandbox,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sandbox.close)
        if shadow is not None:
            stack.push_async_callback(shadow.close)
        stack.push_async_callback(policy.close)
        signing = settings.policies_signing_key
        key = None if signing is None else BundleSigningKey.read(signing)
        yield (
            policy,
            signals,
            Reloader(live=policy, source=source, shadow=shadow, signing_key=key),
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
    with bound(settings.host, settings.port) as sockets, ExitStack() as starting:
        starting.enter_context(uncollected())
        async with assemble(settings) as parts, _background(parts):
            await _first_key(parts.books)
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
        await parts.books.log.start()
    except LogInvalid as error:
        raise ConfigurationError(
            "the audit log",
            f"does not verify ({error})",
            "See `avatar-gateway audit verify`, and restore the database from a backup.",
        ) from error
    await parts.policy.started(await _policies_noted(parts.books))
    every_s = parts.books.settings.policies_reload_s
    anchoring = [one for one in (parts.witnessing, parts.stamping) if one is not None]
    books = parts.books
    jobs: list[tuple[str, Job]] = [
        *(("anchors", one.run) for one in anchoring),
        ("courier", parts.courier.run),
        ("expiry", partial(expire, books)),
        ("retention", partial(retain, books)),
        ("takeover", partial(take_over, books)),
        ("tallies", _keeper(books).run),
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
        await books.log.close()


async def _policies_noted(books: Opened) -> str | None:
    """The digest of the policies that the log last spoke of."""
    query = EntryQuery(kind=EntryKind.CHANGE, decision="policy")
    for entry in await books.store.log.find(query, limit=1):
        digest = orjson.loads(entry.body)["after"]
        return None if digest is None else str(digest)
    return None


async def _first_key(books: Opened) -> None:
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


def api_services(parts: AssembledGateway) -> ApiServices:
    """What the HTTP doors lead to."""
    books = parts.books

    async def unready() -> tuple[str, ...]:
        missing = [f"log: {books.log.problem}"] if books.log.problem else []
        try:
            await books.store.ready()
        except GatewayError as error:
            missing.append(f"database: {error}")
        return tuple(missing)

    return ApiServices(
        gateway=parts.gateway,
        asking=Moderator(rooms=parts.rooms, limits=limits_of(books.settings), now=_now),
        ledger=books.store.ledger,
        registry=books.store.registry,
        log=books.log,
        entries=books.store.log,
        erasures=books.store.erasures,
        holds=books.store.holds,
        guard=AccessGuard(registry=books.store.registry, now=_now, clock=time.monotonic),
        metrics=Metrics(),
        now=_now,
        jwks=books.keyring.jwks,
        unready=unready,
        check_creator=parts.policy.check_creator,
        policies=parts.policies,
        policy_data=lambda: parts.policy.snapshot.data,
        witnessing=parts.witnessing,
        remarks=lambda: _remarks(parts),
        log_public=books.settings.log_public,
        desk=_desk(parts),
        proxied=parts.proxied,
        studio=parts.studio,
        generator=parts.generator,
    )


def _desk(parts: AssembledGateway) -> ReportServices:
    """What reports are made with. Raises ConfigurationError for a profile that is not right."""
    books = parts.books
    path = books.settings.dsa_profile
    state = None
    if path is not None:
        profile = load_profile(path)
        titles = rule_titles(parts.policy.snapshot)
        state = partial(statement, profile=profile, titles=titles, origin=books.log.origin)
    return ReportServices(
        questions=books.store.questions,
        tallies=books.store.tallies,
        keeper=_keeper(books),
        statement=state,
    )


def _keeper(books: Opened) -> TallyUpdater:
    return TallyUpdater(entries=books.store.log, tallies=books.store.tallies)


def _remarks(parts: AssembledGateway) -> tuple[str, ...]:
    """What is not as it should be, though messages are served."""
    anchoring = (parts.witnessing, parts.stamping)
    return tuple(one.note for one in anchoring if one is not None and one.note)


def _shadow(settings: Settings, books: Opened) -> Shadow | None:
    folder = settings.policies_shadow_dir
    if folder is None:
        return None
    return Shadow(folder=folder, note=books.store.ledger.note, now=_now)


@asynccontextmanager
async def _only_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    async with assemble(settings) as parts:
        yield parts.gateway


@asynccontextmanager
async def _documents(settings: Settings) -> AsyncIterator[Document]:
    """What the policies would be shown of a message; nothing is recorded or delivered. A creator
    that nobody registered has no settings."""
    async with assemble(settings) as parts:
        rooms = parts.rooms
        judge = Judge(rooms=rooms, limits=limits_of(settings), now=_now)

        async def document(submission: Submission) -> Mapping[str, Any]:
            route = admit(submission, rooms.platform.routes, settings.max_text_length)
            creator = await rooms.registry.creator(submission.tenant, submission.creator)
            if creator is None:
                creator = Creator(
                    tenant=submission.tenant, id=submission.creator, version=0, updated_at=_now()
                )
            judgement = await judge.judge(submission, creator, route)
            if judgement.decision is None:
                why = "; ".join(f"{one.stage}: {one.reason}" for one in judgement.unavailable)
                raise StageFailure("policy", why or "no decision")
            return judgement.decision.document

        yield document


def _now() -> datetime:
    return datetime.now(UTC)


def _loop_factory() -> Any:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop
