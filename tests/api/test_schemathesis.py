"""Generated requests, good and bad, against a running gateway: never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from gateway.api.app import build_app
from gateway.demo.processes import running

EXAMPLES = 25

# From the app itself: the plugin's way of fetching it from a fixture needs an older pytest.
schema = schemathesis.openapi.from_dict(
    build_app(None, version="0", max_body_bytes=1 << 20).openapi()
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    with running(tmp_path_factory.mktemp("schemathesis")) as there:
        token = (there.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}"}
        for creator in ("lea", "0"):
            httpx.put(
                f"{there.gateway}/v1/creators/{creator}", json={}, headers=headers
            ).raise_for_status()
        yield there.gateway, headers


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(900)
def test_no_request_makes_it_fail(case: Any, api: tuple[str, dict[str, str]]) -> None:
    answer = case.call(base_url=api[0], headers=api[1], timeout=30)
    assert answer.status_code < 500, answer.text
