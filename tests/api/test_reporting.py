"""Exports, statements of reasons and the report over HTTP."""

from __future__ import annotations

import csv
import io
import json
from base64 import b64decode
from typing import Any

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from gateway.model.access import Role
from gateway.reporting.vocabulary import statement_schema
from tests.house import House
from tests.patience import PATIENT

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELD = "Promis, je t'appelle ce soir à 20 h !"


async def asked(house: House, path: str, **more: Any) -> Any:
    auditor = await house.key(Role.AUDITOR)
    return await house.client.get(path, headers=auditor, **more)


async def test_an_export_says_its_checkpoint(house: House) -> None:
    message = house.message("A message for the export")
    outcome = (await house.post(message)).json()
    answer = await asked(
        house, "/v1/audit/export", params={"conversation": message["conversation"]}
    )
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert [one["kind"] for one in lines] == ["decision", "delivery"]
    assert {one["message_id"] for one in lines} == {outcome["message_id"]}
    origin, size, _ = b64decode(answer.headers["Audit-Checkpoint"]).decode().split("\n", 2)
    assert origin == answer.headers["Audit-Origin"]
    assert size == answer.headers["Audit-Size"]
    assert int(size) > lines[-1]["seq"]


async def test_pages_go_on(house: House) -> None:
    for number in range(3):
        await house.post(house.message(f"Message {number} for pages"))
    first = await asked(house, "/v1/audit/export", params={"limit": 2})
    lines = [json.loads(line)["seq"] for line in first.content.splitlines()]
    assert len(lines) == 2
    rest = await asked(house, "/v1/audit/export", params={"after": lines[-1]})
    assert next(json.loads(line)["seq"] for line in rest.content.splitlines()) > lines[-1]


async def test_every_format(house: House) -> None:
    await house.post(house.message("A message in every format"))
    texts: dict[str, Any] = {}
    for name in ("csv", "parquet", "cloudevents", "cloudevents-batch"):
        answer = await asked(house, "/v1/audit/export", params={"format": name, "limit": 3})
        assert answer.status_code == 200
        texts[name] = answer
    rows = list(csv.reader(io.StringIO(texts["csv"].content.decode(), newline="")))
    assert len(rows) == 4
    assert pq.read_table(io.BytesIO(texts["parquet"].content)).num_rows == 3
    batch = texts["cloudevents-batch"]
    assert batch.headers["content-type"] == "application/cloudevents-batch+json"
    lines = [json.loads(line) for line in texts["cloudevents"].content.splitlines()]
    assert batch.json() == lines


async def test_a_tenant_sees_its_own_alone(house: House) -> None:
    await house.post(house.message("Not for other tenants"))
    other = await house.key(Role.AUDITOR, tenant="other")
    for path in ("/v1/audit/export", "/v1/audit/report"):
        answer = await house.client.get(path, headers=other)
        assert answer.status_code == 200
        if path.endswith("report"):
            assert answer.json()["judged"]["messages"] == 0
        else:
            tenants = {json.loads(line)["tenant"] for line in answer.content.splitlines()}
            assert tenants <= {"other"}


async def test_auditors_alone_may_ask(house: House) -> None:
    service = await house.key(Role.SERVICE)
    for path in ("export", "reasons", "report"):
        answer = await house.client.get(f"/v1/audit/{path}", headers=service)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "export?limit=0",
        "export?limit=100001",
        "export?format=xml",
        "export?since=2026-11-22",
        "export?colour=red",
        "report?first=soon",
        "report?last=0",
        "report?last=1700000000",
        "report?first=2026-02-01&last=2026-01-01",
    ],
)
async def test_bad_questions_are_refused(house: House, query: str) -> None:
    assert (await asked(house, f"/v1/audit/{query}")).status_code == 422


async def test_the_report_counts_what_just_happened(house: House) -> None:
    before = (await asked(house, "/v1/audit/report")).json()
    await house.post(house.message("One more for the report"))
    after = (await asked(house, "/v1/audit/report")).json()
    assert after["judged"]["messages"] == before["judged"]["messages"] + 1
    assert after["log"]["complete"]
    page = await asked(house, "/v1/audit/report", params={"format": "html"})
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    table = await asked(house, "/v1/audit/report", params={"format": "csv"})
    assert table.text.startswith('"table","of","value"')


async def test_statements_need_a_profile(house: House) -> None:
    answer = await asked(house, "/v1/audit/reasons")
    assert answer.status_code == 409
    assert "dsa_profile" in answer.json()["detail"]


async def test_statements(house: House, tmp_path: Any) -> None:
    """A house of its own, with a profile."""
    import httpx

    from gateway.api.app import build_app
    from gateway.assembly.serving import api_services
    from gateway.settings import read_settings
    from tests.unhurried import assemble_unhurried

    profile = tmp_path / "dsa.toml"
    profile.write_text(
        'platform = "p"\nterritorial_scope = ["FR"]\ncontract_ground = "Rules, section 1"\n'
    )
    settings = read_settings(None, {"data_dir": tmp_path / "d", "dsa_profile": profile, **PATIENT})
    async with assemble_unhurried(settings) as parts:
        app = build_app(api_services(parts), version="test", max_body_bytes=100_000)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            mine = House(parts=parts, client=client, platform=house.platform)
            client.headers.update(await mine.key(Role.ADMIN, requests_per_s=10_000))
            await client.put("/v1/creators/lea", json={"display_name": "Léa"})
            held = await mine.post(mine.message(HELD, language="fr"))
            assert held.json()["state"] == "held"
            answer = await client.get("/v1/audit/reasons")
            (one,) = [json.loads(line) for line in answer.content.splitlines()]
            Draft202012Validator(statement_schema()).validate(one)
            assert one["puid"].startswith(held.json()["decision_id"])
            assert (
                "creator.promise: Promises and appointments"
                in (one["incompatible_content_explanation"])
            )
            batches = await client.get("/v1/audit/reasons?format=batches&verdict=hold")
            assert batches.json() == {"statements": [one]}
            assert (await client.get("/v1/audit/reasons?verdict=block")).content == b""
            assert (await client.get("/v1/audit/reasons?verdict=publish")).status_code == 422
