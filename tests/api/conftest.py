"""One whole gateway for all tests of the API, on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from gateway.api.app import build_app
from gateway.assembly.serving import api_services
from gateway.demo.sandbox import SandboxPlatform
from gateway.model.access import Role
from gateway.settings import read_settings
from tests.house import SECRET, House
from tests.patience import PATIENT
from tests.stores import new_database
from tests.unhurried import assemble_unhurried


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """What the settings say of it."""
    if request.param == "sqlite":
        return {}
    server = request.getfixturevalue("postgres_server")
    return {
        "database_url": new_database(server, "api", "template1"),
        "subject_keys_url": new_database(server, "api_keys", "template1"),
    }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(
    tmp_path_factory: pytest.TempPathFactory, database: dict[str, str]
) -> AsyncIterator[House]:
    async with SandboxPlatform(secret=SECRET.encode()).running() as platform:
        settings = read_settings(
            None,
            {
                "data_dir": tmp_path_factory.mktemp("house"),
                "sandbox_url": f"{platform}/messages",
                "webhook_secret": SECRET,
                "checkpoint_interval_s": 0.2,
                **PATIENT,
                **database,
            },
        )
        async with assemble_unhurried(settings) as parts:
            app = build_app(
                api_services(parts), version="test", max_body_bytes=settings.max_body_bytes
            )
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                made = House(parts=parts, client=client, platform=f"{platform}/messages")
                client.headers.update(await made.key(Role.ADMIN, requests_per_s=10_000))
                await client.put("/v1/creators/lea", json={"display_name": "Léa"})
                yield made
