"""Signed notes, https://c2sp.org/signed-note: the format of checkpoints.

Of its signature types, three are supported: Ed25519 over the text (0x01), and the timestamped
cosignatures of checkpoints, https://c2sp.org/tlog-cosignature, with Ed25519 (0x04) and ML-DSA-44
(0x06). Logs sign with 0x01, and may add 0x06; witnesses cosign with 0x04 and 0x06.
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
"""Characters of a note that are read; a checkpoint with a hundred signatures has fewer."""
MAX_SIGNATURES = 100
"""Signatures of a note that are read: bounds the work on a note from outside."""
_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_TIME_BYTES = 8
"""Bytes of the time, which precedes the signature itself in a cosignature."""
_MAX_INT64 = (1 << 63) - 1
"""Largest time and size in a cosignature."""
_DASH = "\u2014 "
_KEY_NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # controls, and what is not UTF-8


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A named public key that verifies signatures of notes.

    `raw` is 32 bytes (Ed25519) or 1,312 (ML-DSA-44), `kind` the signature type. `str()` gives the
    form that `sumdb/note` and other tools read: <name>+<key id, hex>+<base64(kind ‖ key)>. Raises
    ValueError for a malformed name or key.
    """

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
        """The key id, 4 bytes. A signature names its key by name and id."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.raw).digest()[:4]

    @property
    def short(self) -> str:
        """<name>+<key id>, which tells the key from others."""
        return f"{self.name}+{self.id.hex()}"

    def __str__(self) -> str:
        return f"{self.short}+{b64encode(self.kind + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Parse the form that `str()` gives. Raises LogInvalid."""
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
        """Whether `signature` is this key's over `text`. It is given as in a note, without the key
        id. Raises LogInvalid when the installed OpenSSL cannot verify ML-DSA."""
        data = text.encode()
        if self.kind != ED25519:
            at, signature = int.from_bytes(signature[:_TIME_BYTES]), signature[_TIME_BYTES:]
            message = cosigned_message(self, data, at) if at <= _MAX_INT64 else None
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
    """The message that `key` signs to cosign the checkpoint `text` at the time `at` (seconds since
    1970); None when this kind of key cannot cosign such a text."""
    if key.kind == COSIGNATURE:
        return b"cosignature/v1\ntime %d\n%s" % (at, text)
    lines = text.split(b"\n")
    if len(lines) != 4 or not lines[1].isdigit() or len(lines[1]) > 19:
        return None  # ML-DSA-44 cosignatures do not cover extension lines
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
    """The message `cosigned_message` of tlog-cosignature, by which the cosigner `name` states that
    D[start:end] of the log `origin` has this root; None for values outside its limits."""
    cosigner, log = name.encode(), origin.encode()
    if len(root) != 32 or not 0 < len(cosigner) < 256 or not 0 < len(log) < 256:
        return None
    if not 0 <= start <= end <= _MAX_INT64 or (start and at):
        return None
    return b"".join(
        (
            b"subtree/v1\n\x00",
            bytes((len(cosigner),)) + cosigner,
            at.to_bytes(8),
            bytes((len(log),)) + log,
            start.to_bytes(8),
            end.to_bytes(8),
            root,
        )
    )


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """The text of a note, and the known keys that signed it: at least one."""

    text: str
    signers: tuple[NoteKey, ...]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature by `key`, made at the time `at` (seconds since 1970). `line` is its
    line in the note."""

    key: NoteKey
    at: int
    line: str


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> str:
    """Sign `text`, which must end with a newline, with Ed25519; return the note. `sign` signs
    bytes with the private key of `key`. Raises ValueError for a malformed text."""
    if not text.endswith("\n") or _FORBIDDEN.search(text):
        raise ValueError("a note ends with a newline and has no other control characters")
    return f"{text}\n{_signature_line(key, sign(text.encode()))}"


def cosign(text: str, key: NoteKey, sign: Callable[[bytes], bytes], *, at: int) -> str:
    """Cosign the checkpoint `text` at the time `at` (seconds since 1970); return the signature
    line. Raises ValueError when this key cannot cosign such a text."""
    message = cosigned_message(key, text.encode(), at) if 0 <= at <= _MAX_INT64 else None
    if key.kind == ED25519 or message is None:
        raise ValueError("this key cannot cosign such a text")
    return _signature_line(key, at.to_bytes(_TIME_BYTES) + sign(message))


def _signature_line(key: NoteKey, signature: bytes) -> str:
    return f"{_DASH}{key.name} {b64encode(key.id + signature).decode()}\n"


def cosignatures(note: str, keys: Iterable[NoteKey]) -> tuple[Cosignature, ...]:
    """The cosignatures of a note by `keys`, one for each key; others are ignored. Raises
    LogInvalid when the note is malformed, or a cosignature by one of `keys` does not verify."""
    text, signatures = _split_note(note)
    known = {(key.name, key.id): key for key in keys if key.kind != ED25519}
    verified: dict[NoteKey, Cosignature] = {}
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is None or key in verified:
            continue
        if not key.verifies(text, signature):
            raise LogInvalid(f"a cosignature of the note does not verify ({name})")
        at = int.from_bytes(signature[:_TIME_BYTES])
        verified[key] = Cosignature(key, at, _signature_line(key, signature))
    return tuple(verified.values())


def open_note(note: str, keys: Iterable[NoteKey]) -> OpenedNote:
    """Open a note that at least one of `keys` must have signed.

    Signatures by other keys are ignored, which allows keys to be rotated and witnesses to be
    added. Raises LogInvalid when no key signed, or a signature by one of `keys` does not verify.
    """
    text, signatures = _split_note(note)
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
    """The text of a note, without verifying its signatures. Raises LogInvalid for a malformed
    note."""
    return _split_note(note)[0]


def has_no_known_signer(note: str, keys: Iterable[NoteKey]) -> bool:
    """Whether no signature of the note names one of `keys`, as after a rotation. Signatures are
    not verified. Raises LogInvalid for a malformed note."""
    known = {(key.name, key.id) for key in keys}
    return known.isdisjoint((name, key_id) for name, key_id, _ in _split_note(note)[1])


def _split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Split a note into its text and its signatures: name, key id, signature."""
    if not isinstance(note, str):  # SQLite columns may hold any type
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
    return text + "\n", [_parse_signature_line(line) for line in lines]


def _parse_signature_line(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    if not line.startswith(_DASH) or not space or not _KEY_NAME.fullmatch(name) or len(data) < 5:
        raise LogInvalid("a signature line of the note is malformed")
    return name, data[:4], data[4:]
