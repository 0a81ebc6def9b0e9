"""Verifies a whole log in one pass, in little memory.

1. Every entry has the next number, its stored hash is that of its body, and its columns say what
   the body says.
2. Every delivery names an earlier entry that allowed exactly this message to be sent, and every
   expiry the entry that held it.
3. Every checkpoint is signed by a known key for this log, and its root is that of the entries
   up to its size; so all checkpoints are consistent with one another.
4. No checkpoint covers more entries than there are, nor does one that the auditor kept.

It also reports which checkpoints witnesses cosigned and authorities stamped (`anchors.py`). A
cosignature or stamp that does not verify is an error as well.

Without a checkpoint that the auditor kept, 1 to 4 do not notice a log that was rolled back to an
earlier state together with its checkpoints, or rewritten by the holder of the signing key.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from typing import Any

import orjson

from gateway.errors import LogInvalid
from gateway.model.record import Entry, EntryKind
from gateway.model.verdict import State, Verdict
from gateway.trail.anchors import AnchorCheck, AnchorCoverage, Quorum
from gateway.trail.checkpoint import Checkpoint, open_checkpoint
from gateway.trail.merkle import Frontier
from gateway.trail.note import NoteKey

CHUNK_ENTRIES = 4096
"""Entries that are read and verified at once."""

StoredCheckpoint = tuple[int, bytes, str]
"""A checkpoint as stored: size, root, note."""

# Strings instead of enum members, whose hashes are computed in Python and therefore slower.
_JUDGED_KINDS = {EntryKind.DECISION.value, EntryKind.REVIEW.value}
_DELIVERY, _EXPIRY = EntryKind.DELIVERY.value, EntryKind.EXPIRY.value
_QUEUED, _HELD, _PUBLISH = State.QUEUED.value, State.HELD.value, Verdict.PUBLISH.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The result for a log that verifies.

    `signed` is the size of the newest checkpoint: later entries are hashed and numbered, but not
    signed yet. `checkpoints` counts the stored checkpoints, `kept` those of the auditor, `kinds`
    the entries of each kind.
    """

    size: int
    root: bytes
    signed: int
    checkpoints: int
    kept: int
    kinds: Mapping[str, int]
    anchored: AnchorCoverage = field(default_factory=AnchorCoverage)


class Verification:
    """A verification under way. It takes the log piece by piece, from entry 0 on, and raises
    LogInvalid at the first piece that does not verify."""

    def __init__(
        self,
        *,
        origin: str,
        keys: Sequence[NoteKey],
        kept: Iterable[str] = (),
        anchors: AnchorCheck | None = None,
    ) -> None:
        self._anchors = anchors or AnchorCheck(Quorum())
        self._origin = origin
        self._keys = tuple(keys)
        self._kept = sorted(
            (open_checkpoint(note, self._keys, origin=origin) for note in kept),
            key=lambda checkpoint: checkpoint.size,
        )
        self._kept_count = len(self._kept)
        self._frontier = Frontier()
        self._signed = 0  # size of the last stored checkpoint that matched
        self._matched = 0  # size of the last kept checkpoint that matched
        self._checkpoints = 0
        self._kinds: Counter[str] = Counter()
        # For each entry, a fingerprint of the delivery or expiry that it allows; 0 for none.
        self._allows = array("q")

    def add(self, entries: Sequence[Entry], checkpoints: Sequence[StoredCheckpoint] = ()) -> None:
        """Verify the next entries, and the stored checkpoints whose last entry is among them; both
        ascending. Raises LogInvalid."""
        start = self._frontier.size
        leaves = [self._verify_entry(seq, entry) for seq, entry in enumerate(entries, start)]
        stop = start + len(leaves)
        due = [(self._open_stored(stored), False) for stored in checkpoints]
        self._checkpoints += len(due)
        while self._kept and self._kept[0].size <= stop:
            due.append((self._kept.pop(0), True))
        done = 0
        for checkpoint, kept in sorted(due, key=lambda item: (item[0].size, not item[1])):
            upto = checkpoint.size - start
            if upto > len(leaves):
                raise LogInvalid(_missing_problem(checkpoint), index=stop)
            self._frontier.extend(leaves[done:upto])
            done = max(done, upto)
            self._compare_root(checkpoint, kept=kept)
        self._frontier.extend(leaves[done:])

    def finish(self, newest: StoredCheckpoint | None = None) -> Verified:
        """Finish after the last entry. `newest` is the newest stored checkpoint, if there is one.
        Raises LogInvalid."""
        size = self._frontier.size
        last = [(checkpoint, True) for checkpoint in self._kept]
        if newest:
            last.append((self._open_stored(newest), False))
        for checkpoint, kept in last:
            if checkpoint.size > size:
                raise LogInvalid(_missing_problem(checkpoint), index=size)
            if checkpoint.size == size:
                self._compare_root(checkpoint, kept=kept)
        return Verified(
            size=size,
            root=self._frontier.root(),
            signed=self._signed,
            checkpoints=self._checkpoints,
            kept=self._kept_count,
            kinds=dict(sorted(self._kinds.items())),
            anchored=self._anchors.done(),
        )

    def _open_stored(self, stored: StoredCheckpoint) -> Checkpoint:
        """Open a stored checkpoint, and take its anchors."""
        size, root, note = stored
        checkpoint = open_checkpoint(note, self._keys, origin=self._origin)
        if (checkpoint.size, checkpoint.root) != (size, root):
            raise LogInvalid(f"the columns of the checkpoint of size {size} are not what it signed")
        self._anchors.see(checkpoint)
        return checkpoint

    def _compare_root(self, checkpoint: Checkpoint, *, kept: bool) -> None:
        """Compare a checkpoint with the root of the entries so far."""
        size = checkpoint.size
        if size != self._frontier.size:
            raise LogInvalid("the checkpoints are out of order")
        if checkpoint.root != self._frontier.root():
            start = self._matched if kept else self._signed
            raise LogInvalid(
                f"one of the entries {start} to {size - 1} is not that which the "
                f"{'kept ' if kept else ''}checkpoint of size {size} signed",
                index=start,
            )
        if kept:
            self._matched = size
        else:
            self._signed = size

    def _verify_entry(self, seq: int, entry: Entry) -> bytes:
        """Verify an entry by itself; return its leaf."""
        body = entry.body
        if entry.seq != seq:
            raise LogInvalid(f"is missing: number {entry.seq} comes in its place", index=seq)
        if type(body) is not bytes:  # SQLite columns may hold any type
            raise LogInvalid("its body is not bytes", index=seq)
        leaf = sha256(b"\x00" + body).digest()
        if leaf != entry.leaf:
            raise LogInvalid("its body is not what its hash says", index=seq)
        try:
            document = orjson.loads(body)
            kind = document["kind"]
            if not (
                document["seq"] == seq
                and kind == entry.kind
                and document["message_id"] == entry.message_id
                and document["tenant"] == entry.tenant
                and datetime.fromisoformat(document["timestamp"]) == entry.at
            ):
                raise LogInvalid("its columns are not what its body says", index=seq)
            self._allows.append(self._allowed_fingerprint(seq, kind, document))
        except (KeyError, TypeError, ValueError) as error:
            raise LogInvalid("is not in the format of an entry", index=seq) from error
        self._kinds[kind] += 1
        return leaf

    def _allowed_fingerprint(self, seq: int, kind: str, document: Mapping[str, Any]) -> int:
        """Verify that an earlier entry allowed this one; return a fingerprint of the delivery or
        expiry that this one allows, 0 for none."""
        if kind in _JUDGED_KINDS:
            state = document["state"]
            if state == _QUEUED and document["verdict"] == _PUBLISH:
                return _sending_fingerprint(document, document["disclosure"]["content_hash"])
            if state == _HELD:
                return _holding_fingerprint(document)
        elif kind == _DELIVERY:
            needed = _sending_fingerprint(document, document["content_hash"])
            if not self._is_allowed(document["allowed_by"], needed):
                raise LogInvalid("no earlier entry allowed this delivery", index=seq)
        elif kind == _EXPIRY and not self._is_allowed(
            document["held_by"], _holding_fingerprint(document)
        ):
            raise LogInvalid("no earlier entry held what expired", index=seq)
        return 0

    def _is_allowed(self, seq: int, needed: int) -> bool:
        """Whether entry `seq` allowed what has the fingerprint `needed`."""
        return 0 <= seq < len(self._allows) and self._allows[seq] == needed


def verify(
    entries: Iterable[Entry],
    *,
    checkpoints: Iterable[StoredCheckpoint],
    keys: Sequence[NoteKey],
    origin: str,
    kept: Iterable[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Verified:
    """Verify a log that is at hand: `entries` ascending, and its stored `checkpoints`.

    `kept` are signed notes that the auditor kept. `progress` is called with the number of entries
    done, after each piece.

    Raises LogInvalid, naming the first bad entry where one can be named.
    """
    verification = Verification(origin=origin, keys=keys, kept=kept)
    stored = sorted(checkpoints, key=itemgetter(0))
    rest, done, first = iter(entries), 0, 0
    while chunk := list(islice(rest, CHUNK_ENTRIES)):
        done += len(chunk)
        last = bisect_right(stored, done, key=itemgetter(0))
        verification.add(chunk, stored[first:last])
        first = last
        if progress:
            progress(done)
    return verification.finish(stored[-1] if stored else None)


# Fingerprints are hashes of Python, which have another key in every process: they are not stored.
# They are never 0.


def _sending_fingerprint(document: Mapping[str, Any], content_hash: str) -> int:
    receipt = document["receipt"]
    return (
        hash(
            (
                document["message_id"],
                document["decision_id"],
                receipt["id"],
                receipt["sha256"],
                content_hash,
            )
        )
        or 1
    )


def _holding_fingerprint(document: Mapping[str, Any]) -> int:
    return hash((document["message_id"], document["decision_id"], _HELD)) or 1


def _missing_problem(checkpoint: Checkpoint) -> str:
    return f"is missing: a checkpoint signed {checkpoint.size} entries"
