"""Signed notes, https://c2sp.org/signed-note: what checkpoints are written in.

Three of its signature types: Ed25519 over the text (0x01), and the timestamped cosignatures of
https://c2sp.org/tlog-cosignature, with Ed25519 (0x04) and with ML-DSA-44 (0x06), which speak of
checkpoints alone. A witness gives cosignatures; a log may sign with ML-DSA-44 as well.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from gateway.errors import LogInvalid

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
ML_DSA_44 = b"\x06"
MAX_NOTE = 100_000
MAX_SIGNATURES = 100
_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_STAMP = 8  # bytes of a cosignature before the signature itself
_LATEST = (1 << 63) - 1
_DASH = "\u2014 "
_KEY_NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # controls, and what is not UTF-8


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that signs notes under a name. `raw` is 32 bytes (Ed25519) or 1,312
    (ML-DSA-44), `kind` the signature type. `str()` gives the form that `sumdb/note` and other
    tools take: <name>+<key id, hex>+<base64(kind ‖ key)>."""

    name: str
    raw: bytes
    kind: bytes = ED25519

    def __post_init__(self) -> None:
        if not _KEY_NAME.fullmatch(self.name):
            raise ValueError("a key name has no spaces and no plus, and is not empty")
        if len(self.raw) != _KEY_BYTES.get(self.kind, 0):
            raise ValueError("not a public key of Ed25519 (32 bytes) or ML-DSA-44 (1,312)")

    @property
    def id(self) -> bytes:
        """4 bytes; with the name, it says which key made a signature."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.raw).digest()[:4]

    @property
    def short(self) -> str:
        """<name>+<key id>: enough to tell it from others."""
        return f"{self.name}+{self.id.hex()}"

    def __str__(self) -> str:
        return f"{self.short}+{b64encode(self.kind + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Raises LogInvalid."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            data = b64decode(encoded, validate=True)
            key = cls(name, data[1:], data[:1])
        except ValueError as error:
            raise LogInvalid(f"this is no key of a note: {error}") from error
        if key.id.hex() != key_id:
            raise LogInvalid("this is no key of a note: its id is another")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """`signature` as a note holds it, after the key id. Raises LogInvalid where this
        machine's cryptography cannot verify ML-DSA."""
        data = text.encode()
        if self.kind != ED25519:
            at, signature = int.from_bytes(signature[:_STAMP]), signature[_STAMP:]
            message = cosigned_message(self, data, at) if at <= _LATEST else None
            if message is None:
                return False
            data = message
        try:
            if self.kind == ML_DSA_44:
                MLDSA44PublicKey.from_public_bytes(self.raw).verify(signature, data)
            else:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except InvalidSignature:
            return False
        except UnsupportedAlgorithm as error:
            raise LogInvalid("ML-DSA-44 cannot be verified with this OpenSSL") from error
        return True


def cosigned_message(key: NoteKey, text: bytes, at: int) -> bytes | None:
    """What `key` signs when it cosigns the checkpoint `text` at the time `at` (seconds since
    1970); None when it cannot speak of such a text."""
    if key.kind == COSIGNATURE:
        return b"cosignature/v1\ntime %d\n%s" % (at, text)
    lines = text.split(b"\n")
    if len(lines) != 4 or not lines[1].isdigit() or len(lines[1]) > 19:
        return None  # ML-DSA-44 cosignatures say nothing of extension lines
    try:
        root = b64decode(lines[2], validate=True)
    except ValueError:
        return None
    return subtree_message(
        key.name, lines[0].decode(), start=0, end=int(lines[1]), root=root, at=at
    )


def subtree_message(
    name: str, origin: str, *, start: int, end: int, root: bytes, at: int = 0
) -> bytes | None:
    """`cosigned_message` of tlog-cosignature: that D[start:end] of the log `origin` has this
    root, said by the cosigner `name`; None when it cannot be said."""
    said_by, said_of = name.encode(), origin.encode()
    if len(root) != 32 or not 0 < len(said_by) < 256 or not 0 < len(said_of) < 256:
        return None
    if not 0 <= start <= end <= _LATEST or (start and at):
        return None
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes((len(said_by),)) + said_by,
            at.to_bytes(8),
            bytes((len(said_of),)) + said_of,
            start.to_bytes(8),
            end.to_bytes(8),
            root,
        )
    )


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose signatures by known keys are all good: `signers`, at least one."""

    text: str
    signers: tuple[NoteKey, ...]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A good one: by `key`, at `at` (seconds since 1970); `line` is its line in the note."""

    key: NoteKey
    at: int
    line: str


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> str:
    """`text`, which ends with a newline, and its Ed25519 signature; `sign` holds the private
    half."""
    if not text.endswith("\n") or _FORBIDDEN.search(text):
        raise ValueError("a note ends with a newline and has no other control characters")
    return f"{text}\n{_line(key, sign(text.encode()))}"


def cosign(text: str, key: NoteKey, sign: Callable[[bytes], bytes], *, at: int) -> str:
    """The line that a cosigner adds to the checkpoint `text`, made at the time `at`."""
    message = cosigned_message(key, text.encode(), at) if 0 <= at <= _LATEST else None
    if key.kind == ED25519 or message is None:
        raise ValueError("this key cannot cosign such a text")
    return _line(key, at.to_bytes(_STAMP) + sign(message))


def _line(key: NoteKey, signature: bytes) -> str:
    return f"{_DASH}{key.name} {b64encode(key.id + signature).decode()}\n"


def cosignatures(note: str, keys: Iterable[NoteKey]) -> tuple[Cosignature, ...]:
    """The cosignatures by `keys`, one for each key; others are ignored. Raises LogInvalid when
    the note is malformed, or one by a known key does not verify."""
    text, signatures = _split(note)
    known = {(key.name, key.id): key for key in keys if key.kind != ED25519}
    found: dict[NoteKey, Cosignature] = {}
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None or key in found:
            continue
        if not key.verifies(text, signature):
            raise LogInvalid(f"a cosignature of the note does not verify ({name})")
        at = int.from_bytes(signature[:_STAMP])
        found[key] = Cosignature(key, at, _line(key, signature))
    return tuple(found.values())


def open_note(note: str, keys: Iterable[NoteKey]) -> OpenedNote:
    """The text of a note that at least one of `keys` signed. Signatures by other keys are
    ignored (that is how keys rotate and witnesses are added); a wrong one by a known key spoils
    the note. Raises LogInvalid."""
    text, signatures = _split(note)
    known = {(key.name, key.id): key for key in keys}
    signers: list[NoteKey] = []
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None or key in signers:
            continue
        if not key.verifies(text, signature):
            raise LogInvalid(f"a signature of the note does not verify ({name})")
        signers.append(key)
    if not signers:
        raise LogInvalid("no known key signed the note")
    return OpenedNote(text, tuple(signers))


def note_text(note: str) -> str:
    """What the signatures of a note are over, with none of them checked. Raises LogInvalid if
    malformed."""
    return _split(note)[0]


def is_by_strangers(note: str, keys: Iterable[NoteKey]) -> bool:
    """Whether none of `keys` is even named as a signer. Raises LogInvalid if malformed."""
    known = {(key.name, key.id) for key in keys}
    return known.isdisjoint((name, key_id) for name, key_id, _ in _split(note)[1])


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    if not isinstance(note, str):  # SQLite lets a column hold anything
        raise LogInvalid("the note is not text")
    if len(note) > MAX_NOTE:
        raise LogInvalid("the note is too long")
    if _FORBIDDEN.search(note):
        raise LogInvalid("the note holds forbidden characters")
    text, gap, rest = note.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise LogInvalid("the note has no signature lines")
    lines = rest[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise LogInvalid("the note has too many signatures")
    return text + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    if not line.startswith(_DASH) or not space or not _KEY_NAME.fullmatch(name) or len(data) < 5:
        raise LogInvalid("a signature line of the note is malformed")
    return name, data[:4], data[4:]
