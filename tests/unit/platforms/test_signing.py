from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.platforms.signing import SignatureInvalid, secret_bytes, signed_headers, verify

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
SECRET = bytes(range(32))
BODY = b'{"text":"hi"}'


def headers(**changed: str) -> dict[str, str]:
    made = signed_headers(SECRET, key="msg_1", at=NOW, body=BODY)
    return {**made, **{name.replace("_", "-"): value for name, value in changed.items()}}


def test_known_answer() -> None:
    """The example of the Standard Webhooks specification, which other libraries check too."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signed_headers(
        secret,
        key="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1_614_265_330, UTC),
        body=b'{"test": 2432232314}',
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_verifies() -> None:
    assert verify(headers(), BODY, SECRET, now=NOW + timedelta(seconds=299)) == "msg_1"


def test_one_of_several_signatures_is_enough() -> None:
    made = headers()
    made["webhook-signature"] = f"v2,xx v1,AAAA {made['webhook-signature']}"
    assert verify(made, BODY, SECRET, now=NOW)


@pytest.mark.parametrize(
    ("given", "body", "secret", "later_s"),
    [
        (headers(), b'{"text":"ho"}', SECRET, 0),
        (headers(), BODY, bytes(32), 0),
        (headers(webhook_id="msg_2"), BODY, SECRET, 0),
        (headers(webhook_timestamp="1795377601"), BODY, SECRET, 0),
        (headers(webhook_timestamp="soon"), BODY, SECRET, 0),
        (headers(webhook_timestamp="9" * 30), BODY, SECRET, 0),
        (headers(webhook_signature=""), BODY, SECRET, 0),
        (headers(webhook_signature="é"), BODY, SECRET, 0),
        ({}, BODY, SECRET, 0),
        (headers(), BODY, SECRET, 301),
        (headers(), BODY, SECRET, -301),
    ],
)
def test_refuses(given: dict[str, str], body: bytes, secret: bytes, later_s: int) -> None:
    with pytest.raises(SignatureInvalid):
        verify(given, body, secret, now=NOW + timedelta(seconds=later_s))


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(min_size=24, max_size=64), st.text("abc_1", min_size=1))
def test_round_trip(body: bytes, secret: bytes, key: str) -> None:
    made = signed_headers(secret, key=key, at=NOW, body=body)
    assert verify(made, body, secret, now=NOW) == key
    with pytest.raises(SignatureInvalid):
        verify(made, body + b"x", secret, now=NOW)


def test_secrets() -> None:
    raw = bytes(range(40))
    assert secret_bytes("whsec_" + b64encode(raw).decode()) == raw
    assert secret_bytes("x" * 24) == b"x" * 24
    for text in ("short", "whsec_", "whsec_!!!!", "whsec_" + b64encode(b"short").decode(), "é"):
        with pytest.raises(ConfigurationError) as caught:
            secret_bytes(text, "secret.txt")
        assert caught.value.what == "secret.txt"
        assert text not in str(caught.value) or text in ("short", "whsec_")
