"""Checkpoints, https://c2sp.org/tlog-checkpoint: a log's name, size and root, signed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.trail.note import ML_DSA_44, NoteKey, cosign, open_note, sign_note

_MAX_DIGITS = 19
"""Digits of a size: every such number fits into 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The size and root of a log at some moment. `root` is 32 bytes; `note` is the signed note as
    it is stored and sent, "" before it is signed."""

    origin: str
    size: int
    root: bytes
    note: str = ""

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def note_keys(origin: str, keyring: Keyring, *, post_quantum: bool = False) -> tuple[NoteKey, ...]:
    """The keys that verify checkpoints of `origin`, current first. With `post_quantum`, the keys
    of ML-DSA-44 come after those of Ed25519."""
    keys = [NoteKey(origin, key.raw) for key in keyring.checkpoint_keys]
    if post_quantum:
        keys += [NoteKey(origin, raw, ML_DSA_44) for raw in keyring.post_quantum_keys]
    return tuple(keys)


def sign_checkpoint(
    *, origin: str, size: int, root: bytes, keyring: Keyring, post_quantum_at: int | None = None
) -> Checkpoint:
    """Sign a checkpoint with the current key, whose name is the origin. With `post_quantum_at`
    (seconds since 1970), sign it also with ML-DSA-44, as of that time."""
    unsigned = Checkpoint(origin=origin, size=size, root=root)
    key = NoteKey(origin, keyring.checkpoint.public.raw)
    note = sign_note(unsigned.text, key, keyring.checkpoint.sign)
    if post_quantum_at is not None:
        second = NoteKey(origin, keyring.post_quantum.raw, ML_DSA_44)
        note += cosign(unsigned.text, second, keyring.post_quantum.sign, at=post_quantum_at)
    return Checkpoint(origin=origin, size=size, root=root, note=note)


def open_checkpoint(note: str, keys: Iterable[NoteKey], *, origin: str) -> Checkpoint:
    """Open a note; return its checkpoint of the log `origin`, which at least one of `keys`
    signed. Raises LogInvalid."""
    checkpoint = parse_checkpoint(open_note(note, keys).text, note)
    if checkpoint.origin != origin:
        raise LogInvalid(f"the checkpoint is of another log ({checkpoint.origin})")
    return checkpoint


def parse_checkpoint(text: str, note: str = "") -> Checkpoint:
    """Parse the text of a note into a checkpoint, without checking signatures. Extension lines
    are ignored. Raises LogInvalid."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise LogInvalid("the checkpoint is malformed")
    origin, size, encoded = lines[:3]
    if not is_decimal(size):
        raise LogInvalid("the checkpoint's size is malformed")
    try:
        root = b64decode(encoded, validate=True)
    except ValueError:
        root = b""
    if len(root) != 32:
        raise LogInvalid("the checkpoint's root is malformed")
    return Checkpoint(origin=origin, size=int(size), root=root, note=note)


def is_decimal(text: str) -> bool:
    """Whether `text` is a decimal number below 10^19, in ASCII digits without leading zeroes."""
    return (
        text.isascii()
        and text.isdigit()
        and len(text) <= _MAX_DIGITS
        and (text == "0" or text[0] != "0")
    )
