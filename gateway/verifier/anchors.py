"""What the auditor brings, and what of the file's claims follows from it: which keys are the
log's, which witnesses saw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gateway.verifier.evidence import Header
from gateway.verifier.note import Malformed, SignedCheckpoint, TrustedKey
from gateway.verifier.report import FROM_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenKey:
    """What the auditor brings: keys of the log, checkpoints kept earlier by the name of their
    file, keys of witnesses. `trust_file`: take the keys that the file names for the log's."""

    keys: Sequence[TrustedKey] = ()
    kept: Sequence[tuple[str, SignedCheckpoint]] = ()
    witnesses: Sequence[TrustedKey] = ()
    trust_file: bool = False


@dataclass(slots=True)
class WitnessCoverage:
    """What one witness cosigned: how many checkpoints, and the size and time of the largest."""

    count: int = 0
    size: int = 0
    at: int = 0


class AnchorReview:
    """`trusted` keys, each with where it comes from; `others` that the file names; `witnesses`
    and what they saw. A log's key bears the log's name; `strangers` that the auditor gave bear
    another."""

    def __init__(self, header: Header, given: GivenKey) -> None:
        ours = [key for key in header.keys if key.name == header.origin]
        self.strangers = [key for key in given.keys if key.name != header.origin]
        self.trusted = {key: "from you" for key in given.keys if key.name == header.origin}
        for key in ours:
            for name, checkpoint in given.kept:
                if key not in self.trusted and _is_signed(checkpoint, key):
                    self.trusted[key] = f"signed {name}, which you kept"
            if given.trust_file:
                self.trusted.setdefault(key, FROM_FILE)
        self.others = [key for key in ours if key not in self.trusted]
        self.witnesses = {key: WitnessCoverage() for key in given.witnesses}

    def trusts(self, checkpoint: SignedCheckpoint) -> bool:
        """Whether a trusted key signed it. Raises Malformed when no known key did, or when the
        signature by any known one is wrong."""
        others = [checkpoint.signed_at(key) for key in self.others]
        trusted = [checkpoint.signed_at(key) for key in self.trusted]
        if all(at is None for at in others + trusted):
            raise Malformed("no known key signed it")
        return any(at is not None for at in trusted)

    def announced(self, announced: dict[str, int], signed: int) -> None:
        """`signed` entries are covered by a trusted key now: so are the keys that one of them
        announces (SHA-256 → entry)."""
        for key in list(self.others):
            entry = announced.get(sha256(key.raw).hexdigest(), signed)
            if entry < signed:
                self.others.remove(key)
                self.trusted[key] = f"announced in entry {entry}, signed by an earlier key"

    def witnessed(self, checkpoint: SignedCheckpoint) -> None:
        """Raises Malformed for a wrong cosignature."""
        for key, seen in self.witnesses.items():
            at = checkpoint.signed_at(key)
            if at is not None:
                seen.count += 1
                if checkpoint.size >= seen.size:
                    seen.size, seen.at = checkpoint.size, at

    def keys(self) -> list[dict[str, str]]:
        """All of them, and where they come from."""
        known = [{"key": str(key), "from": source} for key, source in self.trusted.items()]
        return known + [{"key": str(key), "from": "named in the file alone"} for key in self.others]


def _is_signed(checkpoint: SignedCheckpoint, key: TrustedKey) -> bool:
    try:
        return checkpoint.signed_at(key) is not None
    except Malformed:
        return False
