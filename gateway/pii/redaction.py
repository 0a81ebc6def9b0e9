"""Redaction: strip from a message what the REDACT obligations name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from gateway.errors import StageUndefined
from gateway.model.disclosure import Redaction, Replacement
from gateway.model.finding import Detection, Finding, Stage
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.pii.placeholders import PlaceholderWord, placeholder
from gateway.pii.pseudonyms import Pseudonyms
from gateway.ports import Redact

MODES = ("remove", "placeholder", "mask", "hmac", "pseudonym", "reversible")
"""Modes of redaction, from the one that tells least to the one that tells most. Where several
obligations name one finding, the first of their modes in this order wins."""

_DEFAULT = "placeholder"
_MASK = "•"
_PSEUDONYM_DIGITS = 6  # hex digits: enough to tell the values of one conversation apart
_GRAPHEME = regex.compile(r"\X")
_JOINS = regex.compile(r"[\p{M}\u200d\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_NEAR = 64  # characters on either side of an edge: longer than any grapheme cluster people write


@dataclass(frozen=True, slots=True)
class _Order:
    """The parameters of one REDACT obligation. `kinds` is None for all kinds of PII; `mode` is an
    index into MODES."""

    kinds: frozenset[str] | None
    mode: int
    advisory: bool


@dataclass(frozen=True, slots=True)
class _Cut:
    """One span to replace. `start` and `end` are offsets in the clean text, `original` is the span
    in the submitted text, `mode` an index into MODES. `finding` names what was found there."""

    start: int
    end: int
    mode: int
    finding: Finding
    original: tuple[int, int]


def make_redactor(secret: bytes, words: Mapping[str, PlaceholderWord]) -> Redact:
    """A function that strips from the clean text what the REDACT obligations name.

    `secret`, of at least 16 bytes, is the key of pseudonyms and reversible tokens. `words` maps
    kinds to the words that stand in for stripped values (`PiiDetector.placeholders`).

    An obligation names `params.kinds` ("*", or none given: all kinds of PII), `params.mode` (one of
    MODES, default placeholder) and `params.advisory` (true: advisory findings too). Findings that
    overlap are replaced as one. Of a part of a stream, what was released before is left out. Raises
    StageUndefined for an obligation whose parameters are not of this form, KeysInvalid for a short
    secret.
    """
    pseudonyms = Pseudonyms(secret)

    def redact(
        submission: Submission,
        read: ReadText,
        detections: Sequence[Detection],
        obligations: Sequence[Obligation],
    ) -> Redaction:
        orders = [
            _parse_order(obligation)
            for obligation in obligations
            if obligation.kind is ObligationKind.REDACT
        ]
        text, first = read.clean.text, _first_unreleased(submission, read)
        if not orders:
            return Redaction(text=text[first:])
        cuts = _merge_overlapping(_ordered_cuts(read, detections, orders))
        pieces: list[str] = []
        replacements: list[Replacement] = []
        at, position = 0, first
        for cut in (_without_released(cut, first) for cut in cuts):
            if cut.start >= cut.end:
                continue
            word = placeholder(words, cut.finding.kind, read.language)
            instead = _make_replacement(cut, word, submission, read, pseudonyms)
            kept = text[position : cut.start]
            at += len(kept)
            pieces += (kept, instead)
            replacements.append(
                Replacement(
                    finding=cut.finding,
                    start=cut.original[0],
                    end=cut.original[1],
                    at=at,
                    replacement=instead,
                )
            )
            at += len(instead)
            position = cut.end
        pieces.append(text[position:])
        return Redaction(text="".join(pieces), replacements=tuple(replacements))

    return redact


def _first_unreleased(submission: Submission, read: ReadText) -> int:
    """Offset in the clean text of the first character that has not been released."""
    stream = submission.stream
    return 0 if stream is None else read.clean.from_original(stream.fresh, stream.fresh)[0]


def _without_released(cut: _Cut, first: int) -> _Cut:
    return cut if cut.start >= first else replace(cut, start=first)


def _parse_order(obligation: Obligation) -> _Order:
    params = obligation.params
    kinds = params.get("kinds", ["*"])
    mode = params.get("mode", _DEFAULT)
    advisory = params.get("advisory", False)
    if isinstance(kinds, str) or not isinstance(kinds, Iterable):
        raise StageUndefined(Stage.REDACT, "kinds of a REDACT obligation is not a list")
    names = frozenset(str(kind) for kind in kinds)
    if mode not in MODES:
        raise StageUndefined(Stage.REDACT, "unknown mode of a REDACT obligation")
    if not isinstance(advisory, bool):
        raise StageUndefined(Stage.REDACT, "advisory of a REDACT obligation is not a boolean")
    return _Order(None if "*" in names else names, MODES.index(mode), advisory)


def _ordered_cuts(
    read: ReadText, detections: Sequence[Detection], orders: Sequence[_Order]
) -> Iterable[_Cut]:
    text = read.clean.text
    for detection in detections:
        for finding in detection.findings:
            if finding.in_human_text:
                continue
            modes = [order.mode for order in orders if _is_named(finding, order)]
            start, end = read.clean.from_original(finding.start, finding.end)
            if modes and start < end:
                start, end = _whole_graphemes(text, start, end)
                yield _Cut(start, end, min(modes), finding, (finding.start, finding.end))


def _is_named(finding: Finding, order: _Order) -> bool:
    if finding.advisory and not order.advisory:
        return False
    if order.kinds is None:
        return finding.stage is Stage.PII
    return finding.kind in order.kinds


def _whole_graphemes(text: str, start: int, end: int) -> tuple[int, int]:
    """The span, widened to whole grapheme clusters, so that no accent and no part of an emoji is
    left behind. The text is searched only where an edge is at a character that joins to others."""
    if end < len(text) and _JOINS.match(text[end]):
        for cluster in _GRAPHEME.finditer(text, max(start, end - _NEAR), end + _NEAR):
            if cluster.end() >= end:
                end = cluster.end()
                break
    if start and (_JOINS.match(text[start]) or text[start - 1] == "\u200d"):
        for cluster in _GRAPHEME.finditer(text, max(0, start - _NEAR), end):
            if cluster.end() > start:
                start = min(start, cluster.start())
                break
    return start, end


def _merge_overlapping(cuts: Iterable[_Cut]) -> list[_Cut]:
    """One cut for each group of overlapping ones, sorted by start. Its finding is the one with a
    checksum, then of the highest score, then the longest; its mode is the one that tells least."""
    merged: list[_Cut] = []
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end, _finding_rank(cut.finding))):
        if not merged or cut.start >= merged[-1].end:
            merged.append(cut)
            continue
        last = merged[-1]
        named = min((last.finding, cut.finding), key=_finding_rank)
        merged[-1] = _Cut(
            last.start,
            max(last.end, cut.end),
            min(last.mode, cut.mode),
            named,
            (min(last.original[0], cut.original[0]), max(last.original[1], cut.original[1])),
        )
    return merged


def _finding_rank(finding: Finding) -> tuple[bool, bool, float, int, str]:
    return (
        finding.advisory,
        not finding.checked,
        -finding.score,
        finding.start - finding.end,
        finding.kind,
    )


def _make_replacement(
    cut: _Cut, word: str, submission: Submission, read: ReadText, pseudonyms: Pseudonyms
) -> str:
    """What stands in for the clean text of `cut`, in its mode. `word` names its kind."""
    value = read.clean.text[cut.start : cut.end]
    mode = MODES[cut.mode]
    if mode == "remove":
        return ""
    if mode == "mask":
        return _MASK * len(_GRAPHEME.findall(value))
    kind = cut.finding.kind
    if mode == "placeholder":
        return f"[{word}]"
    if mode == "reversible":
        sealed = pseudonyms.seal(
            value, tenant=submission.tenant, place=f"{submission.message_id}:{cut.start}"
        )
        return f"[{word}:{sealed}]"
    start, end = read.normalised.from_original(*cut.original)
    normalised = read.normalised.text[start:end]
    if mode == "hmac":
        return f"[{word}#{pseudonyms.tag(kind, normalised, submission.tenant)}]"
    tag = pseudonyms.tag(kind, normalised, submission.tenant, submission.conversation)
    return f"[{word}-{tag[:_PSEUDONYM_DIGITS]}]"
