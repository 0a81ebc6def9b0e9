"""Chooses the adapters that the settings ask for: engine, detectors, platforms, generator."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from gateway.disclosure.formats.c2pa import C2paMarker, self_signed
from gateway.errors import ConfigurationError
from gateway.keyring import Keyring
from gateway.model.route import Route, RouteKind
from gateway.pii.detector import PiiDetector
from gateway.pii.scan import BUDGET_S
from gateway.pipeline.adapters import Limits
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.stream.hold_back import HoldBackLimits
from gateway.pipeline.stream.session import StreamSessions
from gateway.platforms.dispatcher import PlatformDispatcher
from gateway.platforms.generator import GeneratorClient
from gateway.platforms.proxied_platform import ProxiedPlatform
from gateway.platforms.routes import load_routes
from gateway.platforms.signing import secret_bytes
from gateway.platforms.streams import StreamPlatform
from gateway.platforms.webhook import WebhookPlatform
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.packs.source import Snapshot
from gateway.ports import Now, PolicyEngine
from gateway.settings import Settings
from gateway.toxicity.detector import ToxicityDetector
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.remote import RemoteScorer
from gateway.toxicity.scorer import Scorer

_PATTERN_SHARE = 1 / 40
"""Share of a detector's deadline that one pattern may take in CPU time, at least BUDGET_S: a longer
deadline gives each pattern more time."""


def policy_engine(settings: Settings, snapshot: Snapshot) -> PolicyEngine:
    """The engine that evaluates the policies: embedded, or an OPA server."""
    if settings.policy_engine == "opa":
        from gateway.policy.engine.opa import OpaEngine  # noqa: PLC0415 - the client's own HTTP library

        token = settings.opa_token.get_secret_value() if settings.opa_token else None
        return OpaEngine(
            snapshot=snapshot,
            url=settings.opa_url,
            token=token,
            upload=settings.opa_upload,
            deadline_ms=settings.opa_deadline_ms,
        )
    return EmbeddedEngine(snapshot=snapshot)


def pii_detector(settings: Settings) -> PiiDetector:
    """The detector of PII, with the name models of the languages in the settings."""
    ner: dict[str, str] = {language: _NER_MODELS[language] for language in settings.pii_ner}
    budget_s = max(BUDGET_S, settings.deadline_detect_ms / 1_000 * _PATTERN_SHARE)
    return PiiDetector(ner_models=ner or None, budget_ms=budget_s * 1_000)


def toxicity_detector(settings: Settings) -> ToxicityDetector:
    return ToxicityDetector(scorer=_choose_scorer(settings), keep_s=settings.toxicity_cache_s)


_NER_MODELS = {"en": "en_core_web_sm", "fr": "fr_core_news_sm"}


def _choose_scorer(settings: Settings) -> Scorer:
    if settings.toxicity_backend == "detoxify" and settings.detoxify_checkpoint is not None:
        from gateway.toxicity.detoxify import DetoxifyScorer  # noqa: PLC0415 - an extra

        return DetoxifyScorer(folder=settings.detoxify_checkpoint)
    if settings.toxicity_backend == "remote" and settings.toxicity_remote_url is not None:
        return RemoteScorer(
            url=settings.toxicity_remote_url, timeout_s=settings.deadline_detect_ms / 1_000
        )
    return EmbeddedScorer(folder=settings.data_dir)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSenders:
    """The dispatcher over all routes, and the two senders that clients wait for."""

    dispatcher: PlatformDispatcher
    proxied: ProxiedPlatform
    streams: StreamPlatform


def platforms_of(settings: Settings, keyring: Keyring) -> PlatformSenders:
    """The senders for all routes. Webhooks are signed with the secret of the settings, else with
    that of the keyring. Raises ConfigurationError for route files that are not valid."""
    loaded = load_routes(sandbox_url=settings.sandbox_url, directory=settings.routes_dir)
    given = settings.webhook_secret
    webhooks = WebhookPlatform(
        routes=loaded.of_kinds(RouteKind.SANDBOX, RouteKind.WEBHOOK),
        secret=secret_bytes(given.get_secret_value()) if given else keyring.webhook_secret,
        secrets=loaded.secrets,
    )
    streams = StreamPlatform(routes=loaded.of_kinds(RouteKind.STREAM))
    proxied = ProxiedPlatform(proxies=loaded.proxies)
    dispatcher = PlatformDispatcher(
        routes=loaded.routes,
        senders={
            RouteKind.SANDBOX: webhooks,
            RouteKind.WEBHOOK: webhooks,
            RouteKind.STREAM: streams,
            RouteKind.PROXY: proxied,
        },
    )
    return PlatformSenders(dispatcher=dispatcher, proxied=proxied, streams=streams)


def generator_of(settings: Settings) -> GeneratorClient | None:
    """The client of the generator behind this gateway; None when the settings name none."""
    if settings.upstream_url is None:
        return None
    key = settings.upstream_key
    return GeneratorClient(
        url=settings.upstream_url,
        key=None if key is None else key.get_secret_value(),
        quiet_s=settings.upstream_timeout_s,
    )


def stream_sessions(
    settings: Settings, gateway: Gateway, streams: StreamPlatform, *, now: Now
) -> StreamSessions:
    """The sessions that check generated texts while they are streamed."""
    return StreamSessions(
        submit=gateway.submit,
        expect=streams.expect,
        now=now,
        clock=time.monotonic,
        limits=HoldBackLimits(most=settings.max_text_length),
        quiet_s=settings.upstream_timeout_s,
    )


def c2pa_marker(
    settings: Settings, keyring: Keyring, routes: Mapping[str, Route]
) -> C2paMarker | None:
    """The signer of C2PA manifests; None when no route asks for them. Without a key in the
    settings, it signs with the receipt key and a self-signed certificate. Raises
    ConfigurationError."""
    if not any(route.c2pa for route in routes.values()):
        return None
    if settings.c2pa_key is None or settings.c2pa_certificates is None:
        receipt = keyring.receipt
        certificate = self_signed(
            receipt.private, name=settings.public_url, not_before=receipt.public.created_at
        )
        return C2paMarker(
            key=receipt.private, certificates=[certificate], random_bytes=secrets.token_bytes
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


def limits_of(settings: Settings) -> Limits:
    """The pipeline's limits: deadlines, waiting times, lengths."""
    return Limits(
        detect_ms=settings.deadline_detect_ms,
        policy_ms=settings.deadline_policy_ms,
        record_ms=settings.deadline_record_ms,
        deliver_wait_ms=settings.deliver_wait_ms,
        review_ttl=timedelta(seconds=settings.review_ttl_s),
        max_text_length=settings.max_text_length,
    )
