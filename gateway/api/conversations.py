"""Take-overs: who speaks in a conversation, the avatar or a person in its place."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from gateway.api.access import needs
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.request_model import RequestModel
from gateway.api.responses import documented
from gateway.api.schemas import Identifier, Why
from gateway.api.services import services_of
from gateway.errors import InvalidField
from gateway.model.access import ApiKey, Role
from gateway.model.human_turn import HumanTurn

Caller = Annotated[ApiKey, Depends(needs(Role.SERVICE, Role.REVIEWER))]
Reader = Annotated[ApiKey, Depends(needs(Role.SERVICE, Role.REVIEWER, Role.AUDITOR))]
Conversation = Annotated[
    str,
    Path(
        min_length=1,
        max_length=128,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/+=~-]*$",
        description="As in submissions.",
    ),
]


class Speaker(StrEnum):
    AVATAR = "avatar"
    HUMAN = "human"


class TakeOverIn(RequestModel):
    to: Speaker = Field(description="Who speaks from now on.")
    who: Identifier | None = Field(
        None, description="Pseudonym of the person who takes over; with `human`, only then."
    )
    reason: Why = Field(description="Why; stands in the audit log.")


class TakeOverOut(BaseModel):
    conversation: str
    speaker: Speaker = Field(description="Who speaks now.")
    who: str | None = Field(description="The person who speaks, or spoke last.")
    since: datetime | None = Field(description="When that person took over.")
    until: datetime | None = Field(description="When they gave it back.")


def router() -> APIRouter:
    routes = APIRouter(tags=["messages"], route_class=ParsedJsonRoute)
    path = "/v1/conversations/{conversation:path}/handover"
    routes.add_api_route(
        path,
        set_speaker,
        methods=["PUT"],
        response_model=TakeOverOut,
        responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
        summary="Hand a conversation over to a person, or back to the avatar",
    )
    routes.add_api_route(
        path,
        speaker,
        methods=["GET"],
        response_model=TakeOverOut,
        responses=documented(401, 403, 422, 429, 503),
        summary="Who speaks in a conversation",
    )
    return routes


async def set_speaker(
    request: Request, conversation: Conversation, body: TakeOverIn, key: Caller
) -> TakeOverOut:
    """While a person speaks, what the avatar submits there is held. What the person types is
    submitted with `human_author` and says that a person is writing; when the avatar is back, it
    says again that it is an AI. What was queued before is still delivered. A request that changes
    nothing makes no entry."""
    if (body.who is not None) != (body.to is Speaker.HUMAN):
        raise InvalidField("who", "goes with to: human, always and only", "Mend either.")
    services = services_of(request)
    turn = await services.human_turns.set_speaker(
        key.tenant,
        conversation,
        who=body.who,
        actor=key.id,
        reason=body.reason,
        at=services.now(),
    )
    return _take_over_out(conversation, turn)


async def speaker(request: Request, conversation: Conversation, key: Reader) -> TakeOverOut:
    """The avatar, where nobody ever took over."""
    turn = await services_of(request).human_turns.find(key.tenant, conversation)
    return _take_over_out(conversation, turn)


def _take_over_out(conversation: str, turn: HumanTurn | None) -> TakeOverOut:
    active = turn is not None and turn.active
    return TakeOverOut(
        conversation=conversation,
        speaker=Speaker.HUMAN if active else Speaker.AVATAR,
        who=turn.who if turn else None,
        since=turn.since if turn else None,
        until=turn.until if turn else None,
    )
