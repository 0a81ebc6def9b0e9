"""Put the endpoints together into one ASGI application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Route

from gateway.api import (
    conversations,
    creators,
    escalations,
    health,
    policies,
    problems,
    reviews,
    submissions,
)
from gateway.api.audit import entries, erasures, log, reporting
from gateway.api.openai import exchange as openai
from gateway.api.openai import moderations
from gateway.api.openai.errors import OpenAiErrors
from gateway.api.proxy.requests import PREFIX, ProxyEndpoint
from gateway.api.services import ApiServices
from gateway.api.stream import sockets as stream
from gateway.api.strict_body import StrictBody
from gateway.policy.packs.bundles import MAX_BUNDLE_BYTES


def build_app(
    services: ApiServices | None, *, version: str, max_body_bytes: int, public_url: str = ""
) -> FastAPI:
    """Build the app that calls `services`; without any, it can only describe itself in OpenAPI."""
    app = FastAPI(
        title="avatar-gateway",
        redirect_slashes=False,  # a redirect would go wherever the Host header says
        version=version,
        summary="Trust, safety and disclosure gateway for AI avatars",
        description=(
            "Every message is stripped of personal data, scored, judged against policies, "
            "labelled, and recorded before it is delivered. Errors are RFC 9457 problems."
        ),
        openapi_tags=[
            {"name": "messages", "description": "Submit, decide, look up (role: service)."},
            {"name": "moderation", "description": "OpenAI's moderation endpoint (role: service)."},
            {"name": "streams", "description": "Words judged while they come (role: service)."},
            {"name": "reviews", "description": "What waits for a person (role: reviewer)."},
            {"name": "creators", "description": "Creators and their settings (role: admin)."},
            {"name": "policies", "description": "Which policies decide, signed bundles."},
            {"name": "audit", "description": "Entries, checkpoints, proofs (role: auditor)."},
            {"name": "erasure", "description": "Erasures (role: admin), legal holds (auditor)."},
            {"name": "log", "description": "The log as C2SP tools read it: tiles, checkpoint."},
            {"name": "operation", "description": "Health, metrics, public keys."},
        ],
    )
    app.state.services = services
    problems.install(app)
    for endpoints in (submissions, openai, stream, conversations, reviews, escalations):
        app.include_router(endpoints.router())
    for endpoints in (creators, policies, moderations, entries, erasures, reporting, log, health):
        app.include_router(endpoints.router())
    proxy = ProxyEndpoint(max_body_bytes=max_body_bytes, public_url=public_url)
    app.router.routes.insert(0, Route(f"{PREFIX}{{route}}/{{rest:path}}", proxy))
    bundles = {policies.BUNDLE_PATH: (policies.BUNDLE_TYPE, MAX_BUNDLE_BYTES)}
    app.add_middleware(StrictBody, max_bytes=max_body_bytes, raw=bundles, apart=PREFIX)
    app.add_middleware(OpenAiErrors)  # outside of StrictBody, whose refusals it translates too
    return app
