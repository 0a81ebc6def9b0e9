"""Signed requests, as in Standard Webhooks (https://www.standardwebhooks.com), scheme v1.

The signature is over `id.timestamp.body`, so that neither body nor time can be swapped; the id is
the message's Idempotency-Key. Receivers call `verify`; old requests are refused, to stop replays.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from gateway.errors import ConfigurationError, GatewayError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
"""Seconds by which the time stamp of a request may differ from the receiver's clock."""
_PREFIX = "whsec_"
_LEAST_BYTES = 24  # of a secret: a shorter one counts as guessable
_MOST_SIGNATURES = 8  # signatures of one request that are compared: more than secrets in rotation


class SignatureInvalid(GatewayError):
    """A request is not signed with the secret, or is too old."""


def secret_bytes(text: str, where: str = "webhook_secret") -> bytes:
    """The key in `text`: base64 after "whsec_", else the text itself. Raises ConfigurationError
    for one that can be guessed (under 24 bytes)."""
    try:
        if text.startswith(_PREFIX):
            secret = b64decode(text[len(_PREFIX) :], validate=True)
        else:
            secret = text.encode()
    except (binascii.Error, ValueError):
        raise ConfigurationError(where, "is not base64 after whsec_", "Mend it.") from None
    if len(secret) < _LEAST_BYTES:
        raise ConfigurationError(
            where, f"is under {_LEAST_BYTES} bytes", "Make one: openssl rand -hex 32"
        )
    return secret


def signed_headers(secret: bytes, *, key: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that sign `body`."""
    timestamp = str(int(at.timestamp()))
    return {
        ID: key,
        TIMESTAMP: timestamp,
        SIGNATURE: _make_signature(secret, key, timestamp, body),
    }


def verify(headers: Mapping[str, str], body: bytes, secret: bytes, *, now: datetime) -> str:
    """Verify a request; return its webhook-id. `headers` are by lower-case name. Several signatures
    (while a secret is changed) are separated by spaces. Raises SignatureInvalid."""
    try:
        key, timestamp, given = headers[ID], headers[TIMESTAMP], headers[SIGNATURE]
    except KeyError as error:
        raise SignatureInvalid(f"the header {error.args[0]} is missing") from None
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid(f"the header {TIMESTAMP} is not a number of seconds")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
        raise SignatureInvalid(f"the request is more than {TOLERANCE_S} s old, or from the future")
    expected = _make_signature(secret, key, timestamp, body).encode()
    signatures = given.encode("utf-8", "replace").split(b" ")[:_MOST_SIGNATURES]
    matches = [hmac.compare_digest(expected, signature) for signature in signatures]
    if not any(matches):
        raise SignatureInvalid("the signature does not match")
    return key


def _make_signature(secret: bytes, key: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((key.encode(), timestamp.encode(), body))
    return "v1," + b64encode(hmac.digest(secret, signed, sha256)).decode()
