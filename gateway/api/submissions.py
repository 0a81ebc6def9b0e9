"""Submit messages, and look up where they stand."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import JSONResponse, Response

from gateway.api.access import needs
from gateway.api.fast_path import KEY_LENGTH, KEY_PATTERN, direct
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.problems import MEDIA_TYPE, TYPE_BASE
from gateway.api.responses import documented
from gateway.api.schemas import (
    BlockedOut,
    OutcomeOut,
    ReceiptDocument,
    ReceiptOut,
    SubmissionIn,
    outcome_out,
)
from gateway.api.services import ApiServices, services_of
from gateway.errors import Erased, NotFound
from gateway.model.access import ApiKey, Role
from gateway.model.obligation import escalating
from gateway.model.record import Outcome
from gateway.model.verdict import State, Verdict
from gateway.pipeline.ids import new_id

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=KEY_LENGTH,
        pattern=KEY_PATTERN,
        description="A repeated request with this key gets the first answer again.",
    ),
]
MessageId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_]+$")]
_SERVICE = needs(Role.SERVICE)
Service = Annotated[ApiKey, Depends(_SERVICE)]
Reader = Annotated[ApiKey, Depends(needs(Role.SERVICE, Role.AUDITOR, Role.REVIEWER))]

_STATUS = {
    State.DECIDED: 200,
    State.DELIVERED: 200,
    State.HELD: 202,
    State.QUEUED: 202,
    State.UNKNOWN: 202,
    State.BLOCKED: 403,
    State.EXPIRED: 403,
    State.REJECTED_BY_REVIEW: 403,
    State.REFUSED: 502,
    State.DEAD: 502,
}
"""HTTP status of the answer about a message in each state."""


def router() -> APIRouter:
    routes = APIRouter(tags=["messages"], route_class=ParsedJsonRoute)
    answers: dict[int | str, dict[str, Any]] = {
        202: {"model": OutcomeOut, "description": "Held for a person, or queued for delivery."},
        403: {
            "model": BlockedOut,
            "description": "Blocked, or the key lacks the role.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/BlockedOut"}}},
        },
    }
    routes.add_api_route(
        "/v1/messages",
        submit,
        methods=["POST"],
        response_model=OutcomeOut,
        responses=documented(400, 401, 409, 413, 415, 422, 429, 502, 503) | answers,
        summary="Decide and deliver",
        route_class_override=direct(submit, _SERVICE),
    )
    routes.add_api_route(
        "/v1/decide",
        decide,
        methods=["POST"],
        response_model=OutcomeOut,
        responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
        summary="Decide only, recorded as a dry run",
    )
    routes.add_api_route(
        "/v1/messages/{message_id}",
        message,
        methods=["GET"],
        response_model=OutcomeOut,
        responses=documented(401, 403, 404, 422, 429, 503),
        summary="Where a message stands",
    )
    routes.add_api_route(
        "/v1/receipts/{message_id}",
        receipt,
        methods=["GET"],
        response_model=ReceiptDocument,
        responses=documented(401, 403, 404, 410, 422, 429, 503),
        summary="The receipt of a published message, with its proof",
    )
    return routes


async def submit(
    request: Request, body: SubmissionIn, key: Service, idempotency_key: IdempotencyKey = None
) -> Response:
    """Nothing is published before it is stripped, scored, judged, labelled and recorded.

    200: delivered. 202: held for a person, or queued. 403: blocked, with the reasons.
    """
    services = services_of(request)
    return outcome_response(
        await _judge_submission(services, body, key, idempotency_key, dry_run=False)
    )


async def decide(request: Request, body: SubmissionIn, key: Service) -> Response:
    """The same decision, with the text as it would be published; nothing is delivered, and the
    disclosure clock does not move. The verdict is in the answer, the status is always 200."""
    services = services_of(request)
    outcome = await _judge_submission(services, body, key, None, dry_run=True)
    return _json_response(outcome_out(outcome), 200)


async def message(request: Request, message_id: MessageId, key: Reader) -> OutcomeOut:
    return outcome_out(await _known_outcome(services_of(request), key, message_id))


async def receipt(request: Request, message_id: MessageId, key: Reader) -> ReceiptDocument:
    """404 until the message is published, 410 once it is erased."""
    services = services_of(request)
    outcome = await _known_outcome(services, key, message_id)
    if outcome.erased_at is not None:
        raise Erased(f"the receipt of {message_id}", outcome.erased_at)
    signed = outcome.judgement.receipt
    if signed is None:
        raise NotFound("receipt", message_id, "Only published messages have one.")
    return ReceiptDocument(
        receipt=ReceiptOut.model_validate(signed),
        claims=signed.claims,
        entry=outcome.entry_seq,
        proof=await services.log.proof(outcome.entry_seq),
    )


def outcome_response(outcome: Outcome) -> Response:
    """Answer with the outcome, under the HTTP status of its state; a message that was not published
    is a problem (RFC 9457)."""
    status = _STATUS.get(outcome.state, 202)
    answer = outcome_out(outcome)
    if status < 400:
        return _json_response(answer, status)
    title = "The message was not published"
    detail = why_not(outcome)
    extra = {"type": f"{TYPE_BASE}{outcome.state}", "title": title, "status": status}
    return JSONResponse(
        {**answer.model_dump(mode="json"), **extra, "detail": detail or outcome.delivery_detail},
        status,
        media_type=MEDIA_TYPE,
    )


def why_not(outcome: Outcome) -> str:
    """The rules that kept a message from being published, in plain words, without those that only
    label it."""
    deciding = (
        reason for reason in outcome.judgement.reasons if reason.verdict is not Verdict.PUBLISH
    )
    return "; ".join(f"{reason.rule}: {reason.text}" for reason in deciding)


def _json_response(answer: OutcomeOut, status: int) -> Response:
    """Answer with JSON that pydantic writes directly: half the CPU of a dictionary in between."""
    return Response(answer.model_dump_json(), status, media_type="application/json")


def observe(services: ApiServices, outcome: Outcome) -> None:
    """Count one judged message; if it escalates, write a warning with ids and rules alone to the
    process log."""
    services.metrics.observe(outcome)
    rules = escalating(outcome.judgement.obligations)
    if rules and not outcome.dry_run:
        structlog.get_logger("gateway.api").warning(
            "escalation",
            tenant=outcome.tenant,
            message=outcome.message_id,
            entry=outcome.entry_seq,
            rules=list(rules),
        )


async def _judge_submission(
    services: ApiServices,
    body: SubmissionIn,
    key: ApiKey,
    idempotency_key: str | None,
    *,
    dry_run: bool,
) -> Outcome:
    now = services.now()
    submission = body.to_submission(
        message_id=new_id("msg", now),
        tenant=key.tenant,
        caller=key.id,
        received_at=now,
        idempotency_key=idempotency_key,
        dry_run=dry_run,
    )
    outcome = await services.gateway.submit(submission)
    if not outcome.replayed:
        observe(services, outcome)
    return outcome


async def _known_outcome(services: ApiServices, key: ApiKey, message_id: str) -> Outcome:
    outcome = await services.ledger.outcome(key.tenant, message_id)
    if outcome is None:
        raise NotFound("message", message_id)
    return outcome
