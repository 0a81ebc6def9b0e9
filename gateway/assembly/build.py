"""Builds the gateway: every adapter that the settings ask for, open and warm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.assembly.adapters import (
    c2pa_marker,
    generator_of,
    limits_of,
    pii_detector,
    platforms_of,
    policy_engine,
    stream_sessions,
    toxicity_detector,
)
from gateway.assembly.anchoring import quorum_of, stamp_checker, stamping, witnessing
from gateway.delivery.courier import OutboxCourier
from gateway.disclosure.discloser import LabelDiscloser
from gateway.errors import ConfigurationError, StageFailure
from gateway.opened import Opened, open_keys_store_log, utc_now
from gateway.pii.public_facts import without_public_facts
from gateway.pii.redaction import make_redactor
from gateway.pipeline.adapters import Adapters
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.stream.session import StreamSessions
from gateway.platforms.generator import GeneratorClient
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.policy.live.live_policies import LivePolicies
from gateway.policy.live.reload import PolicySource, Reloader
from gateway.policy.live.sandbox import CreatorRuleSandbox
from gateway.policy.live.shadow import Shadow
from gateway.policy.packs.creator_settings import creator_checker
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey
from gateway.ports import Detector, Read
from gateway.settings import Settings
from gateway.text.reader import TextReader
from gateway.trail.witnessing import Witnessing

if TYPE_CHECKING:
    from gateway.trail.stamping import Stamping


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledGateway:
    """A gateway with everything it uses, open and warm."""

    opened: Opened
    rooms: Adapters
    gateway: Gateway
    policy: LivePolicies
    courier: OutboxCourier
    policies: Reloader
    proxied: ProxiedPlatform | None = None
    witnessing: Witnessing | None = None
    stamping: Stamping | None = None
    streaming: StreamSessions | None = None
    generator: GeneratorClient | None = None


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


def open_with_anchors(settings: Settings) -> AbstractAsyncContextManager[Opened]:
    """Keys, store and log, with the witnesses and time stamps that the settings name."""
    return open_keys_store_log(
        settings, quorum=quorum_of(settings), check_stamp=stamp_checker(settings)
    )


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[AssembledGateway]:
    """Everything open and warm, nothing running in the background yet."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_with_anchors(settings))
        read = TextReader()
        policy, reloader = await stack.enter_async_context(_policies(settings, opened, read))
        pii = pii_detector(settings)
        detectors = (pii, toxicity_detector(settings))
        for detector in detectors:
            stack.push_async_callback(detector.close)
        platforms = platforms_of(settings, opened.keyring)
        platform = platforms.dispatcher
        stack.push_async_callback(platform.close)
        await _warm(policy, detectors)
        courier = OutboxCourier(
            outbox=opened.store.outbox,
            platform=platform,
            now=utc_now,
            max_attempts=settings.delivery_max_attempts,
        )
        rooms = Adapters(
            ledger=opened.store.ledger,
            registry=opened.store.registry,
            read=read,
            detectors=detectors,
            spare=without_public_facts,
            policies=policy.current,
            redact=make_redactor(opened.keyring.pseudonym_secret, pii.placeholders),
            discloser=LabelDiscloser(
                signer=opened.keyring.receipt,
                issuer=settings.public_url,
                c2pa=c2pa_marker(settings, opened.keyring, platform.routes),
            ),
            courier=courier,
            platform=platform,
        )
        gateway = Gateway(rooms=rooms, limits=limits_of(settings), now=utc_now)
        generator = generator_of(settings)
        if generator is not None:
            stack.push_async_callback(generator.close)
        witnesses = witnessing(settings, opened, now=utc_now)
        stamps = stamping(settings, opened, now=utc_now)
        for one in (witnesses, stamps):
            if one is not None:
                stack.push_async_callback(one.close)
        yield AssembledGateway(
            opened=opened,
            rooms=rooms,
            gateway=gateway,
            policy=policy,
            courier=courier,
            policies=reloader,
            proxied=platforms.proxied,
            witnessing=witnesses,
            stamping=stamps,
            streaming=stream_sessions(settings, gateway, platforms.streams, now=utc_now),
            generator=generator,
        )


@asynccontextmanager
async def _policies(
    settings: Settings, opened: Opened, read: Read
) -> AsyncIterator[tuple[LivePolicies, Reloader]]:
    """The policies in use, and what replaces them while the gateway runs."""
    source = policy_source(settings)
    snapshot, origin = source.read()
    shadow, sandbox = _shadow(settings, opened), CreatorRuleSandbox()
    policy = LivePolicies(
        snapshot=snapshot,
        read=read,
        make=partial(policy_engine, settings),
        note=opened.store.ledger.note,
        now=utc_now,
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
        yield policy, Reloader(live=policy, source=source, shadow=shadow, signing_key=key)


async def _warm(policy: LivePolicies, detectors: Sequence[Detector]) -> None:
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


def _shadow(settings: Settings, opened: Opened) -> Shadow | None:
    folder = settings.policies_shadow_dir
    if folder is None:
        return None
    return Shadow(folder=folder, note=opened.store.ledger.note, now=utc_now)
