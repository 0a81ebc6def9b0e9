"""Offline proofs, https://c2sp.org/tlog-proof: a text file that proves one entry of the log."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.errors import LogInvalid
from gateway.model.record import leaf_hash
from gateway.trail.checkpoint import Checkpoint, is_decimal, open_checkpoint
from gateway.trail.merkle import verify_inclusion
from gateway.trail.note import NoteKey

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 1_000_000
"""Characters of a file that are read: the longest body in base64 has fewer."""
_MAX_PATH_HASHES = 64
"""Hashes of a path: one for each level of a tree with 2^64 entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof that entry `index` is in the log that `checkpoint`, a signed note, covers.

    `path` has 32-byte hashes, the leaf's sibling first. `extra` is the entry's body, for a proof
    that can be checked alone; `verify` compares its hash with the path.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """The text of the file, which by convention is called *.tlog-proof."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += map(_base64, self.path)
        return "\n".join(lines) + "\n\n" + self.checkpoint

    def verify(
        self, keys: Iterable[NoteKey], *, origin: str, body: bytes | None = None
    ) -> Checkpoint:
        """Verify that the entry with this body is in the log; return the checkpoint. Without
        `body`, takes the one in `extra`. Raises LogInvalid."""
        body = self.extra if body is None else body
        if body is None:
            raise LogInvalid("the proof does not carry its entry, and none was given")
        checkpoint = open_checkpoint(self.checkpoint, keys, origin=origin)
        proved = verify_inclusion(
            leaf_hash(body), self.index, checkpoint.size, self.path, checkpoint.root
        )
        if not proved:
            raise LogInvalid("the proof does not lead to the checkpoint", index=self.index)
        return checkpoint


def parse_proof(text: str) -> Proof:
    """Parse a proof file, without verifying it. Raises LogInvalid."""
    if len(text) > MAX_PROOF:
        raise LogInvalid("the proof is too long")
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != HEADER:
        raise LogInvalid("this is no tlog-proof@v1")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _base64_decoded(lines.pop(0).removeprefix("extra "))
    label, _, number = (lines.pop(0) if lines else "").partition(" ")
    if label != "index" or not is_decimal(number):
        raise LogInvalid("the proof's index is malformed")
    if len(lines) > _MAX_PATH_HASHES:
        raise LogInvalid("the proof is too long")
    return Proof(index=int(number), path=_parse_hashes(lines), checkpoint=checkpoint, extra=extra)


def _parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    hashes = tuple(_base64_decoded(line) for line in lines)
    if any(len(value) != 32 for value in hashes):
        raise LogInvalid("a hash of the proof is malformed")
    return hashes


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _base64_decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise LogInvalid("a line of the proof is not base64") from error
