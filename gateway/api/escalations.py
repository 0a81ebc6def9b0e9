"""Escalations: messages that a rule calls a person to look at, whatever became of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.responses import documented
from gateway.api.reviews import Reviewer
from gateway.api.schemas import AcknowledgedOut, AcknowledgeIn, EscalationOut, escalation_out
from gateway.api.services import services_of
from gateway.api.submissions import MessageId


def router() -> APIRouter:
    routes = APIRouter(tags=["reviews"], route_class=ParsedJsonRoute)
    routes.add_api_route(
        "/v1/escalations",
        waiting,
        methods=["GET"],
        response_model=list[EscalationOut],
        responses=documented(401, 403, 422, 429, 503),
        summary="What a person must look at, the oldest first",
    )
    routes.add_api_route(
        "/v1/escalations/{message_id}",
        acknowledge,
        methods=["POST"],
        response_model=AcknowledgedOut,
        responses=documented(400, 401, 403, 404, 413, 415, 422, 429, 503),
        summary="Acknowledge: a person has looked",
    )
    return routes


async def waiting(
    request: Request, key: Reviewer, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[EscalationOut]:
    """Shows the text as the avatar wrote it and what the person wrote: for reviewers only. An
    escalation stays until somebody acknowledges it; none expires."""
    services = services_of(request)
    escalations = await services.escalations.waiting(key.tenant, limit=limit)
    services.metrics.escalations(len(escalations))
    return [escalation_out(escalation) for escalation in escalations]


async def acknowledge(
    request: Request, message_id: MessageId, body: AcknowledgeIn, key: Reviewer
) -> AcknowledgedOut:
    """Closes the escalation, with an entry in the audit log. What was published or held stays as it
    is. 404 when none is open for this message."""
    services = services_of(request)
    entry = await services.escalations.acknowledge(
        key.tenant, message_id, reviewer=key.id, reason=body.reason, at=services.now()
    )
    return AcknowledgedOut(message_id=message_id, entry=entry.seq)
