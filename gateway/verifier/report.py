"""The report of a verification, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

FROM_FILE = "FROM THE FILE ITSELF"
"""The source of a key that is trusted because the evidence file names it."""

MAX_LISTED = 100
"""Findings that are listed; further ones are only counted."""

KEPT_CHECK = "The checkpoints that you kept are beginnings of this log"
WITNESS_CHECK = "Witnesses saw this log"

CHECKS = {
    "The file is whole": ("file-cut", "file-count", "line-damaged", "body-withheld"),
    "Numbers run from 0, without gap or repetition": (
        "entry-missing",
        "entry-repeated",
        "entry-number",
    ),
    "Every entry is what its hash says, in the format of an entry": (
        "entry-changed",
        "entry-malformed",
    ),
    "Checkpoints are of this log and signed by its key": (
        "checkpoint-malformed",
        "checkpoint-origin",
        "checkpoint-signature",
    ),
    "The keys are known from elsewhere than the file": ("keys-unproven",),
    "The entries are those that the checkpoints signed": (
        "root-differs",
        "checkpoint-place",
        "log-shorter",
        "unsigned",
    ),
    KEPT_CHECK: (
        "kept-differs",
        "kept-origin",
        "kept-signature",
        "kept-longer",
        "fork",
    ),
    WITNESS_CHECK: ("witness-missing", "witness-signature"),
    "Every delivery was allowed by an earlier decision, once": (
        "delivery-unallowed",
        "delivered-twice",
        "sent-unallowed",
        "message-repeated",
    ),
    "Every review and expiry is of a message that was held": ("review-unheld", "expiry-unheld"),
    "Every erasure says what was erased, when, by whom": ("erasure-malformed",),
}
"""Each check, and the codes of the findings by which it fails."""

_LIMITS = {
    KEPT_CHECK: "A log rewritten as a whole and signed anew by the holder of its key looks the "
    "same. A checkpoint that you kept earlier (--checkpoint) shows it",
    WITNESS_CHECK: "Another auditor may have been shown another log. A witness (--witness-key), or "
    "comparing checkpoints among auditors, shows it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFinding:
    """Something that does not verify. `entry` is the number of the entry concerned, or of the first
    one that may be; `line` is the line of the file."""

    code: str
    text: str
    entry: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = f"entry {self.entry}: " if self.entry is not None else ""
        at = f" (line {self.line} of the file)" if self.line is not None else ""
        return f"{where}{self.text}{at} [{self.code}]"


@dataclass(slots=True, kw_only=True)
class VerificationReport:
    """The result of examining one evidence file. `signed` counts the entries under a checkpoint by
    a trusted key, `readable` those whose bodies are in the file. `tenant` is that of the header.
    `left_out` names the checks for which the auditor gave nothing."""

    file: str
    sha256: str
    bytes: int
    created_at: str
    tenant: str | None
    origin: str
    checked_at: str
    keys: list[dict[str, str]] = field(default_factory=list)
    entries: int = 0
    readable: int = 0
    signed: int = 0
    root: str = ""
    first_at: str = ""
    last_at: str = ""
    checkpoints: dict[str, int] = field(default_factory=dict)
    kept: list[dict[str, str | int]] = field(default_factory=list)
    witnesses: list[dict[str, str | int]] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    findings: list[VerificationFinding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        return not self.counts

    @property
    def first(self) -> VerificationFinding | None:
        """The finding with the smallest entry number, or one without a number if none has one."""
        return min(self.findings, key=_entry_order, default=None)

    @property
    def headline(self) -> str:
        if self.verified:
            which = f"all {self.entries} entries of {self.origin}"
            if self.readable < self.entries:
                which += f", {self.readable} of them with their content"
            if any(key["from"] == FROM_FILE for key in self.keys):
                return f"AGREES WITH ITSELF, under keys that nobody vouches for: {which}"
            return f"VERIFIED: {which}"
        return (
            f"NOT VERIFIED: {_count_findings(sum(self.counts.values()))} in the log {self.origin}"
        )

    @property
    def listed(self) -> list[str]:
        """The findings as sentences: those about entries first, by number."""
        listed = [str(finding) for finding in sorted(self.findings, key=_entry_order)]
        more = sum(self.counts.values()) - len(listed)
        if more > 0:
            listed.append(f"and {more} more that are not listed: {_counts_text(self.counts)}")
        return listed

    @property
    def limits(self) -> list[str]:
        """What the verification does not show, even of a log that verifies."""
        limits = [_LIMITS[name] for name in self.left_out]
        return [*limits, "What was never written into the log, no log shows"]

    def checks(self) -> Iterator[tuple[str, str]]:
        """Each check and its result."""
        for name, codes in CHECKS.items():
            failed = sum(self.counts.get(code, 0) for code in codes)
            if failed:
                yield name, f"FAILED, {_count_findings(failed)}"
            else:
                yield name, "not asked for" if name in self.left_out else "holds"

    def sections(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """The sections of the report: a title, and rows of a label and a value."""
        yield (
            "Evidence",
            [
                ("file", self.file),
                ("SHA-256 of the file", self.sha256),
                ("made at, as it says", self.created_at),
                ("made for", "all tenants" if self.tenant is None else f"tenant {self.tenant}"),
                ("checked at", self.checked_at),
            ],
        )
        rows = [("origin", self.origin), ("entries", str(self.entries))]
        if self.readable < self.entries:
            rows.append(("of them only hashes, not readable", str(self.entries - self.readable)))
        rows += [
            ("signed under your keys", str(self.signed)),
            ("root", self.root),
            ("from, to", f"{self.first_at} – {self.last_at}"),
            ("checkpoints in the file", _counts_text(self.checkpoints)),
        ]
        yield "Log", rows
        yield "Keys", [(key["from"], key["key"]) for key in self.keys]
        kept = [(str(row["file"]), f"{row['size']} entries: {row['result']}") for row in self.kept]
        yield "Kept checkpoints", kept or [("none", "given with --checkpoint")]
        witnesses = [
            (
                str(row["name"]),
                "{cosigned} checkpoints, up to {size} entries, at {at}".format(**row),
            )
            for row in self.witnesses
        ]
        yield "Witnesses", witnesses or [("none", "given with --witness-key")]
        yield (
            "Content",
            [
                ("entries by kind", _counts_text(self.kinds)),
                ("verdicts", _counts_text(self.verdicts)),
                ("deliveries", _counts_text(self.deliveries)),
                ("pairs", _counts_text(self.pairs)),
                ("erased", _counts_text(self.erased)),
            ],
        )


def as_json(report: VerificationReport) -> str:
    """The report as JSON in ASCII, so that no text of the file can control the terminal."""
    first = asdict(report.first) if report.first else None
    whole = {
        "verified": report.verified,
        "headline": report.headline,
        "first": first,
        "checks": dict(report.checks()),
        **asdict(report),
        "limits": report.limits,
    }
    return json.dumps(whole, indent=2)


def as_text(report: VerificationReport) -> str:
    """The report as text, with unprintable characters replaced."""
    lines = [report.headline, ""]
    if report.first:
        lines += [f"First: {report.first}", ""]
    width = max(map(len, CHECKS))
    lines += [f"  {name:{width}}  {end}" for name, end in report.checks()]
    for title, rows in report.sections():
        lines += ["", title, *(f"  {label}: {value}" for label, value in rows)]
    lists = {
        "Findings": report.listed,
        "Warnings": report.warnings,
        "What this does not show": report.limits,
    }
    for title, items in lists.items():
        if items:
            lines += ["", title, *(f"  - {item}" for item in items)]
    return "\n".join("".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines)


def _entry_order(finding: VerificationFinding) -> tuple[bool, int]:
    return finding.entry is None, finding.entry or 0


def _count_findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _counts_text(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
