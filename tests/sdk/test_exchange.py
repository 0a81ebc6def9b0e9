"""When a call is sent again, and how long it waits: without sockets and without waiting."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from avatar_gateway_client import (
    Erased,
    Forbidden,
    Problem,
    RateLimited,
    Retries,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    calls,
)
from avatar_gateway_client.exchange import Exchange, Wait

from tests.sdk.conftest import message

SUBMIT = calls.submit(message("Hello"), idempotency_key="k")
REVIEW = calls.review("msg_1", action="release", reason="It is fine.")


def answer(status: int, slug: str = "x", **headers: str) -> httpx.Response:
    body = {"type": f"https://gateway.invalid/{slug}", "title": "T", "status": status, "detail": ""}
    request = httpx.Request("POST", "http://gateway/")
    return httpx.Response(status, json=body, headers=headers, request=request)


def exchange(call: calls.Call[Any], **retries: Any) -> Exchange[Any]:
    return Exchange(call, Retries(**retries), spread=lambda: 1.0)


def test_it_waits_twice_as_long_each_time_and_gives_up() -> None:
    trying = exchange(SUBMIT, attempts=4, first_s=1, longest_s=3)
    assert [trying.answered(answer(503)) for _ in range(3)] == [Wait(1), Wait(2), Wait(3)]
    with pytest.raises(Unavailable):
        trying.answered(answer(503))


def test_it_waits_as_long_as_the_gateway_says_but_not_for_ever() -> None:
    limited = partial(answer, 429, "rate-limited")
    assert exchange(SUBMIT).answered(limited(**{"Retry-After": "7"})) == Wait(7)
    with pytest.raises(RateLimited) as gave_up:
        exchange(SUBMIT).answered(limited(**{"Retry-After": "31"}))
    assert gave_up.value.retry_after_s == 31
    odd = limited(**{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert exchange(SUBMIT, first_s=1).answered(odd) == Wait(1)


def test_a_request_in_progress_is_waited_for_another_conflict_is_not() -> None:
    assert isinstance(exchange(SUBMIT).answered(answer(409, "idempotency-key-in-progress")), Wait)
    with pytest.raises(Problem) as refused:
        exchange(SUBMIT).answered(answer(409, "state-conflict"))
    assert refused.value.slug == "state-conflict"


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Forbidden), (410, Erased), (418, Problem), (502, Unavailable)]
)
def test_what_no_retry_mends_is_raised_at_once(status: int, kind: type[Problem]) -> None:
    with pytest.raises(kind):
        exchange(SUBMIT).answered(answer(status))


def test_what_might_happen_twice_is_repeated_only_when_it_surely_did_not() -> None:
    with pytest.raises(Unavailable):
        exchange(REVIEW).answered(answer(503))
    with pytest.raises(Unreachable):
        exchange(REVIEW).failed(httpx.ReadTimeout("late"))
    assert isinstance(exchange(REVIEW).failed(httpx.ConnectError("refused")), Wait)
    assert isinstance(exchange(REVIEW).answered(answer(429)), Wait)


def test_every_attempt_is_the_same_request() -> None:
    trying = exchange(calls.submit(message("Hello")))
    with httpx.Client(base_url="http://gateway") as client:
        first = trying.request(client)
        trying.failed(httpx.ReadError("lost"))
        second = trying.request(client)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.content == second.content


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}", b'"x"', b"null", b"\xff"])
def test_an_answer_of_another_shape_is_no_outcome(content: bytes) -> None:
    request = httpx.Request("POST", "http://gateway/")
    with pytest.raises(UnexpectedAnswer):
        exchange(SUBMIT).answered(httpx.Response(200, content=content, request=request))


def test_names_are_parts_of_a_path_and_no_more() -> None:
    assert calls.creator("../keys?x=1#y").path == "/v1/creators/..%2Fkeys%3Fx%3D1%23y"
    assert calls.speaker("room/7").path == "/v1/conversations/room%2F7/handover"
