"""A witness, https://c2sp.org/tlog-witness: cosigns what is consistent with all it has seen.

The witness stores the newest checkpoint that it cosigned of each log, in one file each, as a note.
The file is replaced and synced before the cosignature is sent: even after a crash, the witness
never cosigns two histories of one log.
"""

from __future__ import annotations

import fcntl
import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import structlog

from gateway.errors import ConfigurationError, LogInvalid
from gateway.keyring import Keyring
from gateway.ports import Now
from gateway.trail.checkpoint import Checkpoint, is_decimal, parse_checkpoint
from gateway.trail.merkle import EMPTY_ROOT, verify_consistency
from gateway.trail.note import COSIGNATURE, ML_DSA_44, NoteKey, cosign, note_text, open_note

MAX_REQUEST_BYTES = 65_536
"""Longest request; a proof and a note with some signatures are far shorter."""
_MAX_PROOF_HASHES = 63
"""Hashes of a consistency proof, as tlog-witness limits them."""
_MAX_EVIDENCE_FILES = 100
"""Contradicting checkpoints that are kept: a log that forks often must not fill the disk."""
_TEXT = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessResponse:
    """The response to one request; `status` is that of tlog-witness."""

    status: HTTPStatus
    body: str = ""
    media_type: str = _TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """An add-checkpoint request. `old` is the size that the log thinks the witness has seen, and
    `proof` the consistency proof from there to the checkpoint in `note`."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The body of the request."""
        hashes = "".join(f"{b64encode(proof_hash).decode()}\n" for proof_hash in self.proof)
        return f"old {self.old}\n{hashes}\n{self.note}"


class Cosigner:
    """Cosigns with the keys of a witness: Ed25519, and ML-DSA-44 with `post_quantum`."""

    def __init__(self, *, name: str, keyring: Keyring, post_quantum: bool = False) -> None:
        first = NoteKey(name, keyring.checkpoint.public.raw, COSIGNATURE)
        self._signers: list[tuple[NoteKey, Callable[[bytes], bytes]]] = [
            (first, keyring.checkpoint.sign)
        ]
        if post_quantum:
            second = NoteKey(name, keyring.post_quantum.raw, ML_DSA_44)
            self._signers.append((second, keyring.post_quantum.sign))

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        return tuple(key for key, _ in self._signers)

    def cosign(self, checkpoint: Checkpoint, at: datetime) -> str:
        """Cosign a checkpoint at the time `at`; return the signature lines. A checkpoint with
        extension lines gets none of ML-DSA-44, which does not cover such lines."""
        seconds, text = int(at.timestamp()), note_text(checkpoint.note)
        without_extensions = text == checkpoint.text
        return "".join(
            cosign(text, key, sign, at=seconds)
            for key, sign in self._signers
            if without_extensions or key.kind == COSIGNATURE
        )


class Witness:
    """A witness of `logs`, which has the keys that sign checkpoints by the origin of the log.

    `folder` holds the newest checkpoints; only one process may have it open. Raises
    ConfigurationError when the folder cannot be used.
    """

    def __init__(
        self,
        *,
        logs: Mapping[str, Sequence[NoteKey]],
        cosigner: Cosigner,
        folder: Path,
        now: Now,
    ) -> None:
        self._logs = {origin: tuple(keys) for origin, keys in logs.items()}
        self._cosigner = cosigner
        self._checkpoints = _CheckpointFolder(folder)
        self._now = now
        self._turn = threading.Lock()

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        return self._cosigner.keys

    def latest(self, origin: str) -> str | None:
        """The note of the newest cosigned checkpoint, as the log signed it; None before the
        first."""
        return self._checkpoints.read(origin)

    def close(self) -> None:
        self._checkpoints.close()

    def add_checkpoint(self, body: bytes) -> WitnessResponse:
        """Answer an add-checkpoint request. Blocks while it syncs a file."""
        try:
            request = parse_request(body)
            claimed = parse_checkpoint(note_text(request.note), request.note)
        except LogInvalid as error:
            return WitnessResponse(status=HTTPStatus.BAD_REQUEST, body=f"{error.problem}\n")
        keys = self._logs.get(claimed.origin)
        if keys is None:
            return WitnessResponse(
                status=HTTPStatus.NOT_FOUND, body="this log is not watched here\n"
            )
        try:
            open_note(request.note, keys)
        except LogInvalid as error:
            return WitnessResponse(status=HTTPStatus.FORBIDDEN, body=f"{error.problem}\n")
        if request.old > claimed.size:
            return WitnessResponse(
                status=HTTPStatus.BAD_REQUEST, body="the old size is above the checkpoint's\n"
            )
        with self._turn:  # nothing may come between the check and storing the new checkpoint
            return self._cosign_if_consistent(request, claimed)

    def _cosign_if_consistent(self, request: AddCheckpoint, claimed: Checkpoint) -> WitnessResponse:
        """Compare the claimed checkpoint with the newest known one; store and cosign it."""
        known = self._known_checkpoint(claimed.origin)
        if request.old != known.size:
            return _conflict_response(known.size)
        problem = ""
        if claimed.size == known.size:
            if claimed.root != known.root and claimed.size:
                self._checkpoints.keep_evidence(claimed.note)
                self._log_refusal("another root for the same size", claimed)
                return _conflict_response(known.size)
            if claimed.root != known.root or request.proof:
                problem = "the proof does not lead from the old size to the checkpoint"
        elif not _is_consistent(known, claimed, request.proof):
            problem = "the proof does not lead from the old size to the checkpoint"
        if problem:
            self._log_refusal("not shown to be consistent", claimed)
            return WitnessResponse(status=HTTPStatus.UNPROCESSABLE_ENTITY, body=f"{problem}\n")
        if claimed.size > known.size:
            self._checkpoints.write(claimed.origin, claimed.note)
        return WitnessResponse(
            status=HTTPStatus.OK, body=self._cosigner.cosign(claimed, self._now())
        )

    def _known_checkpoint(self, origin: str) -> Checkpoint:
        """The newest cosigned checkpoint of a log, or one of size 0."""
        note = self._checkpoints.read(origin)
        if note is None:
            return Checkpoint(origin=origin, size=0, root=EMPTY_ROOT)
        return parse_checkpoint(note_text(note), note)

    def _log_refusal(self, problem: str, claimed: Checkpoint) -> None:
        structlog.get_logger("witness").warning(
            "refused", problem=problem, origin=claimed.origin, note=claimed.note
        )


def parse_request(body: bytes) -> AddCheckpoint:
    """Parse the body of an add-checkpoint request. Raises LogInvalid."""
    if len(body) > MAX_REQUEST_BYTES:
        raise LogInvalid("the request is too long")
    try:
        head, gap, note = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as error:
        raise LogInvalid("the request is not UTF-8") from error
    first, *rest = head.split("\n")
    label, _, size = first.partition(" ")
    if not gap or label != "old" or not is_decimal(size) or len(rest) > _MAX_PROOF_HASHES:
        raise LogInvalid("the request is malformed")
    return AddCheckpoint(old=int(size), proof=tuple(_parse_hash(line) for line in rest), note=note)


def _is_consistent(known: Checkpoint, claimed: Checkpoint, proof: Sequence[bytes]) -> bool:
    if known.size == 0:
        return not proof
    return verify_consistency(known.size, claimed.size, known.root, claimed.root, proof)


def _conflict_response(size: int) -> WitnessResponse:
    return WitnessResponse(status=HTTPStatus.CONFLICT, body=f"{size}\n", media_type=_SIZE)


def _parse_hash(line: str) -> bytes:
    try:
        value = b64decode(line, validate=True)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise LogInvalid("a hash of the request is malformed")
    return value


class _CheckpointFolder:
    """A locked folder with one checkpoint file for each log. Files are replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(
                str(folder), f"cannot be used ({error.strerror})", "Name a folder you may write."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise ConfigurationError(
                str(folder), "is in use by another witness", "Stop it, or name another folder."
            ) from error

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._lock)

    def read(self, origin: str) -> str | None:
        """Read the checkpoint of a log; None when there is no file. Raises OSError for a file
        that cannot be read, since the witness must not forget what it cosigned."""
        try:
            return self._path_of(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, origin: str, note: str) -> None:
        self._replace_file(self._path_of(origin), note)

    def keep_evidence(self, note: str) -> None:
        """Keep a signed checkpoint that contradicts a cosigned one of the same size: both together
        prove that the log forked. Only the first hundred are kept."""
        folder = self._folder / "evidence"
        folder.mkdir(mode=0o700, exist_ok=True)
        if sum(1 for _ in folder.iterdir()) < _MAX_EVIDENCE_FILES:
            self._replace_file(
                folder / f"{sha256(note.encode()).hexdigest()[:32]}.checkpoint", note
            )

    def _path_of(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

    def _replace_file(self, path: Path, text: str) -> None:
        """Write a file durably: a crash leaves the old text or the new one."""
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
