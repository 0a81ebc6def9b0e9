"""Puts the doors together into one ASGI application."""

from __future__ import annotations

from fastapi import FastAPI

from gateway.api import (
    audit,
    creators,
    erasures,
    escalations,
    health,
    log,
    openai,
    policies,
    problems,
    reporting,
    reviews,
    stream,
    submissions,
)
from gateway.api.doors import Doors
from gateway.api.strict_body import StrictBody
from gateway.policy.bundles import MAX_BUNDLE_BYTES


def build_app(doors: Doors | None, *, version: str, max_body_bytes: int) -> FastAPI:
    """The app in front of `doors`; without any it can only describe itself."""
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
    app.state.doors = doors
    problems.install(app)
    for door in (submissions, openai, stream, reviews, escalations, creators, policies):
        app.include_router(door.router())
    for door in (audit, erasures, reporting, log, health):
        app.include_router(door.router())
    bundles = {policies.BUNDLE_PATH: (policies.BUNDLE_TYPE, MAX_BUNDLE_BYTES)}
    app.add_middleware(StrictBody, max_bytes=max_body_bytes, raw=bundles)
    return app
