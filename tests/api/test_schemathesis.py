"""Generated requests, good and bad, against a running gateway: never a 5xx, and every answer is
one that the description of the API promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.api.app import build_app
from gateway.demo.processes import running
from tests.patience import PATIENCE_S, PATIENT_TEXT

EXAMPLES = 150
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

schemathesis.serializer.alias("application/gzip", "application/octet-stream")
described = schemathesis.openapi.from_dict(
    build_app(None, version="test", max_body_bytes=262_144).openapi()
)
described.config.generation.update(modes=list(schemathesis.GenerationMode))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    with running(
        tmp_path_factory.mktemp("schemathesis"),
        patience_s=PATIENCE_S,
        services=False,
        **PATIENT_TEXT,
    ) as there:
        token = (there.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=there.gateway, headers=headers, timeout=PATIENCE_S) as client:
            for creator in ("lea", "0"):
                client.put(f"/v1/creators/{creator}", json={}).raise_for_status()
        yield there.gateway, headers
        assert "unexpected error" not in (there.data_dir / "gateway.log").read_text("utf-8")


@described.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_it_fail(case: Any, api: tuple[str, dict[str, str]]) -> None:
    url, headers = api
    answer = case.call(base_url=url, headers=headers, timeout=PATIENCE_S)
    if answer.status_code in {405, 415} and case.method != case.operation.method.upper():
        return  # the description says nothing about methods that it does not list
    case.validate_response(answer, checks=CHECKS)
