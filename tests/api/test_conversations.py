"""A person takes a conversation over, and gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.api.app import build_app
from gateway.model.access import Role
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def hand(house: House, conversation: str, **body: Any) -> dict[str, Any]:
    answer = await house.client.put(
        f"/v1/conversations/{conversation}/handover", json={"reason": "She asked for me.", **body}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def notices(outcome: dict[str, Any]) -> set[str]:
    return {one["notice"] for one in outcome["disclosure"]["notices"]}


async def test_the_whole_turn_of_a_person(house: House) -> None:
    said = house.message("Le clip sort vendredi.", language="fr")
    conversation = said["conversation"]
    assert notices((await house.post(said)).json()) == {"ai"}
    assert notices((await house.post(said)).json()) == set()

    taken = await hand(house, conversation, to="human", who="agent-7")
    assert (taken["speaker"], taken["who"], taken["until"]) == ("human", "agent-7", None)
    waiting = (await house.post(said)).json()
    assert waiting["state"] == "held"
    assert "baseline.handover" in {one["rule"] for one in waiting["reasons"]}

    typed = {**said, "text": "Bonjour, je suis Paul.", "human_author": "agent-7"}
    first = (await house.post(typed)).json()
    assert first["state"] == "delivered", first
    assert notices(first) == {"human"}
    assert first["text"].startswith("👤 Une personne vous écrit maintenant, pas l’IA.")
    assert first["disclosure"]["marks"] == {}
    receipt = (await house.client.get(f"/v1/receipts/{first['message_id']}")).json()
    assert receipt["claims"]["digitalSourceType"] == "digitalCreation"
    second = (await house.post({**typed, "text": "Je regarde ça tout de suite."})).json()
    assert second["text"] == "Je regarde ça tout de suite."

    back = await hand(house, conversation, to="avatar")
    assert (back["speaker"], back["who"]) == ("avatar", "agent-7")
    assert back["until"] is not None
    again = (await house.post(said)).json()
    assert notices(again) == {"ai"}
    assert "🤖" in again["text"]
    assert notices((await house.post(said)).json()) == set()


async def test_a_second_turn_is_announced_again(house: House) -> None:
    typed = house.message("Hello, I am back.", language="en", human_author="agent-7")
    for _ in range(2):
        await hand(house, typed["conversation"], to="human", who="agent-7")
        assert notices((await house.post(typed)).json()) == {"human"}
        assert notices((await house.post(typed)).json()) == set()
        await hand(house, typed["conversation"], to="avatar")


async def test_nobody_speaks_as_a_person_without_taking_over(house: House) -> None:
    typed = house.message("Hello, a person here.", human_author="agent-7")
    never = await house.post(typed)
    assert never.status_code == 403
    await hand(house, typed["conversation"], to="human", who="agent-8")
    other = await house.post(typed)
    assert other.status_code == 403
    assert "baseline.handover" in {one["rule"] for one in other.json()["reasons"]}
    await hand(house, typed["conversation"], to="human", who="agent-7")
    assert (await house.post(typed)).status_code == 200
    await hand(house, typed["conversation"], to="avatar")
    assert (await house.post(typed)).status_code == 403


async def test_a_person_may_say_what_they_are_and_is_still_checked(house: House) -> None:
    asked = house.message("Yes, I am a real human.", human_text="Are you a bot?", language="en")
    await hand(house, asked["conversation"], to="human", who="agent-7")
    outcome = (await house.post({**asked, "human_author": "agent-7"})).json()
    assert (outcome["state"], notices(outcome)) == ("delivered", {"human"})
    private = {**asked, "text": "Mail me: paul@example.org", "human_author": "agent-7"}
    assert (await house.post(private)).json()["redacted"] == ["EMAIL_ADDRESS"]
    threat = {**asked, "text": "I will find you and kill you, you idiot"}
    judged = (await house.post({**threat, "human_author": "agent-7"})).json()
    assert judged["verdict"] != "publish"


async def test_a_crisis_calls_a_reviewer_and_leaves_the_persons_words(house: House) -> None:
    asked = house.message(
        "I am here with you. Shall I call somebody?", human_text="I want to kill myself"
    )
    await hand(house, asked["conversation"], to="human", who="agent-7")
    outcome = (await house.post({**asked, "human_author": "agent-7"})).json()
    assert outcome["state"] == "delivered"
    assert "I am here with you." in outcome["text"]
    assert "escalate" in {one["kind"] for one in outcome["obligations"]}


async def test_what_is_released_meanwhile_says_that_it_is_an_ai(house: House) -> None:
    said = house.message("Friday it is.", language="en")
    await house.post(said)
    await hand(house, said["conversation"], to="human", who="agent-7")
    held = (await house.post(said)).json()
    released = await house.client.post(
        f"/v1/reviews/{held['message_id']}", json={"action": "release", "reason": "Still true."}
    )
    assert released.json()["state"] == "delivered"
    assert notices(released.json()) == {"ai"}


async def test_switching_is_noted_once_with_who_and_why(house: House) -> None:
    conversation = house.message("x")["conversation"]
    size = await house.parts.opened.store.log.size()
    for _ in range(2):
        await hand(house, conversation, to="human", who="agent-7")
    for _ in range(2):
        await hand(house, conversation, to="avatar")
    found = await house.client.get(
        "/v1/audit/entries", params={"conversation": conversation, "limit": 10}
    )
    entries = found.json()["entries"]
    assert await house.parts.opened.store.log.size() == size + 2
    told = [one["body"] for one in entries]
    assert [(one["what"], one["subject"]) for one in told] == [("handover", conversation)] * 2
    assert sorted(one["detail"]["to"] for one in told) == ["avatar", "human"]
    assert {(one["detail"]["who"], one["detail"]["reason"]) for one in told} == {
        ("agent-7", "She asked for me.")
    }


async def test_who_speaks_can_be_asked_and_stays_with_its_tenant(house: House) -> None:
    path = f"/v1/conversations/{house.message('x')['conversation']}/handover"
    assert (await house.client.get(path)).json()["speaker"] == "avatar"
    body = {"to": "human", "who": "agent-7", "reason": "She asked for me."}
    await house.client.put(path, json=body, headers=await house.key(Role.REVIEWER))
    auditor = await house.key(Role.AUDITOR)
    assert (await house.client.get(path, headers=auditor)).json()["speaker"] == "human"
    stranger = await house.key(Role.SERVICE, tenant="other")
    assert (await house.client.get(path, headers=stranger)).json()["speaker"] == "avatar"
    assert (await house.client.put(path, json=body, headers=auditor)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"to": "human", "reason": "She asked for me."},
        {"to": "avatar", "who": "agent-7", "reason": "She asked for me."},
        {"to": "human", "who": "agent-7"},
        {"to": "human", "who": "agent-7", "reason": " "},
        {"to": "nobody", "reason": "She asked for me."},
        {"to": "human", "who": "two words", "reason": "She asked for me."},
    ],
)
async def test_what_is_wrong_is_named(house: House, body: dict[str, Any]) -> None:
    answer = await house.client.put("/v1/conversations/c/handover", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"]


async def test_ids_with_slashes_are_one_conversation(house: House) -> None:
    conversation = "room/7/thread:2"
    await hand(house, conversation, to="human", who="agent-7")
    held = await house.post(house.message("Hello!", conversation=conversation))
    assert held.json()["state"] == "held"


async def test_it_is_described() -> None:
    paths = build_app(None, version="test", max_body_bytes=1).openapi()["paths"]
    assert set(paths["/v1/conversations/{conversation}/handover"]) == {"get", "put"}
