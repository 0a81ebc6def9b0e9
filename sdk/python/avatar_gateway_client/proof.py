"""Verifies receipts and log proofs without asking or trusting the gateway: that a receipt is about
this text, and that its entry is in the log. Needs the extra `proof` (cryptography).

The keys must not come with the answer that you verify: use the receipt keys
(/.well-known/jwks.json) and the log's keys that you kept from the beginning, or that the operator
gave you.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from unicodedata import normalize

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from avatar_gateway_client.errors import ProofInvalid

_MAX_PROOF: Final = 1_000_000  # characters of a proof with its entry
_MAX_RECEIPT: Final = 8_192  # characters of a receipt
_HEADER: Final = "c2sp.org/tlog-proof@v1"
_ED25519: Final = 1  # signature type of signed notes
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_SALT: Final = re.compile(r"[0-9a-f]{32}")
# docs/reference/receipt.md, "Canonical text": invisible characters, and Unicode's White_Space.
_INVISIBLE: Final = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+")
_SPACE: Final = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """A verified inclusion: entry number `index` is in the log `origin`, whose first `size` entries
    have this `root` (hex). Compare size and root with a checkpoint that you kept. `entry` is the
    entry's content."""

    origin: str
    size: int
    root: str
    index: int
    entry: Mapping[str, Any] = field(repr=False)


def verify_receipt(jws: str, *, jwks: Mapping[str, Any], text: str, salt: str) -> Mapping[str, Any]:
    """Verify that a key of `jwks` signed the receipt and that it is about `text`, as published with
    its label; return its claims. `salt` is `disclosure.salt` of the answer. Raises ProofInvalid."""
    signed, header, claims, signature = _split_jws(jws)
    if header.get("alg") not in ("EdDSA", "Ed25519") or header.get("typ") != "receipt+jwt":
        raise ProofInvalid("receipt", "is of another type, or signed in another way")
    keys = jwks.get("keys")
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, Mapping) and key.get("kid") == header.get("kid"):
            if key.get("crv") != "Ed25519" or not _is_signed_by(
                _base64url_decoded(key.get("x")), signature, signed
            ):
                raise ProofInvalid("signature", "does not match the receipt and its key")
            break
    else:
        raise ProofInvalid("kid", "names a key that is not in the key set")
    if claims.get("content_hash_alg") != "HMAC-SHA256" or not _SALT.fullmatch(salt):
        raise ProofInvalid("salt", "is not 16 bytes in hex, or the hash is of another kind")
    try:
        canonical = normalize("NFC", _INVISIBLE.sub("", text)).strip(_SPACE).encode()
    except UnicodeEncodeError:
        raise ProofInvalid("text", "is not valid Unicode") from None
    computed = hmac.new(bytes.fromhex(salt), canonical, sha256).hexdigest()
    if not hmac.compare_digest(computed, _ascii(claims.get("content_hash"))):
        raise ProofInvalid("text", "is not what was published, or the salt is another message's")
    return claims


def verify_inclusion(proof: str, *, jws: str, keys: Iterable[str]) -> Included:
    """Verify that the entry which allowed the message of this receipt is in the log.

    `proof` is a tlog-proof that includes its entry (`AsyncClient.proof`, `avatar-gateway audit
    proof`). `keys` are the log's keys, as `<name>+<id>+<base64>`; one of them must have signed.
    Verify the receipt first. Raises ProofInvalid.
    """
    body, index, path, note = _split_proof(proof)
    origin, size, root = _verified_checkpoint(note, keys)
    if not _leads_to(sha256(b"\x00" + body).digest(), index, size, path, root):
        raise ProofInvalid("proof", "does not lead from the entry to the checkpoint")
    entry = _json_object(body, "entry")
    receipt, (_, _, claims, _) = entry.get("receipt"), _split_jws(jws)
    digest = sha256(jws.encode()).hexdigest()
    if not isinstance(receipt, Mapping) or receipt.get("sha256") != digest:
        raise ProofInvalid("entry", "is not the one that this receipt was given for")
    if entry.get("message_id") != claims.get("message_id") or entry.get("seq") != index:
        raise ProofInvalid("entry", "is about another message, or has another number")
    return Included(origin=origin, size=size, root=root.hex(), index=index, entry=entry)


def _split_jws(jws: str) -> tuple[bytes, Mapping[str, Any], Mapping[str, Any], bytes]:
    """The signed bytes, the header, the claims and the signature of a compact JWS."""
    parts = jws.split(".")
    if len(parts) != 3 or len(jws) > _MAX_RECEIPT or not jws.isascii():
        raise ProofInvalid("receipt", "is not a compact JWS")
    header, claims = (_json_object(_base64url_decoded(part), "receipt") for part in parts[:2])
    return ".".join(parts[:2]).encode(), header, claims, _base64url_decoded(parts[2])


def _split_proof(text: str) -> tuple[bytes, int, list[bytes], str]:
    """The entry, its number, the path and the checkpoint of a tlog-proof."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > _MAX_PROOF or not gap or lines[0] != _HEADER or len(lines) < 2:
        raise ProofInvalid("proof", "is no tlog-proof@v1")
    if not lines[1].startswith("extra "):
        raise ProofInvalid("proof", "does not carry its entry: ask for it with the entry")
    body = _base64_decoded(lines[1].removeprefix("extra "))
    label, _, number = (lines[2] if len(lines) > 2 else "").partition(" ")
    path = [_base64_decoded(line) for line in lines[3:]]
    if (
        label != "index"
        or not _NUMBER.fullmatch(number)
        or any(len(sibling) != 32 for sibling in path)
    ):
        raise ProofInvalid("proof", "is malformed")
    return body, int(number), path, note


def _verified_checkpoint(note: str, keys: Iterable[str]) -> tuple[str, int, bytes]:
    """The origin, size and root of a checkpoint that one of `keys` signed."""
    text, gap, rest = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not gap or len(lines) < 4 or not _NUMBER.fullmatch(lines[1]):
        raise ProofInvalid("checkpoint", "is malformed")
    given = [_split_signature(line) for line in rest.split("\n")[:-1]]
    known = False
    for name, key_id, raw in map(_log_key, keys):
        for signer, signer_id, signature in given:
            if raw is None or (signer, signer_id) != (name, key_id) or name != lines[0]:
                continue
            if not _is_signed_by(raw, signature, text.encode()):
                raise ProofInvalid("checkpoint", f"the signature by {name} is wrong")
            known = True
    if not known:
        raise ProofInvalid("checkpoint", "none of the keys signed it")
    root = _base64_decoded(lines[2])
    if len(root) != 32:
        raise ProofInvalid("checkpoint", "is malformed")
    return lines[0], int(lines[1]), root


def _log_key(text: str) -> tuple[str, bytes, bytes | None]:
    """The name, id and Ed25519 key of a verifier key; None for a key of another kind, which is
    skipped."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = _base64_decoded(encoded)
    expected = sha256(name.encode() + b"\n" + data).digest()[:4]
    if not name or not data or expected.hex() != key_id.lower():
        raise ProofInvalid("key", "is not of the form name+id+base64, or a letter is wrong")
    return name, expected, data[1:] if data[0] == _ED25519 and len(data) == 33 else None


def _split_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    data = _base64_decoded(encoded)
    if dash != "\u2014" or len(data) < 5:
        raise ProofInvalid("checkpoint", "a line of its signatures is malformed")
    return name, data[:4], data[4:]


def _leads_to(node: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that `node` is leaf `index` of the tree: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if index % 2 or index == last:
            node = sha256(b"\x01" + sibling + node).digest()
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return last == 0 and hmac.compare_digest(node, root)


def _is_signed_by(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ascii(value: object) -> str:
    return str(value).encode("ascii", "replace").decode()


def _base64url_decoded(text: object) -> bytes:
    """Decode base64url; empty when it is malformed."""
    try:
        raw = str(text).encode("ascii")
        return b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _base64_decoded(text: str) -> bytes:
    """Decode base64; empty when it is malformed."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _json_object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ProofInvalid(what, "is not a JSON object")
    return document
