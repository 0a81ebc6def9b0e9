"""Creators and their settings."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Request

from gateway.api.access import needs
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.responses import documented
from gateway.api.schemas import CreatorOut
from gateway.api.services import services_of
from gateway.errors import NotFound
from gateway.model.access import ApiKey, Role
from gateway.model.creator import Creator

Admin = Annotated[ApiKey, Depends(needs(Role.ADMIN))]
Reader = Annotated[ApiKey, Depends(needs(Role.SERVICE, Role.AUDITOR, Role.POLICY_AUTHOR))]
CreatorId = Annotated[str, Path(max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+=~-]*$")]


def router() -> APIRouter:
    routes = APIRouter(tags=["creators"], route_class=ParsedJsonRoute)
    routes.add_api_route(
        "/v1/creators",
        listed,
        methods=["GET"],
        response_model=list[CreatorOut],
        responses=documented(401, 403, 429, 503),
        summary="All creators of the tenant",
    )
    routes.add_api_route(
        "/v1/creators/{creator_id}",
        shown,
        methods=["GET"],
        response_model=CreatorOut,
        responses=documented(401, 403, 404, 422, 429, 503),
        summary="One creator",
    )
    routes.add_api_route(
        "/v1/creators/{creator_id}",
        put,
        methods=["PUT"],
        response_model=CreatorOut,
        responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
        summary="Register a creator, or replace the settings",
    )
    return routes


async def listed(request: Request, key: Reader) -> list[CreatorOut]:
    creators = await services_of(request).registry.creators(key.tenant)
    return [_creator_out(creator) for creator in creators]


async def shown(request: Request, creator_id: CreatorId, key: Reader) -> CreatorOut:
    creator = await services_of(request).registry.creator(key.tenant, creator_id)
    if creator is None:
        raise NotFound("creator", creator_id, "Register it with PUT.")
    return _creator_out(creator)


async def put(
    request: Request,
    creator_id: CreatorId,
    settings: Annotated[
        dict[str, Any],
        Body(examples=[{"display_name": "Léa", "brands": {"deny": ["Shady Drinks"]}}]),
    ],
    key: Admin,
) -> CreatorOut:
    """The settings are checked against policies/schemas/creator.schema.json; each version stays
    in the audit log."""
    services = services_of(request)
    services.check_creator(settings)
    creator = await services.registry.put_creator(key.tenant, creator_id, settings, actor=key.id)
    return _creator_out(creator)


def _creator_out(creator: Creator) -> CreatorOut:
    return CreatorOut(
        id=creator.id,
        version=creator.version,
        updated_at=creator.updated_at,
        settings=dict(creator.settings),
    )
