"""Signed notes, https://c2sp.org/signed-note, with Ed25519: what checkpoints are written in."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import LogInvalid

ED25519 = b"\x01"
MAX_NOTE = 100_000
MAX_SIGNATURES = 100
_DASH = "\u2014 "
_KEY_NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # controls, and what is not UTF-8


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that signs notes under a name. `str()` gives the form that `sumdb/note` and
    other tools take: <name>+<key id, hex>+<base64(algorithm ‖ key)>."""

    name: str
    raw: bytes

    def __post_init__(self) -> None:
        if not _KEY_NAME.fullmatch(self.name):
            raise ValueError("a key name has no spaces and no plus, and is not empty")
        if len(self.raw) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")

    @property
    def id(self) -> bytes:
        """4 bytes; with the name, it says which key made a signature."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """Raises LogInvalid."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            data = b64decode(encoded, validate=True)
            key = cls(name, data[1:])
        except ValueError as error:
            raise LogInvalid(f"this is no key of a note: {error}") from error
        if data[:1] != ED25519 or key.id.hex() != key_id:
            raise LogInvalid("this is no Ed25519 key of a note: its id is another")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose signatures by known keys are all good: `signers`, at least one."""

    text: str
    signers: tuple[NoteKey, ...]


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> str:
    """`text`, which ends with a newline, and its signature; `sign` holds the private half."""
    if not text.endswith("\n") or _FORBIDDEN.search(text):
        raise ValueError("a note ends with a newline and has no other control characters")
    signature = b64encode(key.id + sign(text.encode())).decode()
    return f"{text}\n{_DASH}{key.name} {signature}\n"


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
