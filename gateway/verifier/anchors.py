"""Which keys of the file can be trusted, and which checkpoints witnesses cosigned, given what the
auditor has from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gateway.verifier.evidence import EvidenceHeader
from gateway.verifier.note import MalformedNote, SignedCheckpoint, TrustedKey
from gateway.verifier.report import FROM_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditorInput:
    """What the auditor has from elsewhere than the file.

    `keys` are keys of the log, `kept` checkpoints that the auditor kept, with the names of their
    files, `witnesses` keys of witnesses. With `trust_file`, the keys that the evidence file names
    are taken for those of the log.
    """

    keys: Sequence[TrustedKey] = ()
    kept: Sequence[tuple[str, SignedCheckpoint]] = ()
    witnesses: Sequence[TrustedKey] = ()
    trust_file: bool = False


@dataclass(slots=True)
class WitnessCoverage:
    """The checkpoints that one witness cosigned: how many, and the size and time (seconds since
    1970) of the largest."""

    count: int = 0
    size: int = 0
    at: int = 0


class KeyTrust:
    """The keys of the log and of witnesses, and what each is good for.

    `trusted` says where each trusted key comes from; `others` are named in the file alone;
    `strangers` were given by the auditor, but bear the name of another log. `witnesses` says what
    each witness cosigned.
    """

    def __init__(self, header: EvidenceHeader, given: AuditorInput) -> None:
        in_file = [key for key in header.keys if key.name == header.origin]
        self.strangers = [key for key in given.keys if key.name != header.origin]
        self.trusted = {key: "from you" for key in given.keys if key.name == header.origin}
        for key in in_file:
            for name, checkpoint in given.kept:
                if key not in self.trusted and _is_signed(checkpoint, key):
                    self.trusted[key] = f"signed {name}, which you kept"
            if given.trust_file:
                self.trusted.setdefault(key, FROM_FILE)
        self.others = [key for key in in_file if key not in self.trusted]
        self.witnesses = {key: WitnessCoverage() for key in given.witnesses}

    def trusts(self, checkpoint: SignedCheckpoint) -> bool:
        """Whether a trusted key signed the checkpoint. Raises MalformedNote when no known key did,
        or when a signature by a known key is wrong."""
        others = [checkpoint.signed_at(key) for key in self.others]
        trusted = [checkpoint.signed_at(key) for key in self.trusted]
        if all(at is None for at in others + trusted):
            raise MalformedNote("no known key signed it")
        return any(at is not None for at in trusted)

    def trust_announced(self, announced: dict[str, int], signed: int) -> None:
        """Trust the keys that a signed entry announces. `announced` has the number of the entry by
        the SHA-256 of the key; the first `signed` entries are under a trusted key."""
        for key in list(self.others):
            entry = announced.get(sha256(key.raw).hexdigest(), signed)
            if entry < signed:
                self.others.remove(key)
                self.trusted[key] = f"announced in entry {entry}, signed by an earlier key"

    def count_cosignatures(self, checkpoint: SignedCheckpoint) -> None:
        """Note the witnesses that cosigned. Raises MalformedNote for a wrong cosignature."""
        for key, coverage in self.witnesses.items():
            at = checkpoint.signed_at(key)
            if at is not None:
                coverage.count += 1
                if checkpoint.size >= coverage.size:
                    coverage.size, coverage.at = checkpoint.size, at

    def keys(self) -> list[dict[str, str]]:
        """All keys of the log for the report, and where they come from."""
        known = [{"key": str(key), "from": source} for key, source in self.trusted.items()]
        return known + [{"key": str(key), "from": "named in the file alone"} for key in self.others]


def _is_signed(checkpoint: SignedCheckpoint, key: TrustedKey) -> bool:
    try:
        return checkpoint.signed_at(key) is not None
    except MalformedNote:
        return False
