"""`Pseudonyms`: keyed tags and encrypted tokens that stand in for stripped values."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import KeysInvalid
from gateway.pii.characters import digits_of, letters_and_digits_of
from gateway.pii.context import fold

_LEAST_SECRET = 16  # bytes (128 bits)
_NONCE = 12  # bytes, as AES-GCM recommends
_TAG_DIGITS = 16  # hex digits (64 bits): two values of a tenant hardly ever share a tag
_NUMBERS = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "FR_SIREN", "FR_SIRET", "US_SSN", "US_ITIN"})
SUBSCRIBER_DIGITS = 9
"""Last digits by which telephone numbers are compared: they stay the same with and without country
code and trunk 0."""


class Pseudonyms:
    """Makes stand-ins for values under `secret`. Deterministic: the nonce of a token is derived
    from the value and its place."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _LEAST_SECRET:
            raise KeysInvalid(
                "secret of the redactor",
                f"it has fewer than {_LEAST_SECRET} bytes",
                "Use 32 random bytes",
            )
        self._tags = _derive_key(secret, b"tag")
        self._nonces = _derive_key(secret, b"nonce")
        self._cipher = AESGCM(_derive_key(secret, b"seal"))

    def tag(self, kind: str, value: str, *scope: str) -> str:
        """A tag of 16 hex digits, the same for every way of writing one value within `scope`."""
        return _mac(self._tags, kind, canonical(kind, value), *scope).hex()[:_TAG_DIGITS]

    def seal(self, value: str, *, tenant: str, place: str) -> str:
        """Encrypt `value` into a token that `unseal` reads. `place` makes the tokens of equal
        values differ."""
        nonce = _mac(self._nonces, tenant, place, value)[:_NONCE]
        sealed = self._cipher.encrypt(nonce, value.encode(), tenant.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def unseal(self, token: str, *, tenant: str) -> str:
        """Decrypt `token`. Raises KeysInvalid when it was made with another secret, for another
        tenant, or is no token."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], tenant.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise KeysInvalid(
                "reversible token",
                "it was not made with this secret for this tenant",
                "Use the secret that was in force when it was made",
            ) from error


def canonical(kind: str, value: str) -> str:
    """One form of `value` for all the ways of writing it."""
    digits = digits_of(value)
    if kind == "PHONE_NUMBER" and digits:
        return digits[-SUBSCRIBER_DIGITS:]
    if kind in _NUMBERS and digits:
        return digits
    folded = fold(value)
    if kind == "IBAN_CODE" or kind.startswith("FR_"):
        return letters_and_digits_of(folded)
    return " ".join(folded.split())


def _derive_key(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, b"gateway.pii.redaction/" + purpose, hashlib.sha256)


def _mac(key: bytes, *parts: str) -> bytes:
    message = b"".join(
        len(raw).to_bytes(8, "big") + raw for raw in (part.encode() for part in parts)
    )
    return hmac.digest(key, message, hashlib.sha256)
