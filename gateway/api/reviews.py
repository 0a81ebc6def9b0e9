"""Reviews: list the held messages that wait for a person; release, edit or reject them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from gateway.api.access import needs
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.responses import documented
from gateway.api.schemas import HeldOut, OutcomeOut, ReviewIn, held_out, outcome_out
from gateway.api.services import services_of
from gateway.api.submissions import MessageId, observe, outcome_response
from gateway.model.access import ApiKey, Role
from gateway.model.record import Review
from gateway.model.verdict import State

Reviewer = Annotated[ApiKey, Depends(needs(Role.REVIEWER))]


def router() -> APIRouter:
    routes = APIRouter(tags=["reviews"], route_class=ParsedJsonRoute)
    routes.add_api_route(
        "/v1/reviews",
        waiting,
        methods=["GET"],
        response_model=list[HeldOut],
        responses=documented(401, 403, 422, 429, 503),
        summary="What waits for a person, the most urgent first",
    )
    routes.add_api_route(
        "/v1/reviews/{message_id}",
        settle,
        methods=["POST"],
        response_model=OutcomeOut,
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 429, 502, 503),
        summary="Release, edit and release, or reject",
    )
    return routes


async def waiting(
    request: Request, key: Reviewer, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[HeldOut]:
    """Shows the text as the avatar wrote it: for reviewers only."""
    services = services_of(request)
    held = await services.reviews.waiting(key.tenant, limit=limit)
    services.metrics.waiting(len(held))
    return [held_out(message) for message in held]


async def settle(
    request: Request, message_id: MessageId, body: ReviewIn, key: Reviewer
) -> Response:
    """An edit is judged again; what cannot be published stays held (202), with the reasons.
    A rejection answers 200 with the state `rejected_by_review`."""
    services = services_of(request)
    review = Review(action=body.action, reviewer=key.id, reason=body.reason, at=services.now())
    outcome = await services.gateway.review(key.tenant, message_id, review, body.text)
    observe(services, outcome)
    if outcome.state is State.REJECTED_BY_REVIEW:
        return JSONResponse(outcome_out(outcome).model_dump(mode="json"))
    return outcome_response(outcome)
