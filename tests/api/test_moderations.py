"""POST /v1/moderations, on a whole gateway."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.api.app import build_app
from gateway.assembly.serving import api_services
from gateway.errors import StageUndefined
from gateway.model.access import Role
from gateway.model.finding import Detection, Stage
from gateway.pipeline.adapters import Limits
from gateway.pipeline.moderation import Moderator
from tests import generations
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

THREAT = "I will find you and kill you, you worthless idiot"


class Detector:
    """One that answers, or fails, as told."""

    def __init__(self, stage: Stage, answer: Detection | Exception | None) -> None:
        self.stage = stage
        self._answer = answer

    async def warm(self) -> None:
        return None

    async def detect(self, *_: object) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    async def close(self) -> None:
        return None


async def test_each_text_has_its_result_and_nothing_is_recorded(house: House) -> None:
    before = await house.parts.opened.store.log.size()
    texts = ["Le nouveau clip sort vendredi !", THREAT, "I want to kill myself"]
    answer = (await house.client.post("/v1/moderations", json={"input": texts})).json()
    calm, threat, crisis = answer["results"]
    assert not calm["flagged"]
    assert threat["categories"]["violence"]
    assert threat["categories"]["harassment/threatening"]
    assert (crisis["categories"]["self-harm"], crisis["category_scores"]["self-harm"]) == (True, 1)
    for one in answer["results"]:
        assert one["categories"]["illicit"] is None
        assert one["category_scores"]["sexual/minors"] is None
        assert one["category_applied_input_types"]["illicit"] == []
        assert one["category_applied_input_types"]["hate"] == ["text"]
    assert answer["model"].startswith("avatar-gateway-embedded")
    assert await house.parts.opened.store.log.size() == before


async def test_the_parts_of_one_text_have_one_result(house: House) -> None:
    parts = [{"type": "text", "text": "I will find you"}, {"type": "text", "text": "and kill you"}]
    answer = await house.client.post("/v1/moderations", json={"input": parts})
    assert len(answer.json()["results"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"input": []}, 400, "invalid_field"),
        ({"input": "  "}, 400, "invalid_field"),
        ({"input": ["x"] * 33}, 400, "invalid_field"),
        ({"input": "x" * 20_001}, 400, "invalid_field"),
        ({"input": ["x" * 19_999] * 4}, 400, "invalid_field"),
        ({"input": "a\ud800"}, 400, "invalid_field"),
        ({"input": 7}, 400, "invalid_field"),
        ({"input": "x", "threshold": 0}, 400, "invalid_field"),
        (
            {"input": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]},
            400,
            "invalid_field",
        ),
        ({"input": "x" * 2_000_000}, 413, "too_large"),
    ],
)
async def test_what_is_wrong_is_told_in_openais_form(
    house: House, body: dict[str, Any], status: int, code: str
) -> None:
    content = json.dumps(body).encode()  # httpx itself would not write a lone surrogate
    answer = await house.client.post(
        "/v1/moderations", content=content, headers={"Content-Type": "application/json"}
    )
    error = answer.json()["error"]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert set(error) == {"message", "type", "param", "code"}


async def test_so_are_bodies_that_are_no_json_and_callers_that_may_not(house: House) -> None:
    broken = await house.client.post(
        "/v1/moderations", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "json")
    stranger = await house.client.post(
        "/v1/moderations", json={"input": "x"}, headers={"Authorization": "Bearer agk_none"}
    )
    assert stranger.status_code == 401
    assert stranger.json()["error"]["type"] == "authentication_error"
    assert stranger.headers["www-authenticate"] == "Bearer"
    auditor = await house.key(Role.AUDITOR)
    refused = await house.client.post("/v1/moderations", json={"input": "x"}, headers=auditor)
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "permission_error")


async def test_other_doors_keep_their_problems(house: House) -> None:
    answer = await house.client.post("/v1/decide", json={})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "failing",
    [
        StageUndefined(Stage.TOXICITY, "the model is gone"),
        RuntimeError("call 06 39 98 12 34"),
        None,
        Detection(stage=Stage.PII),
    ],
    ids=["undefined", "defect", "nothing", "another-stage"],
)
async def test_a_failing_scorer_never_reads_as_not_flagged(
    house: House, failing: Detection | Exception | None
) -> None:
    await _answers_503(house, (Detector(Stage.TOXICITY, failing), _found(Stage.SIGNALS)))


async def test_nor_does_a_missing_one(house: House) -> None:
    await _answers_503(house, (_found(Stage.TOXICITY),))
    await _answers_503(house, (_found(Stage.SIGNALS),))


async def test_nor_policies_without_lines(house: House) -> None:
    await _answers_503(house, (_found(Stage.TOXICITY), _found(Stage.SIGNALS)), data={})


async def test_a_defect_has_openais_form_too(house: House) -> None:
    def defect() -> dict[str, Any]:
        raise RuntimeError("call 06 39 98 12 34")

    services = replace(api_services(house.parts), policy_data=defect)
    answer = await _ask(house, services)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "06 39" not in answer.text


def _found(stage: Stage) -> Detector:
    return Detector(stage, Detection(stage=stage, scores={"threat": 0.1}))


async def _answers_503(
    house: House, detectors: tuple[Detector, ...], data: dict[str, Any] | None = None
) -> None:
    services = api_services(house.parts)
    """`detectors` are all there are; where none is for signals, the policies bring another."""
    adapters = house.parts.adapters
    signals = next((one for one in detectors if one.stage is Stage.SIGNALS), detectors[0])
    adapters = replace(
        adapters,
        detectors=tuple(one for one in detectors if one is not signals),
        policies=generations.instead(adapters.policies, signals=signals),
    )
    moderator = Moderator(adapters=adapters, limits=Limits(), now=services.now)
    services = replace(services, moderator=moderator)
    answer = await _ask(
        house, services if data is None else replace(services, policy_data=lambda: data)
    )
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["code"] == "not_scored"
    assert "06 39" not in answer.text
    assert "results" not in answer.json()


async def _ask(house: House, services: Any) -> httpx.Response:
    app = build_app(services, version="test", max_body_bytes=100_000)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.post(
            "/v1/moderations", json={"input": THREAT}, headers=house.client.headers
        )
