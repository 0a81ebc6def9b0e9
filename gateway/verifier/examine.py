"""Verifies the lines of an evidence file, with what the auditor has from elsewhere.

1. Entries have all numbers from 0 on; the hash of each body is the leaf; and what an entry records
   was allowed by an earlier one (`log_replay.py`).
2. Every checkpoint in the file is signed by a key of the log, and its root is that of the entries
   before it; so all checkpoints are consistent with one another.
3. The same holds for every checkpoint that the auditor kept. None covers more entries than there
   are.
4. A key counts only when it comes from the auditor, signed a checkpoint that the auditor kept, or
   is announced in an entry under such a key (`anchors.py`).

After a finding it goes on, as long as later lines can still be judged.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gateway.verifier.anchors import AuditorInput, KeyTrust
from gateway.verifier.evidence import DamagedFile, Evidence, parse_object
from gateway.verifier.log_replay import LogReplay
from gateway.verifier.note import MalformedNote, SignedCheckpoint
from gateway.verifier.report import (
    FROM_FILE,
    KEPT_CHECK,
    MAX_LISTED,
    WITNESS_CHECK,
    VerificationFinding,
    VerificationReport,
)
from gateway.verifier.tree import RootAccumulator, leaf_of

_MAX_MISSING_ENTRIES = 1_000_000
"""Missing entries in all. After more, the rest is not examined: each missing entry takes memory."""

_MAX_TEXT = 300  # characters of a finding's text; longer ones are cut
_PROGRESS_LINES = 512  # lines between two calls of `progress`


OnStamp = Callable[[int, str, bytes], None]
"""Takes the size and text of a checkpoint, and an authority's response over that text."""


def examine(
    evidence: Evidence,
    given: AuditorInput,
    progress: Callable[[int], None] = lambda entries: None,
    stamped: OnStamp = lambda size, text, answer: None,
) -> VerificationReport:
    """Verify an evidence file; return the report.

    `progress` is called now and then with the number of lines done. `stamped` is called with each
    time stamp, which is not verified here.
    """
    examination = _Examination(evidence, given, stamped)
    try:
        for number, line in enumerate(evidence.lines(), 2):
            examination.add(number, line)
            if number % _PROGRESS_LINES == 0:
                progress(number)
    except DamagedFile as error:
        examination.find("file-cut", f"{error}; what comes after it was not read")
    return examination.report()


class _Examination:
    """The state of an examination: the tree, the replayed entries and the findings so far."""

    def __init__(self, evidence: Evidence, given: AuditorInput, stamped: OnStamp) -> None:
        self._evidence = evidence
        self._stamped = stamped
        self._header = evidence.header
        self._given = given
        self._anchors = KeyTrust(evidence.header, given)
        self._findings: list[VerificationFinding] = []
        self._counts: Counter[str] = Counter()
        self._line: int | None = None
        self._replay = LogReplay(lambda seq, code, text: self.find(code, text, entry=seq))
        self._tree = RootAccumulator()
        self._broken = False  # an entry is missing: no later root can be compared
        self._differs = False  # a root differed: later ones will too
        self._next = 0  # number of the next entry
        self._missing = 0
        self._entries = self._readable = self._signed = self._matched = 0
        self._checkpoints: Counter[str] = Counter()
        self._ended = False
        self._last: SignedCheckpoint | None = None
        self._kept = sorted(given.kept, key=lambda kept: kept[1].size, reverse=True)
        self._kept_by_size: dict[int, SignedCheckpoint] = {}
        self._kept_results: list[dict[str, str | int]] = []
        for name, checkpoint in given.kept:
            self._examine_kept(name, checkpoint)
        self._compare_kept()

    def find(self, code: str, text: str, *, entry: int | None = None) -> None:
        """Record a finding; those after the first MAX_LISTED are only counted."""
        self._counts[code] += 1
        if len(self._findings) < MAX_LISTED:
            text = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"
            finding = VerificationFinding(code=code, text=text, entry=entry, line=self._line)
            self._findings.append(finding)

    # What the auditor kept

    def _examine_kept(self, name: str, checkpoint: SignedCheckpoint) -> None:
        if checkpoint.origin != self._header.origin:
            self.find("kept-origin", f"{name}, which you kept, is of the log {checkpoint.origin}")
        try:
            self._anchors.trusts(checkpoint)
            self._anchors.count_cosignatures(checkpoint)
        except MalformedNote as error:
            self.find("kept-signature", f"{name}, which you kept: {error}")
        other = self._kept_by_size.setdefault(checkpoint.size, checkpoint)
        if other.root != checkpoint.root:
            self._find_fork(checkpoint.size, "two checkpoints that you kept")

    def _compare_kept(self) -> None:
        """Compare the kept checkpoints of the present size with the root."""
        while self._kept and self._kept[-1][1].size == self._next:
            name, checkpoint = self._kept.pop()
            if self._broken:
                result = "could not be compared: entries before it are missing"
            elif checkpoint.root == self._tree.root():
                result = "is the beginning of this log"
                self._note_match(checkpoint)
            else:
                result = "DIFFERS"
                text = f"it, or one up to {self._next - 1}, is not that of {name}, which you kept"
                self.find("kept-differs", text, entry=self._matched)
            row: dict[str, str | int] = {"file": name, "size": checkpoint.size, "result": result}
            self._kept_results.append(row)

    def _note_match(self, checkpoint: SignedCheckpoint) -> None:
        """Note that a checkpoint has the root of the entries so far."""
        self._matched = self._next
        try:
            trusted = self._anchors.trusts(checkpoint)
        except MalformedNote:
            return  # it is among the findings already
        if trusted:
            self._signed = self._next
            self._anchors.trust_announced(self._replay.key_changes, self._signed)
        else:
            self._checkpoints["by keys that you did not give"] += 1

    def _find_fork(self, size: int, which: str) -> None:
        """Record the finding that two signed checkpoints of one size have different roots."""
        self.find(
            "fork",
            f"{which}, both signed by the log, have different roots for {size} entries: proof "
            "that there are two logs. Keep both files",
        )

    # Lines

    def add(self, number: int, line: bytes) -> None:
        """Examine the next line of the file."""
        self._line = number
        try:
            parsed = parse_object(line)
            if self._ended:
                self.find("file-count", "the file goes on after its end")
            elif "seq" in parsed:
                self._examine_entry(parsed)
            elif "checkpoint" in parsed:
                self._examine_checkpoint(parsed["checkpoint"])
            elif "stamp" in parsed:
                self._examine_stamp(parsed["stamp"])
            elif "end" in parsed:
                self._examine_end(parsed["end"])
            else:
                self.find("line-damaged", "a line of a kind that this verifier does not know")
        except (KeyError, TypeError, ValueError) as error:
            self._broken = self._broken or not line.startswith(b'{"checkpoint"')
            why = "is not JSON" if isinstance(error, ValueError) else "is malformed"
            self.find("line-damaged", f"a line {why}", entry=self._next)

    def _examine_entry(self, line_json: dict[str, Any]) -> None:
        seq, leaf = line_json["seq"], b64decode(line_json["leaf"], validate=True)
        if type(seq) is not int or len(leaf) != 32:
            raise TypeError
        if not self._is_next(seq):
            return
        self._tree.add(leaf)
        self._next += 1
        self._entries += 1
        if "body" in line_json:
            self._readable += 1
            self._examine_body(seq, leaf, line_json["body"])
        else:
            self._replay.skip()
            if "bytes" in line_json:
                self.find("entry-malformed", "its body is not UTF-8", entry=seq)
            elif self._header.tenant is None:
                self.find("body-withheld", "its body was left out of the file", entry=seq)
        self._compare_kept()

    def _is_next(self, seq: int) -> bool:
        """Whether the entry can be taken as number `seq`, after recording any that are missing."""
        missing = seq - self._next
        if missing == 0:
            return True
        self._broken = True
        if missing < 0:
            self.find("entry-repeated", "comes again, or too late", entry=seq)
            return False
        text = f"and all up to {seq - 1} are missing" if missing > 1 else "is missing"
        self.find("entry-missing", text, entry=self._next)
        self._missing += missing
        if self._missing > _MAX_MISSING_ENTRIES:
            return False
        for _ in range(missing):
            self._replay.skip()
            self._next += 1
            self._compare_kept()
        return True

    def _examine_body(self, seq: int, leaf: bytes, body: str) -> None:
        """Examine a body. The tree has the entry's leaf whatever the body is, so that a body that
        was changed alone is found, and later roots can still be compared."""
        try:
            if leaf_of(body.encode()) != leaf:
                self.find("entry-changed", "its body is not what its hash says", entry=seq)
            parsed = parse_object(body)
        except (AttributeError, ValueError):
            self.find("entry-malformed", "its body is not JSON", entry=seq)
            self._replay.skip()
        else:
            self._replay.add(seq, parsed)

    def _examine_checkpoint(self, note: str) -> None:
        self._checkpoints["in all"] += 1
        try:
            checkpoint = SignedCheckpoint.parse(note)
        except MalformedNote as error:
            self.find("checkpoint-malformed", f"a checkpoint: {error}")
            return
        name = f"the checkpoint of size {checkpoint.size}"
        if checkpoint.origin != self._header.origin:
            self.find("checkpoint-origin", f"{name} is of another log, {checkpoint.origin}")
            return
        try:
            self._anchors.trusts(checkpoint)
        except MalformedNote as error:
            self.find("checkpoint-signature", f"{name}: {error}", entry=self._matched)
            return
        self._compare_with_others(checkpoint)
        self._compare_with_root(checkpoint)
        try:
            self._anchors.count_cosignatures(checkpoint)
        except MalformedNote as error:
            self.find("witness-signature", f"{name}: {error}")

    def _examine_stamp(self, stamp_json: dict[str, Any]) -> None:
        response = b64decode(stamp_json["response"], validate=True)
        if self._last is None or stamp_json["size"] != self._last.size:
            self.find("checkpoint-place", "a time stamp does not follow its checkpoint")
            return
        self._checkpoints["time stamps, not checked here"] += 1
        self._stamped(self._last.size, self._last.text, response)

    def _compare_with_others(self, checkpoint: SignedCheckpoint) -> None:
        """Compare a checkpoint's root with those of others of its size, in the file or kept."""
        last, self._last = self._last, checkpoint
        kept = self._kept_by_size.get(checkpoint.size)
        if kept and kept.root != checkpoint.root:
            self._find_fork(checkpoint.size, "a checkpoint in the file and one that you kept")
        if last and last.size == checkpoint.size and last.root != checkpoint.root:
            self._find_fork(checkpoint.size, "two checkpoints in the file")

    def _compare_with_root(self, checkpoint: SignedCheckpoint) -> None:
        """Compare a checkpoint with the root of the entries before it."""
        size, seen = checkpoint.size, self._next
        if size > seen:
            self._differs = True
            text = f"is missing: a checkpoint at this place signed {size} entries"
            self.find("log-shorter", text, entry=seen)
        elif size < seen:
            text = f"the checkpoint of size {size} stands after {seen} entries, out of its place"
            self.find("checkpoint-place", text)
        elif self._broken or self._differs:
            self._checkpoints["that could not be compared"] += 1
        elif checkpoint.root != self._tree.root():
            self._differs = True
            text = f"it, or one up to {size - 1}, is not that which the checkpoint of {size} signed"
            self.find("root-differs", text, entry=self._matched)
        else:
            self._checkpoints["that match"] += 1
            self._note_match(checkpoint)

    def _examine_end(self, announced: dict[str, Any]) -> None:
        self._ended = True
        counted = {"entries": self._entries, "checkpoints": self._checkpoints["in all"]}
        if {name: announced[name] for name in counted} != counted:
            self.find("file-count", f"the file announces {announced}, and has {counted}")

    # The end

    def report(self) -> VerificationReport:
        """Finish after the last line; return the report."""
        self._line = None
        if not self._ended and not self._counts["file-cut"]:
            self.find("file-cut", "the file breaks off before its end", entry=self._next)
        warnings = self._find_at_end()
        header, replay = self._header, self._replay
        return VerificationReport(
            file=self._evidence.name,
            sha256=self._evidence.digest,
            bytes=self._evidence.read,
            created_at=header.created_at,
            tenant=header.tenant,
            origin=header.origin,
            checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
            keys=self._anchors.keys(),
            entries=self._entries,
            readable=self._readable,
            signed=self._signed,
            root=b64encode(self._tree.root()).decode(),
            first_at=replay.first_at,
            last_at=replay.last_at,
            checkpoints=dict(self._checkpoints),
            kept=self._kept_results,
            witnesses=[
                {
                    "name": key.name,
                    "cosigned": seen.count,
                    "size": seen.size,
                    "at": _time_text(seen.at),
                }
                for key, seen in self._anchors.witnesses.items()
            ],
            kinds=dict(sorted(replay.kinds.items())),
            verdicts=dict(sorted(replay.verdicts.items())),
            deliveries=dict(sorted(replay.states.items())),
            pairs=replay.pairs(),
            erased=dict(replay.erased),
            findings=self._findings,
            counts=dict(self._counts),
            warnings=warnings,
            left_out=[
                *([] if self._given.kept else [KEPT_CHECK]),
                *([] if self._given.witnesses else [WITNESS_CHECK]),
            ],
        )

    def _find_at_end(self) -> list[str]:
        """Record the findings that only the end shows; return the warnings."""
        size = self._next
        for name, checkpoint in reversed(self._kept):
            text = f"is missing: {name}, which you kept, signed {checkpoint.size} entries"
            self.find("kept-longer", text, entry=size)
            row: dict[str, str | int] = {"file": name, "size": checkpoint.size}
            self._kept_results.append({**row, "result": "is LONGER than this log"})
        if not self._anchors.trusted:
            text = "no key of the log from you, and no checkpoint that you kept: whoever made the "
            self.find("keys-unproven", text + "file can have signed it with a key of their own")
        elif self._broken or self._differs:
            pass  # nothing later could be compared, which is among the findings already
        elif self._signed < size or not self._checkpoints["in all"]:
            text = f"it and all up to {size - 1} are under no checkpoint that your keys signed"
            self.find("unsigned", text, entry=self._signed)
        warnings = []
        for key, seen in self._anchors.witnesses.items():
            if not seen.count:
                self.find("witness-missing", f"{key.name} cosigned no checkpoint in the file")
            elif seen.size < size:
                newer = f"{size - seen.size} entries are newer than what it last cosigned"
                warnings.append(f"witness {key.name}: {newer}")
        return warnings + self._warnings()

    def _warnings(self) -> list[str]:
        warnings = [
            f"the key {key.name}+{key.id.hex()}, which you gave, is of another log"
            for key in self._anchors.strangers
        ]
        hidden = self._entries - self._readable
        if FROM_FILE in self._anchors.trusted.values():
            warnings.append(
                "THE KEYS COME FROM THE FILE ITSELF. This shows only that the file agrees with "
                "itself. Get the log's key from elsewhere, and give it with --key"
            )
        if self._header.strange_keys:
            warnings.append(f"{self._header.strange_keys} keys in the file are of unknown kinds")
        if self._checkpoints["by keys that you did not give"]:
            warnings.append("some checkpoints are signed by other keys of the log: give those too")
        if hidden:
            warnings.append(f"{hidden} entries are only hashes here: their content was not checked")
        for kind, count in self._replay.strange_kinds.items():
            warnings.append(f"{count} entries are of the unknown kind {kind!r}: not judged")
        return warnings


def _time_text(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else "no time"
    except (OSError, OverflowError, ValueError):
        return f"second {seconds}"
