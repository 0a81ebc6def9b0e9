"""Errors as RFC 9457 problem details. None quotes a text or a credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gateway.api.openai import errors as openai_errors
from gateway.errors import (
    DatabaseUnusable,
    Erased,
    GatewayError,
    InvalidField,
    NotRecorded,
    OnLegalHold,
    RateLimited,
    Refusal,
    StageFailure,
    Unauthenticated,
    UpstreamFailed,
    place_of,
)

_DEFECT = 500  # HTTP status of an error that no endpoint should raise
MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://avatar-gateway.invalid/problems/"
"""Identifies a problem type; nothing is served there. docs/reference/problems.md lists them."""


def problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    *,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail}
    return JSONResponse(
        {**body, **(extra or {})}, status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Make every error of the app, the gateway's and the framework's, a problem."""
    app.add_exception_handler(GatewayError, _on_gateway_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_defect)


async def _on_gateway_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GatewayError)  # noqa: S101 - registered for it alone
    answer = problem_of(error)
    return await _on_defect(request, error) if answer.status_code == _DEFECT else answer


def problem_of(error: GatewayError) -> JSONResponse:
    """The problem to answer for `error`; 500 for an error that no endpoint should raise."""
    if isinstance(error, Refusal):
        return _refusal_problem(error)
    if isinstance(error, NotRecorded | DatabaseUnusable | StageFailure):
        return problem(
            503,
            "not-recorded",
            "Nothing was published",
            "The audit entry was not confirmed as durable, so nothing was sent on that ground. "
            "Retry with the same Idempotency-Key.",
            headers={"Retry-After": "1"},
        )
    if isinstance(error, UpstreamFailed):
        return problem(502, "upstream", "The generator failed", str(error))
    return _defect_problem()


def _refusal_problem(error: Refusal) -> JSONResponse:
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, InvalidField):
        extra["errors"] = [
            {"field": error.field, "problem": error.problem, "mend": error.mend},
        ]
    if isinstance(error, OnLegalHold):
        extra["holds"] = list(error.legal_holds)
    if isinstance(error, Erased):
        extra["erased_at"] = error.at.isoformat()
    return problem(error.status, error.slug, error.title, str(error), extra=extra, headers=headers)


async def _on_validation_error(_: Request, error: Exception) -> JSONResponse:
    """Names each wrong field; the input itself is never echoed."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    errors = [
        {
            "field": ".".join(str(part)[:64] for part in wrong["loc"] if part != "body") or "body",
            "problem": wrong["msg"].removeprefix("Value error, "),
            "mend": "See the schema of this request in /openapi.json.",
        }
        for wrong in error.errors()[:20]
    ]
    detail = "; ".join(f"{wrong['field']}: {wrong['problem']}" for wrong in errors[:3])
    return problem(422, InvalidField.slug, InvalidField.title, detail, extra={"errors": errors})


async def _on_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    slugs = {404: "not-found", 405: "method-not-allowed"}
    return problem(
        error.status_code,
        slugs.get(error.status_code, "http"),
        str(error.detail),
        "See /openapi.json for what is served here.",
        headers=error.headers,
    )


async def _on_defect(request: Request, error: Exception) -> JSONResponse:
    structlog.get_logger("gateway.api").error(
        "unexpected error",
        route=getattr(request.scope.get("route"), "path", ""),
        error=type(error).__name__,
        at=place_of(error),
    )
    answer = _defect_problem()
    if request.url.path in openai_errors.PATHS:  # the middleware that translates is not around it
        return JSONResponse(openai_errors.translated(json.loads(bytes(answer.body)))[1], _DEFECT)
    return answer


def _defect_problem() -> JSONResponse:
    return problem(
        _DEFECT,
        "internal",
        "The gateway failed",
        "This is a defect. Nothing more can be said safely.",
    )
