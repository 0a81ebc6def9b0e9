"""Puts the doors together into one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from gateway.api import audit, creators, health, problems, reviews, submissions
from gateway.api.doors import Doors
from gateway.api.strict_body import StrictBody

OpenDoors = Callable[[], AbstractAsyncContextManager[Doors]]


def build_app(open_doors: OpenDoors, *, version: str, max_body_bytes: int) -> FastAPI:
    """`open_doors` is entered at start-up and left at shut-down."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_doors() as doors:
            app.state.doors = doors
            yield

    app = FastAPI(
        title="avatar-gateway",
        version=version,
        summary="Trust, safety and disclosure gateway for AI avatars",
        description=(
            "Every message is stripped of personal data, scored, judged against policies, "
            "labelled, and recorded before it is delivered. Errors are RFC 9457 problems."
        ),
        lifespan=lifespan,
        openapi_tags=[
            {"name": "messages", "description": "Submit, decide, look up (role: service)."},
            {"name": "reviews", "description": "What a person must decide (role: reviewer)."},
            {"name": "creators", "description": "Creators and their settings (role: admin)."},
            {"name": "audit", "description": "Entries, checkpoints, proofs (role: auditor)."},
            {"name": "operation", "description": "Health, metrics, public keys."},
        ],
    )
    problems.install(app)
    for door in (submissions, reviews, creators, audit, health):
        app.include_router(door.router())
    app.add_middleware(StrictBody, max_bytes=max_body_bytes)
    return app
