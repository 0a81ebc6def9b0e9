"""A body is parsed once, and answered as if the endpoint had parsed it again by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.access import AccessGuard, issue_key
from gateway.api.app import build_app
from gateway.api.parsed_json import PARSED_JSON
from gateway.api.policies import BUNDLE_PATH
from gateway.api.schemas import SubmissionIn
from gateway.api.services import ApiServices
from gateway.errors import InvalidField
from gateway.model.access import ApiKey, Role

NOW = datetime(2026, 11, 27, tzinfo=UTC)
SUBMISSION: dict[str, Any] = {
    "channel": "dm",
    "creator": "lea",
    "avatar": "lea-twin",
    "conversation": "dm-1",
    "text": "Salut !",
    "human_spoke_at": "2026-11-22T20:00:00+01:00",
    "audience": {"id": "fan", "age_from": 18, "jurisdictions": ["FR"]},
    "media": [{"sha256": "a" * 64, "content_type": "image/png"}],
}
ENDPOINTS: Mapping[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/messages"): SUBMISSION,
    ("POST", "/v1/decide"): SUBMISSION,
    ("POST", "/v1/reviews/msg_1"): {"action": "release", "reason": "looked"},
    ("POST", "/v1/escalations/msg_1"): {"reason": "looked"},
    ("POST", "/v1/erasures"): {"subject": "fan", "reason": "asked for it", "dry_run": True},
    ("POST", "/v1/holds"): {"reason": "asked for it", "expires_at": "2027-01-01T00:00:00Z"},
    ("POST", "/v1/holds/hold_1/lift"): {"reason": "over"},
    ("PUT", "/v1/creators/lea"): {"display_name": "Léa"},
    ("PUT", "/v1/conversations/c/handover"): {"to": "human", "who": "ann", "reason": "looked"},
    ("POST", "/v1/moderations"): {"input": ["a", "b"], "model": "m"},
    ("POST", "/v1/chat/completions"): {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 1,
    },
    ("POST", "/v1/responses"): {"model": "m", "input": "hi", "max_output_tokens": 5},
}
VALUES = (
    *("null", "true", "1.0", "1e400", '"18"', "[]", '["a"]', '{"0": "FR"}', '{"surprise": 1}'),
    *('"half \\ud83d"', '{"\\ud83d": 1}', "9" * 30, "9" * 4_301, "NaN", '{"a": 1, "a": 2}'),
    *('"2026-11-22"', '{"age_from": "18"}', '{"age_from": 18.0}'),
)


def bodies(good: Mapping[str, Any]) -> Iterator[str]:
    """A good body; each field missing, twice, and of each of VALUES; a field too many."""
    whole = json.dumps(good)
    yield from (whole, f" {whole}\n", f"[{whole}]", whole[:-1], "", *VALUES)
    yield json.dumps({**good, "surprise": 1})
    for name, value in good.items():
        rest = {other: kept for other, kept in good.items() if other != name}
        start = json.dumps(rest)[:-1] + (", " if rest else "")
        yield json.dumps(rest)
        yield whole[:-1] + f', "{name}": {json.dumps(value)}}}'
        yield from (f'{start}"{name}": {other}}}' for other in VALUES)


class Refusing:
    """Stands for all services: answers each call by refusing it, with what it was called with."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def __getattr__(self, name: str) -> Refusing:
        return Refusing(name)

    def __call__(self, *given: Any, **more: Any) -> Any:
        fresh_id = r"(?<=message_id=')\w+"
        raise InvalidField(self._name, re.sub(fresh_id, "", f"{given} {more}"), "Call it not.")


class Keys:
    """A registry of one key."""

    def __init__(self, key: ApiKey) -> None:
        self._key = key

    async def api_key(self, key_id: str) -> ApiKey | None:
        return self._key if key_id == self._key.id else None


class ParsedAgain:
    """ASGI middleware that takes the parsed value away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.pop(PARSED_JSON, None)
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apps:
    """The app, and the same app with bodies that are parsed again by the framework."""

    once: FastAPI
    twice: FastAPI
    token: str

    def client(self, *, twice: bool = False) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(
                self.twice if twice else self.once, raise_app_exceptions=False
            ),
            base_url="http://gateway",
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )


@pytest.fixture(scope="module")
def apps() -> Apps:
    key, token = issue_key(
        tenant="t", roles=frozenset({Role.ADMIN}), now=NOW, requests_per_s=1_000_000
    )
    once, twice = app_of(key), app_of(key)
    twice.user_middleware.append(Middleware(ParsedAgain))  # inside of StrictBody
    return Apps(once=once, twice=twice, token=token)


def app_of(key: ApiKey) -> FastAPI:
    app = build_app(None, version="test", max_body_bytes=65_536)
    guard = AccessGuard(registry=Keys(key), now=lambda: NOW, clock=lambda: 0.0)  # type: ignore[arg-type] # one key, no more
    services: dict[str, Any] = {field.name: Refusing() for field in fields(ApiServices)}
    app.state.services = ApiServices(**{**services, "guard": guard, "now": lambda: NOW})
    return app


@pytest.mark.parametrize(("method", "path"), ENDPOINTS, ids=str)
async def test_answers_are_those_of_a_second_parse(method: str, path: str, apps: Apps) -> None:
    statuses = set()
    async with apps.client() as first, apps.client(twice=True) as second:
        for body in bodies(ENDPOINTS[method, path]):
            answer = await first.request(method, path, content=body.encode())
            expected = await second.request(method, path, content=body.encode())
            assert answer.status_code == expected.status_code, body
            assert answer.content == expected.content, body
            assert answer.headers["content-type"] == expected.headers["content-type"], body
            statuses.add(answer.status_code)
    assert statuses <= {400, 422}  # 422 with the call's arguments is an accepted body


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"a": 1, "a": 1}', "An object names a key twice. Name each key once."),
        ('{"a": NaN}', "It holds NaN, Infinity or a number out of range. Send finite numbers."),
        ('{"a": ' + "9" * 4_301 + "}", "It holds NaN, Infinity or a number out of range."),
        ('{"audience": {"age_from": "18"}}', "audience.age_from: Input should be a valid integer"),
        ('{"audience": {"age_from": 18.0}}', "audience.age_from: Input should be a valid integer"),
        ('{"audience": {"age_from": ' + "9" * 40 + "}}", "age_from: Input should be less than or"),
        ('{"text": 5}', "text: Input should be a valid string"),
        ('{"surprise": 1}', "surprise: Extra inputs are not permitted"),
    ],
)
async def test_errors_say_what_is_wrong(body: str, detail: str, apps: Apps) -> None:
    rest = {} if body.startswith('{"a"') else dict(SUBMISSION)
    rest.pop(next(iter(json.loads(body))) if rest else "", None)
    sent = json.dumps(rest)[:-1] + (", " if rest else "") + body[1:]
    async with apps.client() as client:
        answer = await client.post("/v1/messages", content=sent)
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS, ids=str)
async def test_a_body_is_parsed_once(
    method: str, path: str, apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = json.dumps(ENDPOINTS[method, path])
    parsed: list[str] = []
    parse = json.loads

    def noting(text: str | bytes, **given: Any) -> Any:
        parsed.append(text if isinstance(text, str) else text.decode())
        return parse(text, **given)

    monkeypatch.setattr(json, "loads", noting)
    monkeypatch.setattr(SubmissionIn, "model_validate_json", None)
    async with apps.client() as client:
        await client.request(method, path, content=sent)
    assert parsed.count(sent) == 1


def test_every_json_body_is_tried_here(apps: Apps) -> None:
    """Of every endpoint that takes one, the bundles of policies excepted, which are no JSON."""
    taking = {
        (method.upper(), path)
        for path, operations in apps.once.openapi()["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation and path != BUNDLE_PATH
    }
    names = {
        "msg_1": "{message_id}",
        "hold_1": "{hold_id}",
        "lea": "{creator_id}",
        "c": "{conversation}",
    }
    tried = {
        (method, "/".join(names.get(part, part) for part in path.split("/")))
        for method, path in ENDPOINTS
    }
    assert tried == taking
