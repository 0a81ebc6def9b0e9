"""Erasures, and the legal holds that keep what must not be erased."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, model_validator

from gateway.api.access import needs
from gateway.api.audit.entries import Auditor
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.request_model import RequestModel
from gateway.api.responses import documented
from gateway.api.schemas import Identifier, Moment, Why
from gateway.api.services import services_of
from gateway.errors import InvalidField
from gateway.model.access import ApiKey
from gateway.model.erasure import (
    ErasureOrder,
    ErasureReport,
    ErasureScope,
    LegalHold,
    LegalHoldScope,
)

Admin = Annotated[ApiKey, Depends(needs())]
HoldId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_]+$")]
_WAIT_S = 20.0  # for an erasure to end, before the answer says that it goes on


class ErasureIn(RequestModel):
    """Exactly one of `subject`, `conversation`, `creator` and `message_id`."""

    subject: Identifier | None = Field(None, description="A person, by audience id.")
    conversation: Identifier | None = Field(
        None, description="A conversation in which nobody said who the person is."
    )
    creator: Identifier | None = Field(None, description="All of a creator's avatars.")
    message_id: Identifier | None = None
    reason: Why = Field(description="Stands in the audit log: quote no message.")
    dry_run: bool = Field(False, description="Only tell what would be erased.")

    @model_validator(mode="after")
    def _one_target(self) -> ErasureIn:
        self.scope_and_target()
        return self

    def scope_and_target(self) -> tuple[ErasureScope, str]:
        """What is to be erased. Raises ValueError unless exactly one target is given."""
        chosen = [
            (scope, target)
            for scope, target in (
                (ErasureScope.SUBJECT, self.subject),
                (ErasureScope.CONVERSATION, self.conversation),
                (ErasureScope.CREATOR, self.creator),
                (ErasureScope.MESSAGE, self.message_id),
            )
            if target is not None
        ]
        if len(chosen) != 1:
            raise ValueError("give exactly one of subject, conversation, creator, message_id")
        return chosen[0]


class ErasureCountsOut(BaseModel):
    keys: int = Field(description="Keys that are destroyed.")
    payloads: int = Field(description="Sealed texts, with their salts.")
    messages: int = Field(description="Messages that have no text any more.")
    stopped: int = Field(description="Deliveries that are not made any more.")
    expired: int = Field(description="Held messages that expired.")
    contacts: int = Field(description="Disclosure clocks that were forgotten.")
    resealed: int = Field(description="Texts that shared a key and stay, under another.")
    kept: int = Field(description="Keys that a legal hold keeps.")


class ErasureOut(BaseModel):
    id: str | None = Field(description="Null for a dry run, and where nothing was held.")
    scope: ErasureScope
    target: str = Field(description="A person or conversation stands as a keyed digest.")
    counts: ErasureCountsOut
    entry: int | None = Field(description="Audit entry; null until all of it is done.")
    at: datetime | None
    holds: list[str] = Field(description="Legal holds in the way (of a dry run).")


class LegalHoldIn(RequestModel):
    """At most one of `subject`, `conversation`, `creator` and `message_id`; none: the tenant."""

    subject: Identifier | None = None
    conversation: Identifier | None = None
    creator: Identifier | None = None
    message_id: Identifier | None = None
    reason: Why = Field(description="Stands in the audit log: quote no message.")
    expires_at: Moment | None = Field(None, description="Ends by itself then.")

    @model_validator(mode="after")
    def _one_target(self) -> LegalHoldIn:
        self.scope_and_target()
        return self

    def scope_and_target(self) -> tuple[LegalHoldScope, str]:
        """What the legal hold covers. Raises ValueError when more than one target is given."""
        chosen = [
            (scope, target)
            for scope, target in (
                (LegalHoldScope.SUBJECT, self.subject),
                (LegalHoldScope.CONVERSATION, self.conversation),
                (LegalHoldScope.CREATOR, self.creator),
                (LegalHoldScope.MESSAGE, self.message_id),
            )
            if target is not None
        ]
        if len(chosen) > 1:
            raise ValueError("give at most one of subject, conversation, creator, message_id")
        return chosen[0] if chosen else (LegalHoldScope.TENANT, "")


class LegalHoldLiftIn(RequestModel):
    reason: Why = Field(description="Stands in the audit log.")


class LegalHoldOut(BaseModel):
    id: str
    scope: LegalHoldScope
    target: str = Field(description="A person or conversation stands as a keyed digest.")
    reason: str
    placed_by: str
    placed_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


def router() -> APIRouter:
    routes = APIRouter(tags=["erasure"], route_class=ParsedJsonRoute)
    writing = documented(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
    reading = documented(401, 403, 422, 429, 503)
    routes.add_api_route(
        "/v1/erasures",
        erase,
        methods=["POST"],
        response_model=ErasureOut,
        responses=writing | {202: {"model": ErasureOut, "description": "Under way."}},
        summary="Erase a person, a conversation, a creator or a message",
    )
    routes.add_api_route(
        "/v1/erasures",
        recent,
        methods=["GET"],
        response_model=list[ErasureOut],
        responses=reading,
        summary="What was erased, the newest first",
    )
    routes.add_api_route(
        "/v1/holds",
        place,
        methods=["POST"],
        status_code=201,
        response_model=LegalHoldOut,
        responses=writing,
        summary="Place a legal hold",
    )
    routes.add_api_route(
        "/v1/holds",
        placed,
        methods=["GET"],
        response_model=list[LegalHoldOut],
        responses=reading,
        summary="All legal holds, also those that ended",
    )
    routes.add_api_route(
        "/v1/holds/{hold_id}/lift",
        lift,
        methods=["POST"],
        response_model=LegalHoldOut,
        responses=writing,
        summary="Lift a legal hold",
    )
    return routes


async def erase(request: Request, body: ErasureIn, key: Admin) -> JSONResponse:
    """Destroys the keys that sealed the texts, so that no copy can be read any more, and stops what
    waits to be sent. 200: done, with its entry; or nothing was held. 202: under way; it is done
    whatever happens. 409: a legal hold keeps the texts."""
    erasures = services_of(request).erasures
    scope, target = body.scope_and_target()
    order = ErasureOrder(
        scope=scope, tenant=key.tenant, target=target, actor=key.id, reason=body.reason
    )
    if body.dry_run:
        report = await erasures.plan(order)
    else:
        report = await erasures.erase(order, wait_s=_WAIT_S)
    status = 202 if report.id is not None and report.entry is None else 200
    return JSONResponse(_erasure_out(report).model_dump(mode="json"), status)


async def recent(
    request: Request, key: Auditor, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[ErasureOut]:
    """Erasures under way are listed too, with `at` null. Their entries have the kind `erased`."""
    erasures = services_of(request).erasures
    reports = await erasures.recent(key.tenant, limit=limit)
    return [_erasure_out(report) for report in reports]


async def place(request: Request, body: LegalHoldIn, key: Auditor) -> LegalHoldOut:
    """From now on nothing that the legal hold covers is erased, neither by order nor by a retention
    rule."""
    services = services_of(request)
    if body.expires_at is not None and body.expires_at <= services.now():
        raise InvalidField("expires_at", "has passed", "Name a time to come, or none.")
    scope, target = body.scope_and_target()
    hold = await services.legal_holds.place(
        scope=scope,
        tenant=key.tenant,
        target=target,
        reason=body.reason,
        actor=key.id,
        expires_at=body.expires_at,
    )
    return _hold_out(hold)


async def placed(request: Request, key: Auditor) -> list[LegalHoldOut]:
    holds = services_of(request).legal_holds
    return [_hold_out(hold) for hold in await holds.placed(key.tenant)]


async def lift(
    request: Request, hold_id: HoldId, body: LegalHoldLiftIn, key: Auditor
) -> LegalHoldOut:
    holds = services_of(request).legal_holds
    return _hold_out(await holds.lift(key.tenant, hold_id, actor=key.id, reason=body.reason))


def _erasure_out(report: ErasureReport) -> ErasureOut:
    counts = {name: getattr(report.counts, name) for name in ErasureCountsOut.model_fields}
    return ErasureOut(
        id=report.id,
        scope=report.scope,
        target=report.target,
        counts=ErasureCountsOut(**counts),
        entry=report.entry,
        at=report.at,
        holds=list(report.legal_holds),
    )


def _hold_out(hold: LegalHold) -> LegalHoldOut:
    return LegalHoldOut(**{name: getattr(hold, name) for name in LegalHoldOut.model_fields})
