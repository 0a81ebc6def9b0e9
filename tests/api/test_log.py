"""The log as C2SP tools read it over HTTP."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import httpx
import pytest

from gateway.api.app import build_app
from gateway.assembly.serving import api_services
from gateway.model.access import Role
from gateway.model.record import leaf_hash
from gateway.trail.checkpoint import open_checkpoint
from gateway.trail.merkle import Frontier
from gateway.trail.note import NoteKey
from gateway.trail.tiles import TileAt
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")
ORIGIN = "avatar-gateway.invalid/log"


async def _signed(house: House) -> int:
    """The size of a checkpoint of everything so far."""
    await house.post(house.message("For the tiles."))
    return (await house.parts.opened.log.checkpoint()).size


async def test_a_client_computes_the_signed_root_from_tiles(house: House) -> None:
    await _signed(house)
    auditor = await house.key(Role.AUDITOR)
    keys = (await house.client.get("/v1/log/keys", headers=auditor)).text.split()
    note = await house.client.get("/v1/log/checkpoint", headers=auditor)
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert "max-age=1" in note.headers["cache-control"]
    signed = open_checkpoint(note.text, [NoteKey.parse(key) for key in keys], origin=ORIGIN)
    frontier = Frontier()
    full, rest = divmod(signed.size, 256)
    for at in [TileAt(number) for number in range(full)] + ([TileAt(full, rest)] if rest else []):
        tile = await house.client.get(f"/v1/log/tile/0/{at.path}", headers=auditor)
        assert tile.status_code == 200
        assert tile.headers["content-type"] == "application/octet-stream"
        assert "immutable" in tile.headers["cache-control"]
        assert len(tile.content) == 32 * at.width
        frontier.extend([tile.content[n : n + 32] for n in range(0, len(tile.content), 32)])
    assert frontier.root() == signed.root


async def test_what_is_no_tile(house: House) -> None:
    size = await _signed(house)
    for path in (
        f"0/{TileAt(size // 256 + 1, 1).path}",
        "5/000",
        "0/0",
        "0/000.p/256",
        "0/x000/000",
        "0/../000",
        "0/%2e%2e/000",
    ):
        answer = await house.client.get(f"/v1/log/tile/{path}")
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    for path in ("64/000", "-1/000", "x/000"):
        assert (await house.client.get(f"/v1/log/tile/{path}")).status_code == 422


async def test_bundles_are_for_auditors_of_the_only_tenant(house: House) -> None:
    size = await _signed(house)
    entries = await house.parts.opened.store.log.entries(0, size)
    tenants = {entry.tenant for entry in entries[:2]}
    (tenant,) = tenants
    answers = {}
    for name in (tenant, "stranger"):
        headers = await house.key(Role.AUDITOR, tenant=name)
        answers[name] = await house.client.get("/v1/log/tile/entries/000.p/2", headers=headers)
    assert answers["stranger"].status_code == 403
    assert b"actor" not in answers["stranger"].content
    data, bodies = answers[tenant].content, []
    while data:
        length = int.from_bytes(data[:2])
        bodies.append(data[2 : 2 + length])
        data = data[2 + length :]
    tile = await house.client.get("/v1/log/tile/0/000.p/2")
    assert b"".join(leaf_hash(body) for body in bodies) == tile.content
    assert answers[tenant].headers["cache-control"].startswith("private")


async def test_roles(house: House) -> None:
    await _signed(house)
    service = await house.key(Role.SERVICE)
    for path in ("checkpoint", "keys", "tile/0/000.p/1", "tile/entries/000.p/1"):
        nobody = await house.client.get(f"/v1/log/{path}", headers={"Authorization": ""})
        assert nobody.status_code == 401
        assert (await house.client.get(f"/v1/log/{path}", headers=service)).status_code == 403


async def test_a_public_log_shows_hashes_and_no_entries(house: House) -> None:
    await _signed(house)
    services = replace(api_services(house.parts), log_public=True)
    app = build_app(services, version="test", max_body_bytes=1_000)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as anyone:
        for path in ("checkpoint", "keys", "tile/0/000.p/1"):
            assert (await anyone.get(f"/v1/log/{path}")).status_code == 200
        assert (await anyone.get("/v1/log/tile/entries/000.p/1")).status_code == 401


async def test_remarks_do_not_make_it_unready(house: House) -> None:
    services = replace(api_services(house.parts), remarks=lambda: ("witnesses: 0 of 1 needed",))
    app = build_app(services, version="test", max_body_bytes=1_000)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["remarks"] == ["witnesses: 0 of 1 needed"]


async def test_proofs_over_http_are_those_of_the_tree(house: House) -> None:
    size = await _signed(house)
    answer = await house.client.get("/v1/audit/consistency", params={"old": 1, "new": size})
    hashes = [b64decode(one) for one in answer.json()["hashes"]]
    assert hashes == await house.parts.opened.log.consistency(1, size)
