"""The log as C2SP tools read it: checkpoint, keys, tiles, entry bundles (tlog-tiles)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import PlainTextResponse, Response

from gateway.api.access import needs
from gateway.api.responses import documented
from gateway.api.services import services_of
from gateway.errors import Forbidden, NotFound
from gateway.model.access import ApiKey, Role
from gateway.trail.tiles import LEVELS, TileAt, bundle

_AUDITOR = needs(Role.AUDITOR)
_BYTES = "application/octet-stream"
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_FOR_EVER_HERE = {"Cache-Control": "private, max-age=31536000, immutable"}
_BRIEFLY = {"Cache-Control": "public, max-age=1"}


async def reader(request: Request) -> ApiKey | None:
    """Admit anyone where the log is public, else auditors alone."""
    if services_of(request).log_public:
        return None
    return await _AUDITOR(request)


Reader = Annotated[ApiKey | None, Depends(reader)]
Auditor = Annotated[ApiKey, Depends(_AUDITOR)]
Level = Annotated[int, Path(ge=0, lt=LEVELS)]
Place = Annotated[
    str,
    Path(
        max_length=64,
        description="`<N>[.p/<W>]` as tlog-tiles writes it: 1234067 is x001/x234/067.",
    ),
]


def router() -> APIRouter:
    routes = APIRouter(tags=["log"])
    text: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
    }
    data: dict[int | str, dict[str, Any]] = {
        200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}
    }
    for path, endpoint, answers, summary in (
        ("/checkpoint", checkpoint, text, "The newest checkpoint, with its cosignatures"),
        ("/keys", keys, text, "Keys that verify checkpoints, current first"),
        ("/tile/entries/{place:path}", entries, data, "Bodies of up to 256 entries"),
        ("/tile/{level}/{place:path}", tile, data, "Up to 256 hashes of the tree"),
    ):
        routes.add_api_route(
            f"/v1/log{path}",
            endpoint,
            methods=["GET"],
            response_class=PlainTextResponse if answers is text else Response,
            responses=answers | documented(401, 403, 404, 422, 429, 503),
            summary=summary,
        )
    return routes


async def checkpoint(request: Request, key: Reader) -> PlainTextResponse:
    """The newest signed checkpoint; where witnesses are asked, the newest that enough of them
    cosigned."""
    published = await services_of(request).log.published()
    if published is None:
        raise NotFound("checkpoint", "yet", "The first one comes within seconds.")
    return PlainTextResponse(published.note, headers=_BRIEFLY)


async def keys(request: Request, key: Reader) -> PlainTextResponse:
    """One key a line, as <name>+<id>+<base64>: retired keys too, for what they signed."""
    lines = "".join(f"{log_key}\n" for log_key in services_of(request).log.keys)
    return PlainTextResponse(lines, headers=_BRIEFLY)


async def tile(request: Request, key: Reader, level: Level, place: Place) -> Response:
    """A tile never changes. Partial tiles are there for every size that was signed."""
    data = await services_of(request).log.tile(level, _parse_place(place))
    return Response(data, media_type=_BYTES, headers=_FOR_EVER)


async def entries(request: Request, key: Auditor, place: Place) -> Response:
    """Only where every entry of the bundle is of the auditor's own tenant: 403 otherwise, and
    then `/v1/audit/entries` and `/v1/audit/proofs/{seq}` give the tenant's own ones."""
    bundled = await services_of(request).log.entries(_parse_place(place))
    if any(entry.tenant != key.tenant for entry in bundled):
        raise Forbidden("this bundle holds entries of other tenants; ask for single ones")
    data = bundle(bundled)
    if data is None:
        raise NotFound("bundle", place, "An entry is too long for the format: ask for single ones.")
    return Response(data, media_type=_BYTES, headers=_FOR_EVER_HERE)


def _parse_place(place: str) -> TileAt:
    """Parse the place of a tile or bundle. Raises NotFound."""
    at = TileAt.parse(place)
    if at is None:
        raise NotFound("tile", place)
    return at
