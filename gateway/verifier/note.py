"""Reads signed checkpoints: signed notes (https://c2sp.org/signed-note), the checkpoints in them
(https://c2sp.org/tlog-checkpoint), and timestamped cosignatures of witnesses
(https://c2sp.org/tlog-cosignature)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE, ML_DSA_44 = 1, 4, 6
"""Kinds of keys: Ed25519 over the text, and cosignatures with a time by Ed25519 or ML-DSA-44."""

MAX_NOTE = 100_000  # characters of a note that are read
_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_MAX_SIGNATURES = 100  # signatures of a note that are read
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_MAX_INT64 = (1 << 63) - 1  # the largest time of a cosignature


class MalformedNote(Exception):
    """A note, checkpoint or key is malformed, or a signature is wrong; the message says why."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key, in text `name+id+base64(kind ‖ key)`."""

    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        encoded = b64encode(bytes([self.kind]) + self.raw).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> TrustedKey:
        """Parse a key. Raises MalformedNote."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _base64_decoded(encoded)
        if not _is_name(name) or not data:
            raise MalformedNote("it is not of the form name+id+base64")
        if _KEY_BYTES.get(data[0]) != len(data) - 1:
            raise MalformedNote("it is of a kind that this verifier does not know")
        key = cls(name, data[0], data[1:])
        if key.id.hex() != key_id.lower():
            raise MalformedNote("its id is not that of its name and bytes: a letter may be wrong")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is this key's over `message`. Raises MalformedNote when ML-DSA-44 is
        not supported here."""
        try:
            if self.kind == ML_DSA_44:
                # Imported here, since older versions of cryptography have no ML-DSA.
                from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415

                mldsa.MLDSA44PublicKey.from_public_bytes(self.raw).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        except (ImportError, UnsupportedAlgorithm):
            raise MalformedNote("ML-DSA-44 needs cryptography 48 or newer, from PyPI") from None
        return True


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A parsed checkpoint. `text` is what was signed; `signatures` are name, key id and signature,
    not verified yet."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> SignedCheckpoint:
        """Parse a note. Raises MalformedNote."""
        text, signatures = _split_note(note)
        lines = text[:-1].split("\n")
        if len(lines) < 3 or "" in lines:
            raise MalformedNote("the checkpoint has not its three lines")
        size, root = lines[1], _base64_decoded(lines[2])
        if not (size.isascii() and size.isdigit() and len(size) < 20 and str(int(size)) == size):
            raise MalformedNote("the checkpoint's size is no number")
        if len(root) != 32:
            raise MalformedNote("the checkpoint's root is not 32 bytes in base64")
        return cls(lines[0], int(size), root, text, signatures)

    def signed_at(self, key: TrustedKey) -> int | None:
        """The time at which `key` signed, in seconds since 1970 (0 for a kind without a time); the
        latest of several. None when it did not sign. Raises MalformedNote when a signature with
        the key's name and id is wrong."""
        latest: int | None = None
        for name, key_id, signature in self.signatures:
            if name != key.name or key_id != key.id:
                continue
            at, message = 0, self.text.encode()
            if key.kind != ED25519:
                at, signature = int.from_bytes(signature[:8], "big"), signature[8:]  # noqa: PLW2901
                message = self._cosigned_message(key, at)
            if at > _MAX_INT64 or not key.verifies(signature, message):
                raise MalformedNote(f"the signature by {name} is wrong")
            latest = at if latest is None else max(at, latest)
        return latest

    def _cosigned_message(self, key: TrustedKey, at: int) -> bytes:
        """The message that a cosignature at the time `at` is over."""
        if key.kind == COSIGNATURE:
            return f"cosignature/v1\ntime {at}\n{self.text}".encode()
        name, origin = key.name.encode()[:256], self.origin.encode()[:256]
        if len(name) > 255 or len(origin) > 255 or self.text.count("\n") != 3:
            raise MalformedNote("ML-DSA-44 cannot sign a checkpoint of this form")
        return b"".join(
            (
                b"subtree/v1\n\x00",
                bytes([len(name)]) + name,
                at.to_bytes(8, "big"),
                bytes([len(origin)]) + origin,
                (0).to_bytes(8, "big"),
                self.size.to_bytes(8, "big"),
                self.root,
            )
        )


def _split_note(note: str) -> tuple[str, tuple[tuple[str, bytes, bytes], ...]]:
    if len(note) > MAX_NOTE:
        raise MalformedNote(f"the note is longer than {MAX_NOTE} characters")
    if _FORBIDDEN.search(note):
        raise MalformedNote("the note holds control characters, or is not UTF-8")
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or lines.pop() != "" or not lines:
        raise MalformedNote("the note has no signatures at its end")
    if len(lines) > _MAX_SIGNATURES:
        raise MalformedNote(f"the note has more than {_MAX_SIGNATURES} signatures")
    return text + "\n", tuple(_parse_signature_line(line) for line in lines)


def _parse_signature_line(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    data = _base64_decoded(encoded)
    if dash != "\u2014" or not _is_name(name) or len(data) < 5:
        raise MalformedNote("a signature line of the note is not in its format")
    return name, data[:4], data[4:]


def _is_name(text: str) -> bool:
    return text != "" and "+" not in text and not any(map(str.isspace, text))


def _base64_decoded(text: str) -> bytes:
    """Decode base64; empty for anything else."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
