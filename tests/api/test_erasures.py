from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.model.access import Role
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "See you at the concert tonight!"


async def said(house: House, text: str = TEXT, **more: Any) -> tuple[str, str]:
    """A published message: its id, and the person it went to."""
    body = house.message(text, **more)
    answer = await house.post(body)
    assert answer.status_code in {200, 202}, answer.text
    return answer.json()["message_id"], body["audience"]["id"]


async def erase(house: House, **body: Any) -> httpx.Response:
    return await house.client.post("/v1/erasures", json={"reason": "They asked.", **body})


async def test_a_person_is_erased(house: House) -> None:
    message_id, person = await said(house)
    planned = await erase(house, subject=person, dry_run=True)
    assert planned.json()["counts"]["messages"] == 1
    assert planned.json()["id"] is None
    answer = await erase(house, subject=person)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done["counts"]["messages"] == 1
    assert person not in answer.text
    seen = await house.client.get(f"/v1/messages/{message_id}")
    assert seen.status_code == 200
    assert seen.json()["text"] is None
    assert seen.json()["erased_at"] is not None
    receipt = await house.client.get(f"/v1/receipts/{message_id}")
    assert receipt.status_code == 410
    assert receipt.json()["type"].endswith("/erased")
    assert datetime.fromisoformat(receipt.json()["erased_at"]).tzinfo is not None
    entries = await house.client.get("/v1/audit/entries", params={"kind": "erased", "limit": 1})
    (entry,) = entries.json()["entries"]
    assert entry["seq"] == done["entry"]
    assert entry["body"]["erasure_id"] == done["id"]
    listed = await house.client.get("/v1/erasures", params={"limit": 1})
    assert [one["id"] for one in listed.json()] == [done["id"]]
    await house.parts.opened.log.verify(kept=(), progress=None)


async def test_nobody_known_is_told_so(house: House) -> None:
    answer = await erase(house, subject="never-heard-of")
    assert answer.status_code == 200
    assert answer.json()["id"] is answer.json()["entry"] is None
    assert set(answer.json()["counts"].values()) == {0}


async def test_a_hold_is_a_problem_that_names_it(house: House) -> None:
    message_id, person = await said(house)
    placed = await house.client.post(
        "/v1/holds", json={"message_id": message_id, "reason": "Case 12/2026."}
    )
    assert placed.status_code == 201
    hold = placed.json()["id"]
    answer = await erase(house, subject=person)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["holds"] == [hold]
    assert hold in answer.json()["detail"]
    lift = f"/v1/holds/{hold}/lift"
    lifted = await house.client.post(lift, json={"reason": "Case closed."})
    assert lifted.status_code == 200
    assert (await house.client.post(lift, json={"reason": "Again."})).status_code == 409
    listed = {one["id"]: one for one in (await house.client.get("/v1/holds")).json()}
    assert listed[hold]["lift_reason"] == "Case closed."
    assert (await erase(house, subject=person)).json()["counts"]["messages"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subject": "a", "creator": "b"},
        {"subject": "a", "reason": " "},
        {"subject": ""},
        {"person": "a"},
    ],
)
async def test_an_order_that_is_not_clear_is_refused(house: House, body: dict[str, Any]) -> None:
    answer = await erase(house, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_hold_must_make_sense(house: House) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for body in (
        {"subject": "a", "creator": "b"},
        {"expires_at": past},
        {"expires_at": 1},
        {"subject": "a", "reason": ""},
    ):
        answer = await house.client.post("/v1/holds", json={"reason": "Case 12/2026.", **body})
        assert answer.status_code == 422, body
    missing = await house.client.post("/v1/holds/hld_0/lift", json={"reason": "Why not."})
    assert missing.status_code == 404


async def test_who_may(house: House) -> None:
    for role, erasing, reading, holding in (
        (Role.SERVICE, 403, 403, 403),
        (Role.REVIEWER, 403, 403, 403),
        (Role.AUDITOR, 403, 200, 201),
    ):
        headers = await house.key(role, tenant="elsewhere")
        order = {"subject": "nobody", "reason": "They asked."}
        hold = {"subject": "nobody", "reason": "Case 12/2026."}
        client = house.client
        answer = await client.post("/v1/erasures", json=order, headers=headers)
        assert answer.status_code == erasing
        assert (await client.get("/v1/erasures", headers=headers)).status_code == reading
        assert (await client.post("/v1/holds", json=hold, headers=headers)).status_code == holding


async def test_other_tenants_are_out_of_reach(house: House) -> None:
    message_id, person = await said(house)
    headers = await house.key(Role.ADMIN, tenant="elsewhere")
    for order in ({"subject": person}, {"creator": "lea"}, {"message_id": message_id}):
        answer = await house.client.post(
            "/v1/erasures", json={**order, "reason": "Out of spite."}, headers=headers
        )
        assert answer.json()["counts"]["messages"] == 0
    seen = await house.client.get(f"/v1/messages/{message_id}")
    assert seen.json()["erased_at"] is None
