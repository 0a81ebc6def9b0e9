"""The direct way answers as FastAPI's own does, whatever is sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse, Response

from gateway.api import problems
from gateway.api.access import AccessGuard, issue_key, needs
from gateway.api.fast_path import KEY_LENGTH, KEY_PATTERN, direct
from gateway.api.schemas import SubmissionIn
from gateway.api.strict_body import StrictBody
from gateway.model.access import ApiKey, Role

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ORDINARY: dict[str, Any] = {
    "channel": "dm",
    "creator": "lea",
    "avatar": "lea-twin",
    "conversation": "dm-1",
    "text": "Salut !",
}
BODIES = [
    ORDINARY,
    ORDINARY | {"audience": {"id": "fan", "age_from": 18, "jurisdictions": ["FR"]}},
    ORDINARY | {"human_spoke_at": "2026-11-22T20:00:00+01:00"},
    ORDINARY | {"human_spoke_at": 1_795_000_000},
    ORDINARY | {"human_spoke_at": "1795000000"},
    ORDINARY | {"human_spoke_at": "2026-11-22T20:00:00"},
    ORDINARY | {"human_spoke_at": "2026-11-22"},
    ORDINARY | {"audience": {"age_from": 18.0}},
    ORDINARY | {"audience": {"age_from": "18"}},
    ORDINARY | {"audience": {"age_from": True}},
    ORDINARY | {"audience": {"guardian_consent": 1}},
    ORDINARY | {"audience": {"jurisdictions": "FR"}},
    ORDINARY | {"audience": {"jurisdictions": {"0": "FR"}}},
    ORDINARY | {"audience": None},
    ORDINARY | {"text": 5},
    ORDINARY | {"text": None},
    ORDINARY | {"text": "half \ud83d"},
    ORDINARY | {"text": "\x00"},
    ORDINARY | {"channel": "DM"},
    ORDINARY | {"channel": ["dm"]},
    ORDINARY | {"more": 1},
    ORDINARY | {"creator": "lea\n"},
    ORDINARY | {"media": [{"sha256": "a" * 64, "content_type": "image/png"}]},
    ORDINARY | {"media": {"sha256": "a" * 64}},
    {},
    [],
    [ORDINARY],
    None,
    "text",
    7,
]


class Keys:
    """A registry of one key."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    async def api_key(self, key_id: str) -> ApiKey | None:
        return self.key if key_id == self.key.id else None


async def told(
    request: Request,
    body: SubmissionIn,
    key: Annotated[ApiKey, Depends(needs(Role.SERVICE))],
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=KEY_LENGTH, pattern=KEY_PATTERN)
    ] = None,
) -> Response:
    return JSONResponse(
        [request.method, key.id, idempotency_key, json.loads(body.model_dump_json())]
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    key, token = issue_key(
        tenant="t", roles=frozenset({Role.SERVICE}), now=NOW, requests_per_s=1_000
    )
    app = FastAPI()
    guard = AccessGuard(registry=Keys(key), now=lambda: NOW, clock=lambda: 0.0)  # type: ignore[arg-type] # keys alone
    app.state.services = SimpleNamespace(guard=guard)
    problems.install(app)
    app.add_api_route("/plain", told, methods=["POST"])
    hot = direct(told, needs(Role.SERVICE))
    app.router.add_api_route("/direct", told, methods=["POST"], route_class_override=hot)
    app.add_middleware(StrictBody, max_bytes=65_536)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers=headers
    ) as made:
        yield made


async def both(client: httpx.AsyncClient, **request: Any) -> tuple[httpx.Response, httpx.Response]:
    return await client.post("/direct", **request), await client.post("/plain", **request)


@pytest.mark.parametrize("body", BODIES, ids=repr)
async def test_bodies(client: httpx.AsyncClient, body: Any) -> None:
    there, plain = await both(
        client, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert (there.status_code, there.json()) == (plain.status_code, plain.json())


@pytest.mark.parametrize(
    "keys",
    [[b"k-1"], [b""], [b"a b"], [b"x" * 255], [b"x" * 256], [b"one", b"two"], [b"\xe9"]],
    ids=repr,
)
async def test_idempotency_keys(client: httpx.AsyncClient, keys: list[bytes]) -> None:
    headers = [(b"idempotency-key", key) for key in keys]
    there, plain = await both(client, json=ORDINARY, headers=headers)
    assert (there.status_code, there.json()) == (plain.status_code, plain.json())


@pytest.mark.parametrize("token", ["", "Bearer agk_" + "0" * 12 + "_" + "0" * 64])
@pytest.mark.parametrize("body", [ORDINARY, {}])
async def test_who_is_not_known_learns_nothing(
    client: httpx.AsyncClient, token: str, body: dict[str, Any]
) -> None:
    there, plain = await both(client, json=body, headers={"Authorization": token})
    assert there.status_code == 401
    assert there.json() == plain.json()


async def test_a_request_counts_once(client: httpx.AsyncClient) -> None:
    for _ in range(500):
        for body in (ORDINARY, {}):
            assert (await client.post("/direct", json=body)).status_code in {200, 422}
    assert (await client.post("/direct", json=ORDINARY)).status_code == 429


async def test_openapi_describes_both_alike(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    there, plain = paths["/direct"]["post"], paths["/plain"]["post"]
    for one in (there, plain):
        one.pop("operationId")
    assert there == plain
    assert there["requestBody"]["content"]["application/json"]["schema"]
