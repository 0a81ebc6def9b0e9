"""What is held waits for a person."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.model.access import Role
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELD = "Promis, je t'appelle ce soir à 20 h !"


async def held(house: House, text: str = HELD) -> dict[str, Any]:
    answer = await house.post(house.message(text, language="fr"))
    assert answer.status_code == 202, answer.text
    outcome: dict[str, Any] = answer.json()
    assert outcome["state"] == "held"
    assert outcome["expires_at"] is not None
    return outcome


async def settle(house: House, message_id: str, **body: Any) -> Any:
    return await house.client.post(f"/v1/reviews/{message_id}", json=body)


async def test_the_reviewer_sees_the_text_and_the_reasons(house: House) -> None:
    outcome = await held(house)
    reviewer = await house.key(Role.REVIEWER)
    waiting = (await house.client.get("/v1/reviews?limit=500", headers=reviewer)).json()
    (mine,) = (one for one in waiting if one["outcome"]["message_id"] == outcome["message_id"])
    assert mine["submitted_text"] == HELD
    assert "creator.promise" in {one["rule"] for one in mine["outcome"]["reasons"]}


async def test_a_release_publishes_labelled(house: House) -> None:
    message_id = (await held(house))["message_id"]
    answer = await settle(house, message_id, action="release", reason="Agreed with the creator.")
    assert answer.status_code == 200
    assert answer.json()["state"] == "delivered"
    received = (await house.received())[message_id]
    assert HELD in received["text"]
    assert "ai" in {notice["notice"] for notice in answer.json()["disclosure"]["notices"]}
    again = await settle(house, message_id, action="release", reason="Twice is too often.")
    assert again.status_code == 404


async def test_an_edit_is_judged_again(house: House) -> None:
    message_id = (await held(house))["message_id"]
    worse = await settle(
        house, message_id, action="edit", reason="Reworded.", text="Promis, je t'appelle demain !"
    )
    assert worse.status_code == 202
    assert worse.json()["state"] == "held"
    assert "creator.promise" in {one["rule"] for one in worse.json()["reasons"]}
    better = await settle(
        house, message_id, action="edit", reason="Reworded.", text="Merci, à dimanche en live !"
    )
    assert better.status_code == 200, better.text
    assert "Merci, à dimanche en live !" in (await house.received())[message_id]["text"]


async def test_a_rejection_never_publishes(house: House) -> None:
    message_id = (await held(house))["message_id"]
    answer = await settle(house, message_id, action="reject", reason="The creator never calls.")
    assert answer.status_code == 200
    assert answer.json()["state"] == "rejected_by_review"
    assert message_id not in await house.received()


async def test_a_release_never_overrides_a_block(house: House) -> None:
    await house.client.put("/v1/creators/stopped", json={})
    answer = await house.post(house.message(HELD, creator="stopped", language="fr"))
    message_id = answer.json()["message_id"]
    await house.client.put("/v1/creators/stopped", json={"kill_switch": True})
    released = await settle(house, message_id, action="release", reason="Looks fine to me.")
    assert released.status_code == 202
    assert released.json()["state"] == "held"
    assert message_id not in await house.received()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "release", "reason": ""}, "reason"),
        ({"action": "approve", "reason": "Fine."}, "action"),
        ({"action": "release", "reason": "Fine.", "text": "x"}, "text"),
        ({"action": "edit", "reason": "Fine."}, "text"),
    ],
)
async def test_a_wrong_review_is_refused(house: House, body: dict[str, str], field: str) -> None:
    message_id = (await held(house))["message_id"]
    answer = await settle(house, message_id, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
