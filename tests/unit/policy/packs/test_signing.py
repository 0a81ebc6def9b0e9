from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.errors import ConfigurationError, PolicyInvalid
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey, file_hash
from tests.bundle_keys import key_pair

FILES = {"main.rego": b"package a\n", "data.json": b'{"b": 1, "a": [1.5, "\xc3\xa9"]}'}


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_what_is_signed_verifies(kind: str) -> None:
    private, public = key_pair(kind)
    signatures = BundleSigningKey(private).sign(FILES.items(), key_id="ours")
    key = BundleVerificationKey(public)
    key.verify(FILES, signatures)
    reordered = b'{"a":[1.5,"\xc3\xa9"],\n"b":1}'  # data counts as JSON, not byte by byte
    key.verify({**FILES, "data.json": reordered}, signatures)
    for changed, wrong in (
        ({**FILES, "main.rego": b"package b\n"}, "main.rego: it is not the file"),
        ({**FILES, "data.json": b"{}"}, "data.json: it is not the file"),
        ({**FILES, "more.rego": b""}, "more.rego: it is not listed"),
        ({"main.rego": FILES["main.rego"]}, "data.json: the bundle's signature lists it"),
    ):
        with pytest.raises(PolicyInvalid, match=wrong):
            key.verify(changed, signatures)


def test_signatures_of_others_and_rubbish_do_not_verify() -> None:
    private, public = key_pair()
    signed = json.loads(BundleSigningKey(private).sign(FILES.items()))["signatures"][0]
    header, payload, _ = signed.split(".")
    stranger = ECKey.import_key(key_pair()[0])
    forged = jws.serialize_compact({"alg": "ES256"}, b"{}", stranger, algorithms=["ES256"])
    head = urlsafe_b64encode(b'{"alg": "HS256"}').rstrip(b"=") + b"." + payload.encode()
    mac = urlsafe_b64encode(hmac.digest(public, head, "sha256")).rstrip(b"=")
    symmetric = (head + b"." + mac).decode()
    for token in (forged, symmetric, f"{header}.{payload}.", "x", ""):
        with pytest.raises(PolicyInvalid, match="does not verify"):
            BundleVerificationKey(public).verify(
                FILES, json.dumps({"signatures": [token]}).encode()
            )
    for content in (b"", b"[]", b'{"signatures": []}', b'{"signatures": [1]}'):
        with pytest.raises(PolicyInvalid, match="does not verify"):
            BundleVerificationKey(public).verify(FILES, content)


def test_hashes_are_those_of_opa() -> None:
    canonical = '{"a":[1.5,"é"],"b":1}'.encode()
    assert file_hash("x/data.json", FILES["data.json"]) == hashlib.sha256(canonical).hexdigest()
    assert file_hash("x/data.yaml", b"b: 1\na: [1.5, \xc3\xa9]\n") == file_hash(
        "data.json", FILES["data.json"]
    )
    assert file_hash("a.rego", b"x", "SHA-512") == hashlib.sha512(b"x").hexdigest()
    with pytest.raises(PolicyInvalid, match="MD5"):
        file_hash("a.rego", b"x", "MD5")


def test_keys_that_opa_cannot_use_are_refused(tmp_path: Path) -> None:
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for wrong in (pem, b"", key_pair()[1]):
        with pytest.raises(ConfigurationError):
            BundleSigningKey(wrong)
    with pytest.raises(ConfigurationError):
        BundleVerificationKey(key_pair()[0])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        BundleVerificationKey.read(tmp_path / "none.pem")
