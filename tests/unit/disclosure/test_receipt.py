from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import (
    MAX_BYTES,
    ReceiptSigner,
    read_claims,
    read_header,
    verified_claims,
    verify_receipt,
)
from gateway.errors import ReceiptInvalid
from gateway.keyring import Keyring, SigningKey
from gateway.model.receipt import Receipt

TEXT = "[AI] Hello ❤\ufe0f"
SALT = bytes(range(16))
CLAIMS = {
    "iss": "https://gateway.example",
    "iat": 1_795_377_600,
    "jti": "rcp_1",
    "message_id": "msg_019aadf3e40000000000000000000000",
    "decision_id": "dec_019aadf3e40011111111111111111111",
    "content_hash": content_hash(TEXT, SALT),
    "notices": ["ai"],
}


def unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def padless(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def receipt(signing_key: SigningKey) -> Receipt:
    return ReceiptSigner(key=signing_key).sign(CLAIMS, rules=["eu.aia.50.1"])


@pytest.fixture
def jwks(signing_key: SigningKey) -> dict[str, Any]:
    other = Keyring.generate().receipt.public
    return {"keys": [{"kty": "RSA", "kid": "x"}, other.jwk(), signing_key.public.jwk()]}


def test_verifies_with_the_public_key_alone(receipt: Receipt, jwks: dict[str, Any]) -> None:
    claims = verify_receipt(receipt.jws, jwks, TEXT, SALT.hex())
    assert claims == receipt.claims
    assert claims["rules"] == ["eu.aia.50.1"]


@pytest.mark.parametrize("text", ["[AI] Hello ❤", "\n[AI] Hello ❤\ufe0f ", TEXT + "\ufeff\ufe01"])
def test_survives_what_platforms_do(text: str, receipt: Receipt, jwks: dict[str, Any]) -> None:
    verify_receipt(receipt.jws, jwks, text, SALT.hex())


def test_signature_is_plain_eddsa(receipt: Receipt, signing_key: SigningKey) -> None:
    """Checked without the library that made it (RFC 7515, RFC 8037)."""
    signed, _, signature = receipt.jws.rpartition(".")
    key = Ed25519PublicKey.from_public_bytes(signing_key.public.raw)
    key.verify(unpadded(signature), signed.encode())
    header = json.loads(unpadded(signed.split(".")[0]))
    assert header == {"alg": "EdDSA", "kid": signing_key.kid, "typ": "receipt+jwt"}


def test_golden(receipt: Receipt, golden: Callable[[str, Any], None]) -> None:
    golden("receipt.json", {"jws": receipt.jws, "claims": dict(receipt.claims)})


@pytest.mark.parametrize(
    ("text", "salt", "what"),
    [
        ("[AI] Hullo ❤", SALT.hex(), "content_hash"),
        ("Hello ❤", SALT.hex(), "content_hash"),
        (TEXT, bytes(16).hex(), "content_hash"),
        (TEXT, "zz", "salt"),
        (TEXT, "00", "salt"),
        ("\ud800", SALT.hex(), "text"),
    ],
)
def test_names_what_does_not_match(
    text: str, salt: str, what: str, receipt: Receipt, jwks: dict[str, Any]
) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        verify_receipt(receipt.jws, jwks, text, salt)
    assert caught.value.what == what
    assert "Hello" not in str(caught.value)


def test_unknown_key(receipt: Receipt) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        verified_claims(receipt.jws, Keyring.generate().jwks())
    assert caught.value.what == "kid"


def test_a_key_under_anothers_name(receipt: Receipt) -> None:
    other = Keyring.generate().receipt.public.jwk() | {"kid": receipt.kid}
    with pytest.raises(ReceiptInvalid) as caught:
        verified_claims(receipt.jws, {"keys": [other]})
    assert caught.value.what == "signature"


@pytest.mark.parametrize("jwks", [{}, {"keys": {}}, {"keys": [{}] * 101}, {"keys": [7]}])
def test_broken_key_sets(jwks: dict[str, Any], receipt: Receipt) -> None:
    with pytest.raises(ReceiptInvalid):
        verified_claims(receipt.jws, jwks)


@pytest.mark.parametrize("x", ["", "AAAA", 7])
def test_broken_keys(x: object, receipt: Receipt) -> None:
    key = {"kty": "OKP", "crv": "Ed25519", "kid": receipt.kid, "x": x}
    with pytest.raises(ReceiptInvalid):
        verified_claims(receipt.jws, {"keys": [key]})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"alg": "none"}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"typ": "JWT"}, "typ"),
        ({"alg": "Ed25519"}, "signature"),
        ({"crit": ["b64"], "b64": False}, "signature"),
    ],
)
def test_header_is_not_trusted(
    change: dict[str, Any], what: str, receipt: Receipt, jwks: dict[str, Any]
) -> None:
    header, claims, signature = receipt.jws.split(".")
    forged = padless(json.dumps(json.loads(unpadded(header)) | change).encode())
    with pytest.raises(ReceiptInvalid) as caught:
        verified_claims(f"{forged}.{claims}.{signature}", jwks)
    assert caught.value.what in (what, "receipt")


@settings(deadline=None)
@given(data=st.data())
def test_every_flipped_byte_is_found(data: st.DataObject) -> None:
    keyring = Keyring.generate()
    jws = ReceiptSigner(key=keyring.receipt).sign(CLAIMS).jws
    part = data.draw(st.integers(0, 2))
    parts = [bytearray(unpadded(piece)) for piece in jws.split(".")]
    at = data.draw(st.integers(0, len(parts[part]) - 1))
    parts[part][at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ReceiptInvalid):
        verified_claims(".".join(padless(bytes(piece)) for piece in parts), keyring.jwks())


@settings(deadline=None)
@given(st.text(max_size=200))
def test_garbage(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        verified_claims(text, {"keys": []})


@pytest.mark.parametrize("jws", ["a" * 9_000, "e30.W10.AA", ".", "e30.e30"])
def test_unreadable(jws: str) -> None:
    with pytest.raises(ReceiptInvalid):
        read_claims(jws)


def test_show(receipt: Receipt) -> None:
    assert read_claims(receipt.jws) == receipt.claims
    assert read_header(receipt.jws)["kid"] == receipt.kid


@settings(deadline=None)
@given(st.lists(st.text("abcdefghij.", min_size=1, max_size=30), max_size=60))
def test_stays_below_one_kilobyte(rules: list[str]) -> None:
    receipt = ReceiptSigner(key=Keyring.generate().receipt).sign(CLAIMS, rules=rules)
    assert len(receipt.jws) <= MAX_BYTES < 1_024
    kept = receipt.claims["rules"]
    assert rules[: len(kept)] == kept
    assert len(kept) + receipt.claims.get("rules_omitted", 0) == len(rules)
