from __future__ import annotations

import json

import pytest

from gateway.model.record import DispatchResult
from gateway.platforms.answers import dispatch_of, error_answer, rewrites_for, rewritten
from gateway.platforms.loading import load_declarations
from tests.unit.platforms.proxy_files import operation, shipped

SHIPPED = load_declarations()


@pytest.mark.parametrize("name", SHIPPED)
def test_errors_are_json_with_the_message(name: str) -> None:
    form = SHIPPED[name].error
    told = error_answer(form, 'Not "published": é')
    assert told.status == form.status
    assert 'Not "published": é' in str(json.loads(told.body))
    other = error_answer(form, "x", status=503)
    assert other.status == (form.status if form.fixed else 503)
    assert "{status}" not in other.body.decode()


def test_numbers_stay_numbers() -> None:
    told = error_answer(SHIPPED["telegram"].error, "no", status=401)
    assert json.loads(told.body) == {
        "ok": False,
        "error_code": 401,
        "description": "Forbidden: no",
    }


@pytest.mark.parametrize(
    ("platform", "name", "status", "body", "result", "platform_id"),
    [
        ("mastodon", "post", 200, b'{"id": "7"}', DispatchResult.DELIVERED, "7"),
        ("telegram", "send", 200, b'{"ok":true,"result":{"message_id":8}}', "delivered", "8"),
        ("slack", "post", 200, b'{"ok":true,"ts":"1.2"}', "delivered", "1.2"),
        ("slack", "post", 200, b'{"ok":false}', "refused", None),
        ("slack", "post", 200, b"", "refused", None),
        ("twitch", "send", 200, b'{"data":[{"is_sent":false}]}', "refused", None),
        (
            "tiktok",
            "send",
            200,
            b'{"code":0,"data":{"message":{"message_id":"m"}}}',
            "delivered",
            "m",
        ),
        ("mastodon", "post", 200, b"[" * 100_000, "delivered", None),
        ("mastodon", "post", 200, b'{"id": {"a": 1}}', "delivered", None),
        ("mastodon", "post", 422, b"", "refused", None),
        ("mastodon", "post", 429, b"", "refused", None),
        ("mastodon", "post", 503, b"", "refused", None),
        ("mastodon", "post", 302, b"", "refused", None),
        ("mastodon", "post", 500, b"", "unknown", None),
    ],
)
def test_what_an_answer_means(  # noqa: PLR0917 - a table
    platform: str, name: str, status: int, body: bytes, result: str, platform_id: str | None
) -> None:
    told = dispatch_of(shipped(platform, name), status, body)
    assert told.result.value == result
    assert told.platform_id == platform_id


@pytest.mark.parametrize("status", range(200, 600, 7))
def test_nothing_is_tried_again_by_itself(status: int) -> None:
    """The client hears of it, and sends again what it still wants to say."""
    told = dispatch_of(operation(), status, b"secret")
    assert told.result is not DispatchResult.RETRY
    assert "secret" not in told.detail


def test_urls_that_lead_past_the_gateway() -> None:
    declaration = SHIPPED["bluesky"]
    found = rewrites_for(declaration, "/xrpc/com.atproto.server.createSession")
    body = b'{"didDoc":{"service":[{"id":"#pds","serviceEndpoint":"https://pds.example"}]}}'
    told = json.loads(rewritten(found, body, "https://gw/p/sky"))
    assert told["didDoc"]["service"][0]["serviceEndpoint"] == "https://gw/p/sky"
    for other in (b"", b"not json", b"[]", b'{"didDoc": null}'):
        assert rewritten(found, other, "https://gw") == other
    assert rewrites_for(declaration, "/xrpc/other") == ()
