"""What holds a log in place from outside: cosignatures of witnesses, and time stamps.

A checkpoint with neither is only its operator's word: who has the key can sign another history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import LogInvalid
from gateway.trail.checkpoint import Checkpoint
from gateway.trail.note import NoteKey, cosignatures

CheckStamp = Callable[[bytes, bytes], datetime]
"""an authority's answer, what was stamped → when. Raises LogInvalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedCheckpoints:
    """What one witness cosigned: how many checkpoints, the size and time of the newest."""

    name: str
    checkpoints: int = 0
    size: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """`witnessed` is the size of the newest checkpoint that `quorum` witnesses cosigned,
    `stamped` that of the newest stamped one; each speaks of all entries below it. `only_ours`
    counts checkpoints with neither cosignature nor stamp. Stamps that could not be checked, for
    want of the authority's certificate, count as `unchecked_stamps` alone."""

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
    """So many different witnesses of these must have cosigned."""

    keys: tuple[NoteKey, ...] = ()
    needed: int = 0

    def met_by(self, note: str) -> bool:
        """Raises LogInvalid when a cosignature by a known key is bad."""
        if not self.needed:
            return False
        names = {found.key.name for found in cosignatures(note, self.keys)}
        return len(names) >= self.needed


class AnchorCheck:
    """Collects them while a log is verified. Raises LogInvalid for what is wrong."""

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
        """The next checkpoint, by size."""
        if checkpoint.size <= self._last:
            return
        self._last = checkpoint.size
        given = cosignatures(checkpoint.note, self._quorum.keys)
        for one in given:
            before = self._seen[one.key.name]
            self._seen[one.key.name] = WitnessedCheckpoints(
                name=before.name,
                checkpoints=before.checkpoints + 1,
                size=checkpoint.size,
                at=datetime.fromtimestamp(one.at, UTC),
            )
        if self._quorum.needed and len({one.key.name for one in given}) >= self._quorum.needed:
            self._witnessed = checkpoint.size
            self._witnessed_checkpoints += 1
        if not given and checkpoint.size not in self._stamped:
            self._only_ours += 1

    def done(self, stamped_at: datetime | None = None) -> Anchored:
        return Anchored(
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
    """When each stamped checkpoint was stamped, by its size; `texts` are theirs. Without `check`:
    none. Raises LogInvalid."""
    found: dict[int, datetime] = {}
    for size, tsa, response in stamps if check else ():
        if size not in texts:
            raise LogInvalid(f"a time stamp by {tsa} is of size {size}: no checkpoint is")
        try:
            at = check(response, texts[size].encode()) if check else None
        except LogInvalid as error:
            raise LogInvalid(f"checkpoint of size {size}: {error.problem}") from error
        if at is not None:
            found[size] = min(at, found.get(size, at))
    return found
