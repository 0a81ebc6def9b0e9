"""Assembles the gateway from the adapters that the settings ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass
from functools import partial
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
from gateway.assembly.anchoring import stamping, witnessing
from gateway.assembly.opening import open_with_anchors, policies_dir
from gateway.delivery.courier import OutboxCourier
from gateway.disclosure.discloser import LabelDiscloser
from gateway.errors import ConfigurationError, StageFailure
from gateway.jurisdictions import load_codes
from gateway.opened import Opened, utc_now
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
    """A gateway and everything it uses, opened and warmed up. `reloader` replaces `policies` while
    the gateway runs."""

    opened: Opened
    adapters: Adapters
    gateway: Gateway
    policies: LivePolicies
    courier: OutboxCourier
    reloader: Reloader
    proxied: ProxiedPlatform | None = None
    witnessing: Witnessing | None = None
    stamping: Stamping | None = None
    streaming: StreamSessions | None = None
    generator: GeneratorClient | None = None


def check_creator(settings: Settings, given: Mapping[str, Any]) -> None:
    """Validate a creator's settings against the schemas of the packs. Raises InvalidField for the
    first setting that is not valid."""
    snapshot, _ = policy_source(settings).read()
    creator_checker(snapshot.schemas)(given)


def policy_source(settings: Settings) -> PolicySource:
    """The source of the policies: a folder, or a signed bundle."""
    key = settings.policies_bundle_key
    return PolicySource(
        folder=policies_dir(settings),
        bundle=settings.bundle_path,
        key=None if key is None else BundleVerificationKey.read(key),
    )


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[AssembledGateway]:
    """Open and warm up everything, and close it afterwards. Background jobs are not started.
    Raises ConfigurationError."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_with_anchors(settings))
        read = TextReader()
        opening = _open_policies(settings, opened, read)
        policies, reloader = await stack.enter_async_context(opening)
        pii = pii_detector(settings)
        detectors = (pii, toxicity_detector(settings))
        for detector in detectors:
            stack.push_async_callback(detector.close)
        platforms = platforms_of(settings, opened.keyring)
        platform = platforms.dispatcher
        stack.push_async_callback(platform.close)
        await _warm_all(policies, detectors)
        courier = OutboxCourier(
            outbox=opened.store.outbox,
            platform=platform,
            now=utc_now,
            max_attempts=settings.delivery_max_attempts,
        )
        adapters = Adapters(
            ledger=opened.store.ledger,
            registry=opened.store.registry,
            read=read,
            detectors=detectors,
            spare=without_public_facts,
            policies=policies.current,
            redact=make_redactor(opened.keyring.pseudonym_secret, pii.placeholders),
            discloser=LabelDiscloser(
                signer=opened.keyring.receipt,
                issuer=settings.public_url,
                c2pa=c2pa_marker(settings, opened.keyring, platform.routes),
            ),
            courier=courier,
            platform=platform,
        )
        gateway = Gateway(adapters=adapters, limits=limits_of(settings), now=utc_now)
        generator = generator_of(settings)
        if generator is not None:
            stack.push_async_callback(generator.close)
        witnesses = witnessing(settings, opened, now=utc_now)
        stamps = stamping(settings, opened, now=utc_now)
        for anchor in (witnesses, stamps):
            if anchor is not None:
                stack.push_async_callback(anchor.close)
        yield AssembledGateway(
            opened=opened,
            adapters=adapters,
            gateway=gateway,
            policies=policies,
            courier=courier,
            reloader=reloader,
            proxied=platforms.proxied,
            witnessing=witnesses,
            stamping=stamps,
            streaming=stream_sessions(settings, gateway, platforms.streams, now=utc_now),
            generator=generator,
        )


@asynccontextmanager
async def _open_policies(
    settings: Settings, opened: Opened, read: Read
) -> AsyncIterator[tuple[LivePolicies, Reloader]]:
    """Open the policies in use, and the reloader that replaces them while the gateway runs."""
    source = policy_source(settings)
    snapshot, origin = source.read()
    shadow, sandbox = _shadow_of(settings, opened), CreatorRuleSandbox()
    policy = LivePolicies(
        snapshot=snapshot,
        read=read,
        make=partial(policy_engine, settings),
        note=opened.store.changes.note,
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


async def _warm_all(policy: LivePolicies, detectors: Sequence[Detector]) -> None:
    """Warm up the policies and all detectors at once. Raises ConfigurationError for a stage that
    fails, once all others have ended too."""
    load_codes()
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


def _shadow_of(settings: Settings, opened: Opened) -> Shadow | None:
    """The policies that are evaluated for comparison only; None when the settings name none."""
    folder = settings.policies_shadow_dir
    if folder is None:
        return None
    return Shadow(folder=folder, note=opened.store.changes.note, now=utc_now)
