"""A whole gateway on real parts: SQLite on disk, embedded Rego, shipped weights, and the sandbox
platform over HTTP on loopback. Made once; tests use creators and conversations of their own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from gateway.api.access import issue_key
from gateway.assembly.build import AssembledGateway
from gateway.model.access import Role
from tests.patience import PATIENCE_S

SECRET = "a secret that both sides know, long enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`client` is an admin's; `key` makes the headers of another role."""

    parts: AssembledGateway
    client: httpx.AsyncClient
    platform: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def message(self, text: str, **more: Any) -> dict[str, Any]:
        """A good submission in a conversation of its own."""
        number = next(self.numbers)
        return {
            "channel": "dm",
            "creator": "lea",
            "avatar": "lea-twin",
            "conversation": f"conversation-{number}",
            "audience": {"id": f"person-{number}", "minor": "no", "jurisdictions": ["FR"]},
            "text": text,
            **more,
        }

    async def key(self, *roles: Role, tenant: str = "default", **more: Any) -> dict[str, str]:
        now = datetime.now(UTC)
        key, token = issue_key(tenant=tenant, roles=frozenset(roles), now=now, **more)
        await self.parts.opened.store.registry.put_api_key(key, actor="tests")
        return {"Authorization": f"Bearer {token}"}

    async def post(self, body: Mapping[str, Any], **more: Any) -> httpx.Response:
        return await self.client.post("/v1/messages", json=dict(body), **more)

    async def received(self) -> dict[str, dict[str, Any]]:
        """What the platform got, by message id."""
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            return {one["message_id"]: one for one in (await http.get(self.platform)).json()}
