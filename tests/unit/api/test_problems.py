"""Errors as problems: complete, and never quoting what they should not."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gateway import errors
from gateway.api import problems


def app_raising(error: Exception) -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)

    async def fail() -> None:
        raise error

    app.add_api_route("/", fail)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (errors.InvalidField("text", "is empty", "Send one."), 422, "invalid-field"),
        (errors.NotFound("message", "msg_1"), 404, "not-found"),
        (errors.Unauthenticated("no key"), 401, "unauthenticated"),
        (errors.Forbidden("no role"), 403, "forbidden"),
        (errors.RateLimited(0.2), 429, "rate-limited"),
        (errors.IdempotencyReused("reused"), 422, "idempotency-key-reused"),
        (errors.IdempotencyBusy("busy"), 409, "idempotency-key-in-progress"),
        (errors.StateConflict("settled"), 409, "state-conflict"),
        (errors.NotRecorded("full"), 503, "not-recorded"),
        (errors.DatabaseUnusable("db", "gone", "Mend."), 503, "not-recorded"),
        (errors.UpstreamFailed("it was silent"), 502, "upstream"),
        (errors.LogInvalid("unexpected here"), 500, "internal"),
        (RuntimeError("call 06 39 98 12 34"), 500, "internal"),
    ],
)
async def test_each_error_is_a_problem(error: Exception, status: int, slug: str) -> None:
    async with app_raising(error) as client:
        answer = await client.get("/")
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert body["type"] == problems.TYPE_BASE + slug
    assert body["title"]
    assert "06 39" not in answer.text


async def test_a_wrong_field_is_named_with_its_mend() -> None:
    async with app_raising(errors.InvalidField("text", "is empty", "Send one.")) as client:
        (found,) = (await client.get("/")).json()["errors"]
    assert found == {"field": "text", "problem": "is empty", "mend": "Send one."}


async def test_retry_after_is_whole_seconds_at_least_one() -> None:
    for error in (errors.RateLimited(0.2), errors.NotRecorded("full")):
        async with app_raising(error) as client:
            assert int((await client.get("/")).headers["retry-after"]) >= 1
