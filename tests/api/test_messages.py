"""POST /v1/messages and its neighbours, on a whole gateway."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.model.access import Role
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_ordinary_message_is_labelled_recorded_and_delivered(house: House) -> None:
    answer = await house.post(house.message("Le nouveau clip sort vendredi, j'ai hâte !"))
    outcome = answer.json()
    assert answer.status_code == 200
    assert (outcome["verdict"], outcome["state"]) == ("publish", "delivered")
    assert {notice["notice"] for notice in outcome["disclosure"]["notices"]} == {"ai"}
    assert "Le nouveau clip sort vendredi" in outcome["text"]
    received = (await house.received())[outcome["message_id"]]
    assert received["text"] == outcome["text"]
    assert received["receipt"] == outcome["receipt"]["jws"]


async def test_the_answer_is_what_is_stored(house: House) -> None:
    text = "Écris à lea.perso@example.org, ou regarde https://example.org/clip !"
    outcome = (await house.post(house.message(text))).json()
    stored = (await house.client.get(f"/v1/messages/{outcome['message_id']}")).json()
    assert outcome["state"] == "delivered"
    assert outcome["attempts"] == 1
    for times in ("deliver", "redact", "disclose"):
        outcome["timings_ms"].pop(times, None)
        stored["timings_ms"].pop(times, None)
    assert outcome == stored


async def test_personal_data_never_arrives(house: House) -> None:
    text = "Écris-moi à lea.perso@example.org ou au 06 39 98 12 34 !"
    outcome = (await house.post(house.message(text))).json()
    assert outcome["redacted"] == ["EMAIL_ADDRESS", "PHONE_NUMBER"]
    received = (await house.received())[outcome["message_id"]]
    for value in ("lea.perso", "example.org", "06 39", "98 12 34"):
        assert value not in str(received)


async def test_a_threat_is_held_and_does_not_arrive(house: House) -> None:
    answer = await house.post(house.message("I will find you and kill you, you worthless idiot"))
    outcome = answer.json()
    assert answer.status_code in {202, 403}
    assert outcome["verdict"] != "publish"
    assert outcome["text"] is None
    assert outcome["receipt"] is None
    assert any(one["rule"].startswith("baseline.toxicity") for one in outcome["reasons"])
    assert outcome["message_id"] not in await house.received()


async def test_a_blocked_message_is_a_problem_with_the_whole_outcome(house: House) -> None:
    await house.client.put("/v1/creators/silent", json={"kill_switch": True})
    answer = await house.post(house.message("Hello there!", creator="silent"))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"].endswith("/blocked")
    assert body["status"] == 403
    assert body["verdict"] == "block"
    assert body["decision_id"]
    assert "creator.kill_switch" in {one["rule"] for one in body["reasons"]}
    assert "creator.kill_switch" in body["detail"]


async def test_decide_delivers_nothing_and_moves_no_clock(house: House) -> None:
    body = house.message("See you all on Sunday's stream!")
    for _ in range(2):
        answer = await house.client.post("/v1/decide", json=body)
        outcome = answer.json()
        assert answer.status_code == 200
        assert (outcome["state"], outcome["dry_run"]) == ("decided", True)
        assert "ai" in {notice["notice"] for notice in outcome["disclosure"]["notices"]}
        assert outcome["message_id"] not in await house.received()


async def test_the_first_contact_is_labelled_the_second_need_not_be(house: House) -> None:
    first = house.message("Bonjour tout le monde !", language="fr")
    await house.post(first)
    second = (await house.post({**first, "text": "On commence dans cinq minutes."})).json()
    assert second["state"] == "delivered"
    assert second["disclosure"]["notices"] == []
    assert second["text"] == "On commence dans cinq minutes."


async def test_a_repeated_request_gets_its_first_outcome(house: House) -> None:
    body = house.message("Merci pour vos messages, je lis tout ce soir.")
    headers = {"Idempotency-Key": "repeat-1"}
    first = (await house.post(body, headers=headers)).json()
    again = (await house.post(body, headers=headers)).json()
    assert not first["replayed"]
    assert again["replayed"]
    assert again["message_id"] == first["message_id"]
    assert again["text"] == first["text"]
    assert again["receipt"] == first["receipt"]


async def test_a_key_used_with_another_request_is_refused(house: House) -> None:
    headers = {"Idempotency-Key": "reuse-1"}
    await house.post(house.message("One thing."), headers=headers)
    answer = await house.post(house.message("Another thing."), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("idempotency-key-reused")


async def test_many_at_once_with_one_key_publish_once(house: House) -> None:
    body = house.message("Only once, please!")
    headers = {"Idempotency-Key": "race-1"}
    answers = await asyncio.gather(*(house.post(body, headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    ids = {answer.json()["message_id"] for answer in answers if answer.status_code != 409}
    assert len(ids) == 1
    assert len(ids & set(await house.received())) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": 7}, "text"),
        ({"text": None}, "text"),
        ({"channel": "fax"}, "channel"),
        ({"creator": "nobody"}, "creator"),
        ({"creator": "a b"}, "creator"),
        ({"route": "nowhere"}, "route"),
        ({"language": "französisch"}, "language"),
        ({"audience": {"minor": "perhaps"}}, "audience.minor"),
        ({"audience": {"jurisdictions": ["France"]}}, "audience.jurisdictions.0"),
        ({"audience": {"jurisdictions": ["FR", "ZZ"]}}, "audience.jurisdictions.1"),
        ({"audience": {"jurisdictions": ["US-XX"]}}, "audience.jurisdictions.0"),
        ({"media": [{"sha256": "0", "content_type": "image/png"}]}, "media.0.sha256"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_a_wrong_field_is_named_with_its_mend(
    house: House, change: dict[str, Any], field: str
) -> None:
    answer = await house.post({**house.message("Hello!"), **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (first, *_) = answer.json()["errors"]
    assert first["field"] == field
    assert first["problem"]
    assert first["mend"]


async def test_lone_surrogates_and_duplicate_keys_are_refused(house: House) -> None:
    headers = {"Content-Type": "application/json"}
    body = str(house.message("TEXT")).replace("'", '"').encode()
    lone = body.replace(b"TEXT", rb"a\ud800b")
    answer = await house.client.post("/v1/messages", content=lone, headers=headers)
    assert answer.status_code == 422
    double = body.replace(b'"text": "TEXT"', b'"text": "nice", "text": "nasty"')
    answer = await house.client.post("/v1/messages", content=double, headers=headers)
    assert answer.status_code == 400
    latin = body.replace(b"TEXT", "é".encode("latin-1"))
    answer = await house.client.post("/v1/messages", content=latin, headers=headers)
    assert answer.status_code == 400


async def test_a_message_and_its_receipt_can_be_asked_for(house: House) -> None:
    outcome = (await house.post(house.message("A new drawing is up, have a look!"))).json()
    asked = (await house.client.get(f"/v1/messages/{outcome['message_id']}")).json()
    assert asked["state"] == "delivered"
    assert asked["text"] == outcome["text"]
    receipt = (await house.client.get(f"/v1/receipts/{outcome['message_id']}")).json()
    assert receipt["receipt"] == outcome["receipt"]
    assert receipt["proof"].startswith("c2sp.org/tlog-proof@v1")
    missing = await house.client.get("/v1/messages/msg_none")
    assert missing.status_code == 404


async def test_another_tenant_sees_nothing(house: House) -> None:
    outcome = (await house.post(house.message("For our tenant alone."))).json()
    other = await house.key(Role.ADMIN, tenant="other")
    for path in ("messages", "receipts"):
        answer = await house.client.get(f"/v1/{path}/{outcome['message_id']}", headers=other)
        assert answer.status_code == 404
    answer = await house.post(house.message("Hello"), headers=other)
    assert answer.json()["errors"][0]["field"] == "creator"


async def test_roles_are_kept_apart(house: House) -> None:
    auditor, service = await house.key(Role.AUDITOR), await house.key(Role.SERVICE)
    assert (await house.post(house.message("Hi!"), headers=auditor)).status_code == 403
    assert (await house.client.get("/v1/reviews", headers=service)).status_code == 403
    put = await house.client.put("/v1/creators/x", json={}, headers=service)
    assert put.status_code == 403
    anonymous = await house.client.get("/v1/reviews", headers={"Authorization": ""})
    assert anonymous.status_code == 401
    assert anonymous.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("code", "mend"),
    [("EN", "did you mean GB?"), ("France", "did you mean FR?"), ("US-XX", "give US")],
)
async def test_a_place_that_is_none_gets_the_mend(house: House, code: str, mend: str) -> None:
    answer = await house.post(
        {**house.message("Hello!"), "audience": {"id": "p", "jurisdictions": [code]}}
    )
    assert answer.status_code == 422
    assert mend in answer.json()["errors"][0]["problem"]


@pytest.mark.parametrize("code", ["EL", "UK", "RE", "GP", "PR", "EU", "US", "BR", "CH", "JP"])
async def test_everywhere_an_ai_says_that_it_is_one(house: House, code: str) -> None:
    outcome = (
        await house.post(
            {
                **house.message("See you on stage!"),
                "audience": {"id": f"fan-{code}", "minor": "no", "jurisdictions": [code]},
            }
        )
    ).json()
    assert outcome["verdict"] == "publish"
    assert "ai" in {notice["notice"] for notice in outcome["disclosure"]["notices"]}
