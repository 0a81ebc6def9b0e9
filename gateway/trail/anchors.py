"""Anchors: cosignatures of witnesses and time stamps, by which others vouch for a checkpoint.

A checkpoint without an anchor is only its operator's word: whoever has the log's key can sign
another history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import LogInvalid
from gateway.trail.checkpoint import Checkpoint
from gateway.trail.note import NoteKey, cosignatures

CheckStamp = Callable[[bytes, bytes], datetime]
"""Takes an authority's response and the stamped bytes; returns the time of the stamp. Raises
LogInvalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedCheckpoints:
    """The checkpoints that one witness cosigned: how many, and the size and time of the newest."""

    name: str
    checkpoints: int = 0
    size: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorCoverage:
    """How far the anchors of a verified log reach.

    `witnessed` is the size of the newest checkpoint that `quorum` witnesses cosigned, `stamped`
    that of the newest stamped one; each covers all entries below that number. `only_ours` counts
    checkpoints without any anchor. Stamps that could not be checked, because the authority's
    certificate is missing, count only as `unchecked_stamps`.
    """

    quorum: int = 0
    witnesses: tuple[WitnessedCheckpoints, ...] = ()
    witnessed: int = 0
    witnessed_checkpoints: int = 0
    stamped: int = 0
    stamped_at: datetime | None = None
    stamps: int = 0
    unchecked_stamps: int = 0
    only_ours: int = 0


@dataclass(frozen=True, slots=True)
class Quorum:
    """The witnesses of the log, and how many different ones must cosign a checkpoint."""

    keys: tuple[NoteKey, ...] = ()
    needed: int = 0

    def met_by(self, note: str) -> bool:
        """Whether enough witnesses cosigned this note; False when no witness is needed. Raises
        LogInvalid when a cosignature by a known key does not verify."""
        if not self.needed:
            return False
        names = {cosignature.key.name for cosignature in cosignatures(note, self.keys)}
        return len(names) >= self.needed


class AnchorCheck:
    """Collects the anchors of checkpoints while a log is verified. Raises LogInvalid for a
    cosignature that does not verify.

    `stamped` are the sizes of checkpoints with a verified time stamp.
    """

    def __init__(
        self, quorum: Quorum, *, stamped: Sequence[int] = (), unchecked_stamps: int = 0
    ) -> None:
        self._quorum = quorum
        self._seen = {key.name: WitnessedCheckpoints(name=key.name) for key in quorum.keys}
        self._stamped = set(stamped)
        self._unchecked = unchecked_stamps
        self._last = -1
        self._witnessed = self._witnessed_checkpoints = self._only_ours = 0

    def see(self, checkpoint: Checkpoint) -> None:
        """Take the next checkpoint, in the order of sizes; one that was seen before is ignored."""
        if checkpoint.size <= self._last:
            return
        self._last = checkpoint.size
        cosigned = cosignatures(checkpoint.note, self._quorum.keys)
        for cosignature in cosigned:
            before = self._seen[cosignature.key.name]
            self._seen[cosignature.key.name] = WitnessedCheckpoints(
                name=before.name,
                checkpoints=before.checkpoints + 1,
                size=checkpoint.size,
                at=datetime.fromtimestamp(cosignature.at, UTC),
            )
        names = {cosignature.key.name for cosignature in cosigned}
        if self._quorum.needed and len(names) >= self._quorum.needed:
            self._witnessed = checkpoint.size
            self._witnessed_checkpoints += 1
        if not cosigned and checkpoint.size not in self._stamped:
            self._only_ours += 1

    def done(self, stamped_at: datetime | None = None) -> AnchorCoverage:
        """The coverage of all checkpoints seen; `stamped_at` is the time of the newest stamp."""
        return AnchorCoverage(
            quorum=self._quorum.needed,
            witnesses=tuple(self._seen.values()),
            witnessed=self._witnessed,
            witnessed_checkpoints=self._witnessed_checkpoints,
            stamped=max(self._stamped, default=0),
            stamped_at=stamped_at,
            stamps=len(self._stamped),
            unchecked_stamps=self._unchecked,
            only_ours=self._only_ours,
        )


def check_stamps(
    stamps: Sequence[tuple[int, str, bytes]],
    texts: dict[int, str],
    check: CheckStamp | None,
) -> dict[int, datetime]:
    """Verify time stamps; return the earliest time of each stamped checkpoint, by its size.

    `stamps` are size, authority and response; `texts` are the signed texts of checkpoints by size.
    Without `check`, nothing is verified and nothing returned. Raises LogInvalid.
    """
    stamped_at: dict[int, datetime] = {}
    for size, tsa, response in stamps if check else ():
        if size not in texts:
            raise LogInvalid(f"a time stamp by {tsa} is of size {size}: no checkpoint is")
        try:
            at = check(response, texts[size].encode()) if check else None
        except LogInvalid as error:
            raise LogInvalid(f"checkpoint of size {size}: {error.problem}") from error
        if at is not None:
            stamped_at[size] = min(at, stamped_at.get(size, at))
    return stamped_at
