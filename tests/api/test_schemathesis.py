"""Generated requests, good and bad, against a running gateway: never a 5xx."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from gateway.demo.processes import running

EXAMPLES = 40


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with running(tmp_path_factory.mktemp("schemathesis")) as there:
        token = (there.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}"}
        for creator in ("lea", "0"):
            httpx.put(
                f"{there.gateway}/v1/creators/{creator}", json={}, headers=headers
            ).raise_for_status()
        schema = schemathesis.openapi.from_url(f"{there.gateway}/openapi.json")
        schema.config.generation.update(modes=list(schemathesis.GenerationMode))
        yield schema, headers


schema = schemathesis.pytest.from_fixture("described")


@pytest.fixture
def described(api):  # type: ignore[no-untyped-def]
    return api[0]


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(900)
def test_no_request_makes_it_fail(case, api) -> None:  # type: ignore[no-untyped-def]
    answer = case.call(headers=api[1], timeout=30)
    allowed = {502, 503} if case.path == "/readyz" else set()
    assert answer.status_code < 500 or answer.status_code in allowed, answer.text
