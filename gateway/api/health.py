"""Health, readiness, metrics and public keys: open to all callers, since they hold no secrets."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from gateway.api.services import services_of


def router() -> APIRouter:
    routes = APIRouter(tags=["operation"])
    routes.add_api_route("/healthz", alive, methods=["GET"], summary="The process answers")
    routes.add_api_route(
        "/readyz",
        ready,
        methods=["GET"],
        summary="Models and policies are loaded and warm, the store writes",
        responses={503: {"description": "Not ready: says what is missing."}},
    )
    routes.add_api_route(
        "/metrics",
        metrics,
        methods=["GET"],
        response_class=PlainTextResponse,
        summary="Prometheus metrics",
    )
    routes.add_api_route(
        "/.well-known/jwks.json", jwks, methods=["GET"], summary="Keys that verify receipts"
    )
    return routes


async def alive() -> dict[str, str]:
    return {"status": "alive"}


async def ready(request: Request) -> JSONResponse:
    services = services_of(request)
    missing = await services.unready()
    if missing:
        return JSONResponse({"status": "not ready", "missing": list(missing)}, 503)
    answer: dict[str, Any] = {"status": "ready"}
    if remarks := services.remarks():
        answer["remarks"] = list(remarks)
    if refused := services.policies.status.refused:
        place = ":".join(str(part) for part in (refused.file, refused.line, refused.column) if part)
        answer["policies_refused"] = place or refused.source
    return JSONResponse(answer)


async def metrics(request: Request) -> Response:
    services = services_of(request)
    policies = services.policies
    services.metrics.policies(policies.status, policies.shadow.status if policies.shadow else None)
    if witnessing := services.witnessing:
        services.metrics.witnesses(witnessing.statuses, witnessing.quorum)
    return Response(services.metrics.render(), media_type=services.metrics.content_type)


async def jwks(request: Request) -> dict[str, Any]:
    return dict(services_of(request).jwks())
