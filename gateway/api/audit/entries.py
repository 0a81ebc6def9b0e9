"""The audit log over HTTP: entries, checkpoints, proofs."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field

from gateway.api.access import needs
from gateway.api.request_model import RequestModel
from gateway.api.responses import documented
from gateway.api.schemas import Moment
from gateway.api.services import services_of
from gateway.errors import NotFound
from gateway.model.access import ApiKey, Role
from gateway.model.record import Entry, EntryKind
from gateway.model.submission import Channel
from gateway.storage.store import EntryQuery
from gateway.trail.evidence import CONTENT_TYPE, evidence, exportable_size

Auditor = Annotated[ApiKey, Depends(needs(Role.AUDITOR))]
Size = Annotated[int, Query(ge=0, le=2**62)]
_WORD = r"^[\x21-\x7e]*$"  # printable ASCII without spaces


class Filters(RequestModel):
    """Filters of log entries: an entry must pass all that are given."""

    creator: Annotated[str | None, Field(max_length=128, pattern=_WORD)] = None
    channel: Channel | None = None
    conversation: Annotated[str | None, Field(max_length=128, pattern=_WORD)] = None
    kind: EntryKind | None = None
    decision: Annotated[
        str | None,
        Field(max_length=64, pattern=_WORD, description="A verdict, or the state it led to."),
    ] = None
    rule: Annotated[
        str | None, Field(max_length=128, pattern=_WORD, description="A rule that fired.")
    ] = None
    since: Moment | None = Field(None, description="Included. With its offset from UTC.")
    until: Moment | None = Field(None, description="Not included.")

    def query(self, tenant: str) -> EntryQuery:
        return EntryQuery(
            tenant=tenant,
            creator=self.creator,
            channel=self.channel.value if self.channel else None,
            conversation=self.conversation,
            kind=self.kind,
            decision=self.decision,
            rule=self.rule,
            since=self.since,
            until=self.until,
        )


class EntryFilter(Filters):
    message_id: Annotated[
        str | None, Field(max_length=64, pattern=_WORD, description="The story of one message.")
    ] = None
    limit: int = Field(100, ge=1, le=1_000)
    before: int | None = Field(None, ge=0, le=2**62, description="`next` of the page before.")


class EntryOut(BaseModel):
    seq: int
    kind: EntryKind
    at: datetime
    message_id: str | None
    leaf: str = Field(description="sha256(0x00 ‖ body), hex.")
    body: dict[str, Any] = Field(description="As docs/reference/log-format.md describes.")


class EntriesOut(BaseModel):
    """Newest first; the story of one message oldest first."""

    entries: list[EntryOut]
    next: int | None = Field(description="For `before`; null on the last page.")


class ConsistencyOut(BaseModel):
    """RFC 6962, 2.1.2: the log of size `old` is the beginning of that of size `new`."""

    old: int
    new: int
    hashes: list[str] = Field(description="Base64.")


def router() -> APIRouter:
    routes = APIRouter(tags=["audit"])
    text: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
    }
    routes.add_api_route(
        "/v1/audit/entries",
        entries,
        methods=["GET"],
        response_model=EntriesOut,
        responses=documented(401, 403, 422, 429, 503),
        summary="Entries of the tenant, filtered",
    )
    routes.add_api_route(
        "/v1/audit/checkpoint",
        checkpoint,
        methods=["GET"],
        response_class=PlainTextResponse,
        responses=text | documented(401, 403, 429, 503),
        summary="A signed checkpoint of everything recorded so far",
    )
    routes.add_api_route(
        "/v1/audit/proofs/{seq}",
        proof,
        methods=["GET"],
        response_class=PlainTextResponse,
        responses=text | documented(401, 403, 404, 422, 429, 503),
        summary="tlog-proof@v1: an entry is in the log",
    )
    routes.add_api_route(
        "/v1/audit/consistency",
        consistency,
        methods=["GET"],
        response_model=ConsistencyOut,
        responses=documented(401, 403, 404, 422, 429, 503),
        summary="An earlier log is the beginning of a later one",
    )
    lines: dict[int | str, dict[str, Any]] = {
        200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}
    }
    routes.add_api_route(
        "/v1/audit/evidence",
        whole_log,
        methods=["GET"],
        response_class=StreamingResponse,
        responses=lines | documented(401, 403, 429, 503),
        summary="The whole log for the stand-alone verifier; of other tenants hashes only",
    )
    return routes


async def entries(
    request: Request, key: Auditor, filters: Annotated[EntryFilter, Query()]
) -> EntriesOut:
    store = services_of(request).entries
    if filters.message_id is not None:
        story = await store.entries_of_message(filters.message_id, tenant=key.tenant)
        return EntriesOut(entries=[_entry_out(entry) for entry in story], next=None)
    query = filters.query(key.tenant)
    page = await store.find(query, limit=filters.limit, before=filters.before)
    before = page[-1].seq if len(page) == filters.limit else None
    return EntriesOut(entries=[_entry_out(entry) for entry in page], next=before)


async def checkpoint(request: Request, key: Auditor) -> PlainTextResponse:
    """A C2SP tlog-checkpoint: keep it, and any later change of what it covers is found out."""
    current = await services_of(request).log.checkpoint()
    return PlainTextResponse(current.note)


async def proof(
    request: Request,
    key: Auditor,
    seq: Annotated[int, Path(ge=0, le=2**62)],
    with_entry: Annotated[
        bool, Query(description="Put the entry in, so that the proof stands alone.")
    ] = False,
) -> PlainTextResponse:
    """Hashes of any entry; with the entry itself only of the auditor's own tenant (else 404)."""
    services = services_of(request)
    if with_entry:
        at_seq = await services.entries.entries(seq, seq + 1)
        if not at_seq or at_seq[0].tenant != key.tenant:
            raise NotFound("entry", str(seq))
    return PlainTextResponse(await services.log.proof(seq, with_entry=with_entry))


async def consistency(request: Request, key: Auditor, old: Size, new: Size) -> ConsistencyOut:
    hashes = await services_of(request).log.consistency(old, new)
    return ConsistencyOut(
        old=old, new=new, hashes=[base64.b64encode(digest).decode() for digest in hashes]
    )


async def whole_log(request: Request, key: Auditor) -> StreamingResponse:
    """JSON Lines, docs/reference/evidence.md. As long as the log: store it as it comes."""
    services = services_of(request)
    size, problem = await exportable_size(services.log, services.entries)
    pieces = evidence(
        services.entries,
        origin=services.log.origin,
        keys=services.log.keys,
        at=services.now(),
        size=size,
        tenant=key.tenant,
        beyond=bool(problem),
    )
    return StreamingResponse(pieces, media_type=CONTENT_TYPE)


def _entry_out(entry: Entry) -> EntryOut:
    return EntryOut(
        seq=entry.seq,
        kind=entry.kind,
        at=entry.at,
        message_id=entry.message_id,
        leaf=entry.leaf.hex(),
        body=orjson.loads(entry.body),
    )
