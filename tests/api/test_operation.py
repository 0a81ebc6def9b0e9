"""Health, metrics, public keys, creators, the audit API, the description of the API."""

from __future__ import annotations

import pytest

from gateway.model.access import Role
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_alive_and_ready_are_open_to_all(house: House) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await house.client.get(path, headers={"Authorization": ""})
        assert answer.status_code == 200, answer.text


async def test_metrics_count_and_name_no_one(house: House) -> None:
    body = house.message("Counting this one: lea.perso@example.org")
    outcome = (await house.post(body)).json()
    text = (await house.client.get("/metrics")).text
    assert 'gateway_messages_total{channel="dm"' in text
    assert 'gateway_rules_total{rule="baseline.pii"' in text
    assert 'gateway_stage_seconds_bucket{le="0.001",stage="pii"}' in text
    for private in ("lea.perso", body["audience"]["id"], outcome["message_id"]):
        assert private not in text


async def test_the_public_keys_are_public_only(house: House) -> None:
    keys = (await house.client.get("/.well-known/jwks.json")).json()["keys"]
    assert keys
    assert all("d" not in key for key in keys)


async def test_creators_are_versioned_and_checked(house: House) -> None:
    first = await house.client.put("/v1/creators/zoe", json={"display_name": "Zoé"})
    second = await house.client.put("/v1/creators/zoe", json={"display_name": "Zoé B."})
    assert (first.json()["version"], second.json()["version"]) == (1, 2)
    shown = (await house.client.get("/v1/creators/zoe")).json()
    assert shown["settings"] == {"display_name": "Zoé B."}
    wrong = await house.client.put("/v1/creators/zoe", json={"kill_switch": "yes"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "settings.kill_switch"
    unknown = await house.client.put("/v1/creators/zoe", json={"kil_switch": True})
    assert unknown.status_code == 422
    assert (await house.client.get("/v1/creators/none")).status_code == 404


async def test_auditors_read_entries_checkpoints_and_proofs(house: House) -> None:
    auditor = await house.key(Role.AUDITOR)
    outcome = (await house.post(house.message("For the record."))).json()
    query = f"/v1/audit/entries?message_id={outcome['message_id']}"
    entries = (await house.client.get(query, headers=auditor)).json()["entries"]
    assert [one["kind"] for one in entries] == ["decision", "delivery"]
    assert "For the record" not in str(entries)
    note = await house.client.get("/v1/audit/checkpoint", headers=auditor)
    assert note.headers["content-type"].startswith("text/plain")
    assert note.text.startswith("avatar-gateway.invalid/log\n")
    proof = await house.client.get(f"/v1/audit/proofs/{outcome['entry']}", headers=auditor)
    assert proof.text.startswith("c2sp.org/tlog-proof@v1")
    assert "\nextra " not in proof.text
    whole = f"/v1/audit/proofs/{outcome['entry']}?with_entry=true"
    alone = await house.client.get(whole, headers=auditor)
    assert alone.text.splitlines()[1].startswith("extra ")
    stranger = await house.key(Role.AUDITOR, tenant="another")
    assert (await house.client.get(whole, headers=stranger)).status_code == 404
    assert (
        await house.client.get("/v1/audit/proofs/999999?with_entry=true", headers=auditor)
    ).status_code == 404
    size = int(note.text.splitlines()[1])
    consistency = await house.client.get(f"/v1/audit/consistency?old=1&new={size}", headers=auditor)
    assert consistency.json()["old"] == 1
    assert (await house.client.get("/v1/audit/proofs/999999", headers=auditor)).status_code == 404


async def test_what_is_not_there_is_a_problem_too(house: House) -> None:
    answer = await house.client.get("/v2/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    wrong = await house.client.request("DELETE", "/v1/messages")
    assert wrong.status_code == 405


async def test_the_description_is_complete(house: House) -> None:
    document = (await house.client.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert operation["tags"], (path, method)
    schemas = document["components"]["schemas"]
    assert schemas["SubmissionIn"]["examples"]


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-01-01T00:00:00",
        "until=never",
        "until=1767225600",
        "creator=%00",
        "rule=%ff",
        "before=-1",
    ],
)
async def test_a_wrong_filter_is_refused(house: House, query: str) -> None:
    answer = await house.client.get(f"/v1/audit/entries?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"query.{query.partition('=')[0]}"


async def test_nobody_is_sent_elsewhere(house: House) -> None:
    """A redirect would lead to whatever the Host header says."""
    answer = await house.client.get("/v1/reviews/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 404
