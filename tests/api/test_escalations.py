"""What a rule calls a person to look at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.model.access import Role
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

CRY = "je veux mourir"
ANSWER = "Le nouveau clip sort vendredi, j'ai hâte !"


async def cried(house: House, path: str = "/v1/messages") -> dict[str, Any]:
    """A person speaks of suicide; the avatar would have talked about its new clip."""
    body = house.message(ANSWER, human_text=CRY, language="fr")
    answer = await house.client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    outcome: dict[str, Any] = answer.json()
    return outcome


async def escalations(house: House, headers: dict[str, str]) -> dict[str, dict[str, Any]]:
    answer = await house.client.get("/v1/escalations?limit=500", headers=headers)
    assert answer.status_code == 200
    return {one["outcome"]["message_id"]: one for one in answer.json()}


async def acknowledge(house: House, message_id: str, reason: str, **more: Any) -> Any:
    path = f"/v1/escalations/{message_id}"
    return await house.client.post(path, json={"reason": reason}, **more)


async def test_the_crisis_text_is_published_and_a_person_is_called(house: House) -> None:
    with capture_logs() as logs:
        outcome = await cried(house)
    message_id = outcome["message_id"]
    assert outcome["disclosure"]["replaced_by"] == "crisis"
    assert ANSWER not in (await house.received())[message_id]["text"]
    (told,) = (one for one in logs if one["event"] == "escalation")
    assert (told["log_level"], told["message"]) == ("warning", message_id)
    assert told["rules"] == ["creator.self_harm"]
    for text in (CRY, ANSWER, "person-"):
        assert text not in str(told)

    reviewer = await house.key(Role.REVIEWER)
    waiting = (await escalations(house, reviewer))[message_id]
    assert waiting["rules"] == ["creator.self_harm"]
    assert (waiting["submitted_text"], waiting["human_text"]) == (ANSWER, CRY)
    assert waiting["outcome"]["text"] == outcome["text"]
    metrics = (await house.client.get("/metrics")).text
    assert "gateway_escalations_open 0.0" not in metrics


async def test_an_acknowledgement_is_in_the_audit_log(house: House) -> None:
    message_id = (await cried(house))["message_id"]
    reviewer = await house.key(Role.REVIEWER)
    answer = await acknowledge(house, message_id, "Wrote to her.", headers=reviewer)
    assert answer.status_code == 200, answer.text
    assert answer.json()["message_id"] == message_id
    assert message_id not in await escalations(house, reviewer)
    log = house.parts.opened.store.log
    (entry,) = await log.entries(answer.json()["entry"], answer.json()["entry"] + 1)
    body = json.loads(entry.body)
    assert (body["what"], body["subject"]) == ("escalation", message_id)
    assert body["detail"] == {"reason": "Wrote to her."}
    assert body["actor"] in reviewer["Authorization"]
    again = await acknowledge(house, message_id, "Wrote to her.")
    assert again.status_code == 404
    assert again.headers["content-type"] == "application/problem+json"


async def test_others_see_nothing(house: House) -> None:
    message_id = (await cried(house))["message_id"]
    stranger = await house.key(Role.REVIEWER, tenant="elsewhere")
    assert await escalations(house, stranger) == {}
    answer = await acknowledge(house, message_id, "Not mine.", headers=stranger)
    assert answer.status_code == 404
    service = await house.key(Role.SERVICE)
    answer = await house.client.get("/v1/escalations", headers=service)
    assert answer.status_code == 403
    answer = await acknowledge(house, message_id, "Not mine.", headers=service)
    assert answer.status_code == 403


async def test_a_dry_run_calls_nobody(house: House) -> None:
    with capture_logs() as logs:
        outcome = await cried(house, "/v1/decide")
    assert "escalate" in {one["kind"] for one in outcome["obligations"]}
    assert not [one for one in logs if one["event"] == "escalation"]
    assert outcome["message_id"] not in await escalations(house, await house.key(Role.REVIEWER))


async def test_a_reason_is_needed(house: House) -> None:
    message_id = (await cried(house))["message_id"]
    answer = await acknowledge(house, message_id, "  ")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "reason"
