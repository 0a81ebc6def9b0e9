"""Receipts: compact JWS (EdDSA, Ed25519) that anyone can verify offline with the public key.

A receipt holds a salted hash of the text, never the text or the salt. The recipient gets the salt,
and can prove with text, salt and receipt what was said.
"""

from __future__ import annotations

import copy
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry, deserialize_compact, extract_compact, serialize_compact

from gateway.disclosure.canonical import HASH_ALGORITHM, SALT_BYTES, content_hash
from gateway.errors import ReceiptInvalid
from gateway.keyring import SigningKey
from gateway.model.receipt import Receipt

MAX_BYTES = 1_000
"""Longest receipt that this gateway signs."""

_TYPE = "receipt+jwt"
_ALGORITHM = "EdDSA"
_ALGORITHMS = (_ALGORITHM, "Ed25519")  # RFC 8037; its new name in RFC 9864
_MAX_READ = 8_192
"""Longest receipt that is read, in characters; a longer one is refused."""
_MAX_KEYS = 100
"""Most keys of a key set that is read; a larger set is refused."""
_CLAIM_NAMES_LENGTH = 48
"""Characters that the names of the claims `rules` and `rules_omitted` take in base64."""
_SIGNATURE_BYTES = 64
"""Bytes of an Ed25519 signature."""


class ReceiptSigner:
    """Signs receipts with one key."""

    def __init__(self, *, key: SigningKey) -> None:
        self._kid = key.kid
        self._header = {"alg": _ALGORITHM, "kid": key.kid, "typ": _TYPE}
        self._key = OKPKey.import_key(key.pkcs8())
        self._registry = _registry()

    def sign(self, claims: Mapping[str, Any], *, rules: Sequence[str] = ()) -> Receipt:
        """Sign `claims`, of which `jti` is the receipt's id, and as many of `rules`, in order, as
        fit into MAX_BYTES. The claim `rules_omitted` counts the others; the audit entry has all."""
        signed = {**claims, "content_hash_alg": HASH_ALGORITHM}
        signed |= _fitting_rules(rules, MAX_BYTES - _signed_length(self._header, signed))
        jws = serialize_compact(self._header, _encoded(signed), self._key, registry=self._registry)
        return Receipt(id=str(signed["jti"]), kid=self._kid, jws=jws, claims=signed)


def verify_receipt(jws: str, jwks: Mapping[str, Any], text: str, salt: str) -> dict[str, Any]:
    """Verify that a key of `jwks` signed the receipt `jws` for `text`; return its claims.

    `text` is as published, label included; `salt` is hex. Needs no network, and of the gateway only
    its public keys. Raises ReceiptInvalid that names the part that does not match.
    """
    claims = verified_claims(jws, jwks)
    if claims.get("content_hash_alg") != HASH_ALGORITHM:
        raise ReceiptInvalid("content_hash_alg", f"is not {HASH_ALGORITHM}")
    try:
        raw_salt = bytes.fromhex(salt)
    except ValueError:
        raise ReceiptInvalid("salt", "is not hexadecimal") from None
    if len(raw_salt) != SALT_BYTES:
        raise ReceiptInvalid("salt", f"is not {SALT_BYTES} bytes")
    try:
        computed = content_hash(text, raw_salt)
    except UnicodeEncodeError:
        raise ReceiptInvalid("text", "is not valid Unicode") from None
    if not hmac.compare_digest(computed, str(claims.get("content_hash"))):
        raise ReceiptInvalid(
            "content_hash",
            "does not match: the text was changed, its label is missing, or the salt belongs to "
            "another message",
        )
    return claims


def verified_claims(jws: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Verify that a key of `jwks` signed `jws`; return its claims. Raises ReceiptInvalid."""
    header = read_header(jws)
    if header.get("alg") not in _ALGORITHMS:
        raise ReceiptInvalid("alg", "is not EdDSA")
    if header.get("typ") != _TYPE:
        raise ReceiptInvalid("typ", f"is not {_TYPE}: this is no receipt")
    key = _find_key(jwks, header.get("kid"))
    try:
        signed = deserialize_compact(jws, key, registry=_registry())
    except (JoseError, ValueError):
        raise ReceiptInvalid("signature", "does not match the receipt and its key") from None
    return _parse_object(signed.payload, "claims")


def read_header(jws: str) -> dict[str, Any]:
    """The header of `jws`, unverified."""
    return dict(_extract(jws).headers())


def read_claims(jws: str) -> dict[str, Any]:
    """The claims of `jws`, unverified: fit to be shown, not to be trusted."""
    return _parse_object(_extract(jws).payload, "claims")


def _extract(jws: str) -> Any:
    if len(jws) > _MAX_READ:
        raise ReceiptInvalid("receipt", f"is longer than {_MAX_READ} characters")
    try:
        return extract_compact(jws.strip().encode("ascii"))
    except (JoseError, ValueError):
        raise ReceiptInvalid("receipt", "is not a compact JWS") from None


def _find_key(jwks: Mapping[str, Any], kid: object) -> OKPKey:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or len(keys) > _MAX_KEYS:
        raise ReceiptInvalid("jwks", "is not a key set")
    for jwk in keys:
        if isinstance(jwk, Mapping) and jwk.get("kid") == kid and jwk.get("crv") == "Ed25519":
            try:
                return OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x")})
            except (JoseError, KeyError, ValueError, TypeError):
                raise ReceiptInvalid("jwks", "holds a broken key") from None
    raise ReceiptInvalid("kid", "names a key that is not in the key set")


def _parse_object(payload: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ReceiptInvalid(what, "are not a JSON object")
    return value


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _fitting_rules(rules: Sequence[str], spare: int) -> dict[str, Any]:
    """The claims about rules: as many of `rules`, in their order, as fit into `spare` characters of
    the receipt, and how many are left out."""
    spare -= _CLAIM_NAMES_LENGTH
    kept: list[str] = []
    for rule in rules:
        spare -= -(-(len(_encoded(rule)) + 1) * 4 // 3)
        if spare < 0:
            break
        kept.append(rule)
    left = len(rules) - len(kept)
    return {"rules": kept} | ({"rules_omitted": left} if left else {})


def _signed_length(header: Mapping[str, Any], claims: Mapping[str, Any]) -> int:
    """The length of the receipt: three parts in base64, with dots between."""
    parts = (len(_encoded(header)), len(_encoded(claims)), _SIGNATURE_BYTES)
    return sum(-(-size * 4 // 3) for size in parts) + 2


def _registry() -> JWSRegistry:
    """A registry with Ed25519 alone, under both of its names. The library's own "EdDSA" warns at
    each use, since that name may mean Ed25519 or Ed448; here it means Ed25519."""
    ed25519 = JWSRegistry.algorithms["Ed25519"]
    old_name = copy.copy(ed25519)
    old_name.name = _ALGORITHM
    registry = JWSRegistry(algorithms=list(_ALGORITHMS))
    registry.algorithms = {_ALGORITHM: old_name, "Ed25519": ed25519}
    return registry
