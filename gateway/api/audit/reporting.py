"""Exports, statements of reasons and the transparency report over HTTP, for the key's tenant."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from weakref import WeakSet

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.api.audit.entries import Auditor, Filters
from gateway.api.responses import documented
from gateway.api.schemas import Moment
from gateway.api.services import ApiServices, ReportServices, services_of
from gateway.errors import ConfigurationError, InvalidField, RateLimited, StateConflict
from gateway.model.record import Entry
from gateway.model.verdict import Verdict
from gateway.pages.render import CONTENT_POLICY
from gateway.reporting import report
from gateway.reporting.export import Export, ExportHeader
from gateway.reporting.formats import MEDIA_TYPES, ExportFormat
from gateway.reporting.reasons import RESTRICTED
from gateway.reporting.rendered import REPORT_MEDIA_TYPES, ReportFormat, rendered
from gateway.reporting.vocabulary import BATCH
from gateway.storage.store import EntryQuery
from gateway.trail.checkpoint import Checkpoint

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOST_ANSWERS = 3  # long answers written at a time: each reads the log for as long as it takes
_BUSY_RETRY_S = 5.0  # told to a caller when there are too many
_MOST_ENTRIES = 100_000  # in one answer; more come with `after`
_MOST_UNCOUNTED = 16_384
"""Entries that a request for the report waits to be counted: a fraction of a second."""

Limit = Annotated[int, Field(ge=1, le=_MOST_ENTRIES, description="Most entries to return.")]
After = Annotated[
    int | None,
    Field(ge=0, le=2**62, description="Go on after this entry number, the last one that came."),
]


class ExportQuery(Filters):
    """Filters of the entries to export, the format, and where to go on."""

    format: ExportFormat = ExportFormat.JSONL
    limit: Limit = 10_000
    after: After = None


class ReasonsFormat(StrEnum):
    JSONL = "jsonl"  # one statement a line
    BATCHES = "batches"  # one request of the database a line: {"statements": [up to 100]}


class ReasonsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: ReasonsFormat = ReasonsFormat.JSONL
    since: Moment | None = Field(None, description="Included. With its offset from UTC.")
    until: Moment | None = Field(None, description="Not included.")
    limit: Limit = 10_000
    after: After = None
    verdict: Verdict | None = Field(None, description="block or hold. Default: both.")


def _require_day_text(value: object) -> object:
    """Refuse a text that is no day: a bare number could be meant in seconds."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a day, as in 2026-01-31")
    return value


Day = Annotated[date, BeforeValidator(_require_day_text)]


class ReportQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: ReportFormat = ReportFormat.JSON
    first: Day | None = Field(None, description="First day, UTC. Default: of the first entry.")
    last: Day | None = Field(None, description="Last day, included. Default: of the last entry.")

    @model_validator(mode="after")
    def _in_order(self) -> ReportQuery:
        if self.first and self.last and self.first > self.last:
            raise ValueError("first is after last")
        return self


@dataclass(frozen=True, slots=True)
class _Turns:
    """The long answers that are being written. The references are weak: an answer whose client left
    before it began is never ended, only collected."""

    taken: WeakSet[AsyncIterator[bytes]] = field(default_factory=WeakSet)

    def check(self) -> None:
        """Raises RateLimited when there are too many."""
        if len(self.taken) >= _MOST_ANSWERS:
            raise RateLimited(_BUSY_RETRY_S)


@dataclass(frozen=True, slots=True)
class _Reporting:
    """The endpoints, which share the turns."""

    turns: _Turns

    async def export(
        self, request: Request, key: Auditor, params: Annotated[ExportQuery, Query()]
    ) -> Response:
        """Streamed, oldest first. The headers Audit-Checkpoint (the signed note, base64),
        Audit-Origin and Audit-Size name the checkpoint that covers the export: nothing newer is in
        it. An export that was cut off has no last chunk (chunked encoding). For more than `limit`,
        ask again with `after`."""
        services, reports = _services_of(request)
        query = params.query(key.tenant)
        checkpoint = await services.log.checkpoint()
        export = Export(
            about=ExportHeader(
                format=params.format,
                origin=checkpoint.origin,
                size=checkpoint.size,
                checkpoint=checkpoint.note,
                query=query.given,
                made_at=services.now(),
            )
        )
        pages = reports.search.pages(
            query, stop=checkpoint.size, after=params.after, limit=params.limit
        )
        try:
            return await self._stream(
                export.pieces(pages), MEDIA_TYPES[params.format], _checkpoint_headers(checkpoint)
            )
        except ConfigurationError as error:
            raise InvalidField("format", error.problem, error.mend) from None

    async def reasons(
        self, request: Request, key: Auditor, params: Annotated[ReasonsQuery, Query()]
    ) -> Response:
        """Statements of reasons for what was blocked or held, in the shape of the DSA Transparency
        Database, ready for the platform to submit. `limit` counts entries. For more, give as
        `after` the number that ends the last statement's `puid`."""
        services, reports = _services_of(request)
        if reports.statement is None:
            raise StateConflict(
                "no profile says what the platform is and where: the operator sets dsa_profile "
                "(docs/reference/statements-of-reasons.md)"
            )
        if params.verdict is Verdict.PUBLISH:
            raise InvalidField("verdict", "restricts nothing", "Ask for block or hold.")
        query = EntryQuery(
            tenant=key.tenant,
            decision=params.verdict.value if params.verdict else None,
            decisions=None if params.verdict else RESTRICTED,
            since=params.since,
            until=params.until,
        )
        checkpoint = await services.log.checkpoint()
        pages = reports.search.pages(
            query, stop=checkpoint.size, after=params.after, limit=params.limit
        )
        return await self._stream(
            _statement_lines(pages, reports, params.format),
            "application/jsonl",
            _checkpoint_headers(checkpoint),
        )

    async def report(
        self, request: Request, key: Auditor, params: Annotated[ReportQuery, Query()]
    ) -> Response:
        """Counts by channel, verdict, rule, language, route and delivery outcome. Days are UTC."""
        services, reports = _services_of(request)
        entries = await services.entries.size()
        if entries - await reports.tallies.size() <= _MOST_UNCOUNTED:
            await reports.updater.follow()
        counted = await reports.tallies.read(
            tenant=key.tenant,
            first=report.day_number(params.first) if params.first else None,
            last=report.day_number(params.last) if params.last else None,
        )
        made = report.build(
            counted,
            tenant=key.tenant,
            origin=services.log.origin,
            entries=entries,
            made_at=services.now(),
        )
        is_page = params.format is ReportFormat.HTML
        return Response(
            rendered(made, params.format),
            media_type=REPORT_MEDIA_TYPES[params.format],
            headers={"Content-Security-Policy": CONTENT_POLICY} if is_page else None,
        )

    async def _stream(
        self, pieces: AsyncIterator[bytes], media_type: str, headers: dict[str, str]
    ) -> Response:
        """Stream the pieces. The first is made before the answer begins: what fails until then is
        answered as a problem."""
        self.turns.check()
        self.turns.taken.add(pieces)
        first = await anext(pieces, b"")

        async def all_pieces() -> AsyncIterator[bytes]:
            yield first
            async for piece in pieces:
                yield piece
            self.turns.taken.discard(pieces)

        return StreamingResponse(all_pieces(), media_type=media_type, headers=headers)


def router() -> APIRouter:
    routes = APIRouter(tags=["audit"])
    served = _Reporting(_Turns())
    routes.add_api_route(
        "/v1/audit/export",
        served.export,
        methods=["GET"],
        response_class=StreamingResponse,
        responses=_documented_content(*MEDIA_TYPES.values()) | documented(401, 403, 422, 429, 503),
        summary="Export entries: JSON Lines, CSV, Parquet, CloudEvents",
    )
    routes.add_api_route(
        "/v1/audit/reasons",
        served.reasons,
        methods=["GET"],
        response_class=StreamingResponse,
        responses=_documented_content("application/jsonl")
        | documented(401, 403, 409, 422, 429, 503),
        summary="Statements of reasons for every block and hold (DSA)",
    )
    routes.add_api_route(
        "/v1/audit/report",
        served.report,
        methods=["GET"],
        response_class=Response,
        responses=_documented_content(*REPORT_MEDIA_TYPES.values())
        | documented(401, 403, 422, 429, 503),
        summary="The transparency report",
    )
    return routes


def _documented_content(*media_types: str) -> dict[int | str, dict[str, Any]]:
    plain = {media_type.partition(";")[0] for media_type in media_types}
    return {200: {"content": {media_type: {"schema": {}} for media_type in sorted(plain)}}}


def _services_of(request: Request) -> tuple[ApiServices, ReportServices]:
    services = services_of(request)
    if services.reports is None:
        raise TypeError("the app was built without report services")
    return services, services.reports


def _checkpoint_headers(checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "Audit-Checkpoint": b64encode(checkpoint.note.encode()).decode(),
        "Audit-Origin": checkpoint.origin,
        "Audit-Size": str(checkpoint.size),
    }


async def _statement_lines(
    pages: AsyncIterator[Sequence[Entry]],
    reports: ReportServices,
    format: ReasonsFormat,  # noqa: A002
) -> AsyncIterator[bytes]:
    assert reports.statement is not None  # noqa: S101 - the endpoint refused before
    waiting: list[object] = []
    async for entries in pages:
        statements = [made for made in map(reports.statement, entries) if made is not None]
        if format is ReasonsFormat.JSONL:
            yield b"".join(orjson.dumps(statement) + b"\n" for statement in statements)
            continue
        waiting += statements
        while len(waiting) >= BATCH:
            yield _batch_line(waiting[:BATCH])
            waiting = waiting[BATCH:]
    if waiting:
        yield _batch_line(waiting)


def _batch_line(statements: list[object]) -> bytes:
    return orjson.dumps({"statements": statements}) + b"\n"
