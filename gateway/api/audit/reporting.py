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
_AT_ONCE = 3
_MOST = 100_000
_AGAIN_S = 5.0
_BEHIND = 16_384
"""Entries that a request may wait to be counted: a fraction of a second."""


Limit = Annotated[int, Field(ge=1, le=_MOST, description="So many entries at most.")]
After = Annotated[
    int | None,
    Field(ge=0, le=2**62, description="Go on behind entry number so, the last of what came."),
]


class ExportQuery(Filters):
    """All given filters must hold."""

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


def _a_day(value: object) -> object:
    """A bare number could be meant in seconds."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a day, as in 2026-01-31")
    return value


Day = Annotated[date, BeforeValidator(_a_day)]


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
    """The long answers that are being written. One that its client left before it began is
    never ended, only forgotten: hence weak."""

    taken: WeakSet[AsyncIterator[bytes]] = field(default_factory=WeakSet)

    def check(self) -> None:
        if len(self.taken) >= _AT_ONCE:
            raise RateLimited(_AGAIN_S)


@dataclass(frozen=True, slots=True)
class _Reporting:
    turns: _Turns

    async def export(
        self, request: Request, key: Auditor, asked: Annotated[ExportQuery, Query()]
    ) -> Response:
        """Streamed, oldest first. The headers Audit-Checkpoint (the signed note, base64),
        Audit-Origin and Audit-Size say under which checkpoint: nothing newer is in it. What was
        cut off has no end (chunked encoding). For more than `limit`, ask again with `after`."""
        services, reports = _open(request)
        query = asked.query(key.tenant)
        checkpoint = await services.log.checkpoint()
        export = Export(
            about=ExportHeader(
                format=asked.format,
                origin=checkpoint.origin,
                size=checkpoint.size,
                checkpoint=checkpoint.note,
                query=query.given,
                made_at=services.now(),
            )
        )
        pages = reports.search.pages(
            query, stop=checkpoint.size, after=asked.after, limit=asked.limit
        )
        try:
            return await self._streamed(
                export.pieces(pages), MEDIA_TYPES[asked.format], _signed(checkpoint)
            )
        except ConfigurationError as error:
            raise InvalidField("format", error.problem, error.mend) from None

    async def reasons(
        self, request: Request, key: Auditor, asked: Annotated[ReasonsQuery, Query()]
    ) -> Response:
        """Statements of reasons for what was blocked or held, in the shape of the DSA Transparency
        Database, ready for the platform to submit. `limit` counts entries. For more, give as
        `after` the number that ends the last statement's `puid`."""
        services, reports = _open(request)
        if reports.statement is None:
            raise StateConflict(
                "no profile says what the platform is and where: the operator sets dsa_profile "
                "(docs/reference/statements-of-reasons.md)"
            )
        if asked.verdict is Verdict.PUBLISH:
            raise InvalidField("verdict", "restricts nothing", "Ask for block or hold.")
        query = EntryQuery(
            tenant=key.tenant,
            decision=asked.verdict.value if asked.verdict else None,
            decisions=None if asked.verdict else RESTRICTED,
            since=asked.since,
            until=asked.until,
        )
        checkpoint = await services.log.checkpoint()
        pages = reports.search.pages(
            query, stop=checkpoint.size, after=asked.after, limit=asked.limit
        )
        return await self._streamed(
            _statements(pages, reports, asked.format), "application/jsonl", _signed(checkpoint)
        )

    async def report(
        self, request: Request, key: Auditor, asked: Annotated[ReportQuery, Query()]
    ) -> Response:
        """Counts by channel, verdict, rule, language, route and delivery outcome. Days are UTC."""
        services, reports = _open(request)
        entries = await services.entries.size()
        if entries - await reports.tallies.size() <= _BEHIND:
            await reports.updater.follow()
        counted = await reports.tallies.read(
            tenant=key.tenant,
            first=report.day_number(asked.first) if asked.first else None,
            last=report.day_number(asked.last) if asked.last else None,
        )
        made = report.build(
            counted,
            tenant=key.tenant,
            origin=services.log.origin,
            entries=entries,
            made_at=services.now(),
        )
        is_page = asked.format is ReportFormat.HTML
        return Response(
            rendered(made, asked.format),
            media_type=REPORT_MEDIA_TYPES[asked.format],
            headers={"Content-Security-Policy": CONTENT_POLICY} if is_page else None,
        )

    async def _streamed(
        self, pieces: AsyncIterator[bytes], media_type: str, headers: dict[str, str]
    ) -> Response:
        """The first piece is made before the answer begins: what fails then is a problem."""
        self.turns.check()
        self.turns.taken.add(pieces)
        first = await anext(pieces, b"")

        async def all_of_it() -> AsyncIterator[bytes]:
            yield first
            async for piece in pieces:
                yield piece
            self.turns.taken.discard(pieces)

        return StreamingResponse(all_of_it(), media_type=media_type, headers=headers)


def router() -> APIRouter:
    routes = APIRouter(tags=["audit"])
    served = _Reporting(_Turns())
    routes.add_api_route(
        "/v1/audit/export",
        served.export,
        methods=["GET"],
        response_class=StreamingResponse,
        responses=_content(*MEDIA_TYPES.values()) | documented(401, 403, 422, 429, 503),
        summary="Export entries: JSON Lines, CSV, Parquet, CloudEvents",
    )
    routes.add_api_route(
        "/v1/audit/reasons",
        served.reasons,
        methods=["GET"],
        response_class=StreamingResponse,
        responses=_content("application/jsonl") | documented(401, 403, 409, 422, 429, 503),
        summary="Statements of reasons for every block and hold (DSA)",
    )
    routes.add_api_route(
        "/v1/audit/report",
        served.report,
        methods=["GET"],
        response_class=Response,
        responses=_content(*REPORT_MEDIA_TYPES.values()) | documented(401, 403, 422, 429, 503),
        summary="The transparency report",
    )
    return routes


def _content(*media_types: str) -> dict[int | str, dict[str, Any]]:
    plain = {one.partition(";")[0] for one in media_types}
    return {200: {"content": {one: {"schema": {}} for one in sorted(plain)}}}


def _open(request: Request) -> tuple[ApiServices, ReportServices]:
    services = services_of(request)
    if services.reports is None:
        raise TypeError("the app was built without a desk")
    return services, services.reports


def _signed(checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "Audit-Checkpoint": b64encode(checkpoint.note.encode()).decode(),
        "Audit-Origin": checkpoint.origin,
        "Audit-Size": str(checkpoint.size),
    }


async def _statements(
    pages: AsyncIterator[Sequence[Entry]], reports: ReportServices, asked: ReasonsFormat
) -> AsyncIterator[bytes]:
    assert reports.statement is not None  # noqa: S101 - looked at before
    waiting: list[object] = []
    async for entries in pages:
        made = [one for one in map(reports.statement, entries) if one is not None]
        if asked is ReasonsFormat.JSONL:
            yield b"".join(orjson.dumps(one) + b"\n" for one in made)
            continue
        waiting += made
        while len(waiting) >= BATCH:
            yield _batch(waiting[:BATCH])
            waiting = waiting[BATCH:]
    if waiting:
        yield _batch(waiting)


def _batch(statements: list[object]) -> bytes:
    return orjson.dumps({"statements": statements}) + b"\n"
