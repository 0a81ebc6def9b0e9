"""The policies in use, and signed bundles that replace them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field

from gateway.api.access import needs
from gateway.api.responses import documented
from gateway.api.services import services_of
from gateway.errors import Forbidden
from gateway.model.access import ApiKey, Role
from gateway.policy.live.live_policies import RefusedPolicies
from gateway.policy.live.reload import Reloader

BUNDLE_PATH = "/v1/policies/bundle"
BUNDLE_TYPE = "application/gzip"
OPERATOR = "default"
"""The tenant whose keys may change policies, which decide for every tenant."""

Reader = Annotated[ApiKey, Depends(needs(Role.SERVICE, Role.AUDITOR, Role.POLICY_AUTHOR))]
Author = Annotated[ApiKey, Depends(needs(Role.POLICY_AUTHOR))]

_BODY = {
    "requestBody": {
        "required": True,
        "description": "A tar.gz made by `avatar-gateway policy bundle`, signed.",
        "content": {BUNDLE_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class RefusedOut(BaseModel):
    """Newer policies that could not be used."""

    at: datetime
    source: str = Field(description="folder, bundle or push.")
    problem: str
    file: str
    line: int | None
    column: int | None


class PoliciesOut(BaseModel):
    digest: str = Field(description="Of the policies that decide, as in each entry.")
    revisions: dict[str, str] = Field(description="Pack to version.")
    source: str = Field(description="folder or bundle.")
    since: datetime
    refused: RefusedOut | None = Field(
        description="Set while newer policies lie there that could not be used."
    )
    shadow: ShadowOut | None = None


class ShadowOut(BaseModel):
    """Policies that judge beside those in use, and never decide."""

    digest: str = Field(description="Empty while there are none that can be used.")
    problem: str
    same: int
    differ: int
    failed: int
    left_out: int = Field(description="Messages that the shadow was too slow for.")


def router() -> APIRouter:
    routes = APIRouter(tags=["policies"])
    routes.add_api_route(
        "/v1/policies",
        shown,
        methods=["GET"],
        response_model=PoliciesOut,
        responses=documented(401, 403, 429, 503),
        summary="Which policies decide",
    )
    routes.add_api_route(
        BUNDLE_PATH,
        served,
        methods=["GET"],
        response_class=Response,
        responses=documented(401, 403, 404, 422, 429, 503)
        | {
            200: {"content": {BUNDLE_TYPE: {}}, "description": "A signed OPA bundle."},
            304: {"description": "The policies are those of If-None-Match."},
        },
        summary="The policies in use, as a signed bundle for OPA servers",
    )
    routes.add_api_route(
        BUNDLE_PATH,
        put,
        methods=["PUT"],
        response_model=PoliciesOut,
        responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
        openapi_extra=_BODY,
        summary="Take a signed bundle into use",
    )
    routes.add_api_route(
        BUNDLE_PATH,
        withdrawn,
        methods=["DELETE"],
        response_model=PoliciesOut,
        responses=documented(401, 403, 422, 429, 503),
        summary="Go back to the policies of the folder",
    )
    return routes


async def shown(request: Request, _: Reader) -> PoliciesOut:
    return _policies_out(_reloader_of(request))


async def served(
    request: Request,
    _: Reader,
    if_none_match: Annotated[str | None, Header(max_length=1_000)] = None,
) -> Response:
    """For the `bundles` of an OPA server's configuration. The ETag is the digest that entries
    name; 404 unless policies_signing_key is set."""
    digest, content = await _reloader_of(request).served()
    headers = {"ETag": f'"{digest}"', "Cache-Control": "no-cache"}
    if headers["ETag"] in [tag.strip() for tag in (if_none_match or "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=BUNDLE_TYPE, headers=headers)


async def put(request: Request, key: Author) -> PoliciesOut:
    """Every message from now on is decided by these policies, and its entry names their digest;
    the change is an entry of the audit log itself. Policies that are wrong, or not signed for
    policies_bundle_key, are refused with file, line and column, and the old ones stay. Keys of
    the tenant `default` alone may do this."""
    _require_operator(key)
    policies = _reloader_of(request)
    await policies.push(await request.body(), actor=key.id)
    return _policies_out(policies)


async def withdrawn(request: Request, key: Author) -> PoliciesOut:
    """Forgets the bundle that was put. Keys of the tenant `default` alone may do this."""
    _require_operator(key)
    policies = _reloader_of(request)
    await policies.withdraw(actor=key.id)
    return _policies_out(policies)


def _reloader_of(request: Request) -> Reloader:
    return services_of(request).policies


def _require_operator(key: ApiKey) -> None:
    if key.tenant != OPERATOR:
        raise Forbidden(f"policies are those of every tenant: use a key of tenant {OPERATOR}")


def _policies_out(policies: Reloader) -> PoliciesOut:
    status, shadow = policies.status, policies.shadow
    return PoliciesOut(
        digest=status.bundle.digest,
        revisions=dict(status.bundle.revisions),
        source=status.source,
        since=status.since,
        refused=None if status.refused is None else _refused_out(status.refused),
        shadow=None if shadow is None else ShadowOut(**asdict(shadow.status)),
    )


def _refused_out(refused: RefusedPolicies) -> RefusedOut:
    return RefusedOut(
        at=refused.at,
        source=refused.source,
        problem=refused.problem,
        file=refused.file,
        line=refused.line,
        column=refused.column,
    )
