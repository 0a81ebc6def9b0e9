"""Finds phrases: the creator's and the law's word lists, in the avatar's text and the human's.

Most texts hold none, so the first step is one scan for each group of patterns of a language, joined
into one. Where it matches, a filter names the patterns, and then each is searched for its spans.
All of it runs in RE2, in linear time. (An RE2 set or filter alone keeps in its states what was
found so far: new texts keep making new states, and it stays three times slower.)
"""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from gateway.errors import PolicyInvalid
from gateway.model.finding import Detection, Finding, ModelIdentity, Stage
from gateway.model.submission import Submission
from gateway.model.text import Mapped, ReadText
from gateway.policy.packs.phrases import (
    PhrasePattern,
    compile_pattern,
    quiet_options,
    read_patterns,
)
from gateway.policy.packs.source import DataFile
from gateway.ports import Read

MAX_SOURCE = 200  # code points of a pattern, as a finding names it
MAX_FINDINGS = 20  # of one list in one text: policies need no more than one

_LONG_TEXT = 5_000  # code points; longer ones are scanned off the event loop
_GROUP = 250  # patterns scanned as one, so that their states fit into _MEMORY
_MEMORY = 24 << 20  # bytes that the states of one group may take
_CANARY = "\x01canary\x01"


class SignalDetector:
    """A Detector. `phrases` are the snapshot's files, `read` makes the forms of the human's
    message. Building one takes half a second for thousands of phrases. Raises PolicyInvalid for
    phrases that cannot be used."""

    def __init__(self, *, phrases: Sequence[DataFile], read: Read) -> None:
        self._read = read
        patterns = read_patterns(phrases)
        self._in_text = PhraseMatcher([p for p in patterns if p.in_text], in_human_text=False)
        self._in_human = PhraseMatcher([p for p in patterns if p.in_human], in_human_text=True)
        self._identity = _phrases_identity(patterns)

    @property
    def stage(self) -> Stage:
        return Stage.SIGNALS

    @property
    def identity(self) -> ModelIdentity:
        """Identity of the phrases that it looks for, as in each of its detections."""
        return self._identity

    async def warm(self) -> None:
        self._in_text.findings(Mapped("warm up", tuple(range(8))))

    async def detect(self, submission: Submission, read: ReadText) -> Detection:
        human = submission.human_text
        if max(len(submission.text), len(human or "")) > _LONG_TEXT:
            return await asyncio.to_thread(self._find_signals, read, human)
        return self._find_signals(read, human)

    async def close(self) -> None:
        return None

    def _find_signals(self, read: ReadText, human: str | None) -> Detection:
        findings = self._in_text.findings(read.folded)
        if human and self._in_human:
            findings += self._in_human.findings(self._read(human, None).folded)
        return Detection(stage=Stage.SIGNALS, findings=tuple(findings), models=(self._identity,))


def _phrases_identity(patterns: Sequence[PhrasePattern]) -> ModelIdentity:
    named = "\n".join(f"{p.list}\t{p.language}\t{p.source}" for p in patterns)
    return ModelIdentity(id="phrases", sha256=hashlib.sha256(named.encode("utf-8")).hexdigest())


class PhraseMatcher:
    """All patterns of one kind of text. Truthy when there are any."""

    def __init__(self, patterns: Iterable[PhrasePattern], *, in_human_text: bool) -> None:
        self._patterns = tuple(patterns)
        self._in_human_text = in_human_text
        self._groups = tuple(_Group.of(group) for group in _group_patterns(self._patterns))
        self._compiled: dict[str, Any] = {}  # compiled when first needed: most patterns never are

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def findings(self, folded: Mapped) -> list[Finding]:
        """The findings in `folded`, with spans of the submitted text."""
        text = folded.text.replace("_", " ")
        encoded = text.encode("utf-8", "replace")
        by_span: dict[tuple[str, int, int], Finding] = {}
        counts: dict[str, int] = {}
        for pattern in (pattern for group in self._groups for pattern in group.candidates(encoded)):
            for start, end in self._match_spans(pattern, text):
                if counts.get(pattern.list, 0) >= MAX_FINDINGS:
                    break
                if (pattern.list, start, end) in by_span:
                    continue
                counts[pattern.list] = counts.get(pattern.list, 0) + 1
                first, last = folded.to_original(start, end)
                by_span[pattern.list, start, end] = Finding(
                    stage=Stage.SIGNALS,
                    kind=pattern.list,
                    score=1.0,
                    start=first,
                    end=last,
                    source=f"{pattern.language}:{pattern.source}"[:MAX_SOURCE],
                    in_human_text=self._in_human_text,
                )
        return list(by_span.values())

    def _match_spans(self, pattern: PhrasePattern, text: str) -> Iterable[tuple[int, int]]:
        scan = self._compiled_pattern(pattern.scan)
        position = 0
        while match := scan.search(text, position):
            start, end = match.span()
            if pattern.spaced and not (_is_edge(text, start - 1) and _is_edge(text, end)):
                # Another reading of the pattern, or another place, may still have its edges.
                match = self._compiled_pattern(pattern.exact).search(text, position)
                if match is None:
                    return
                start, end = match.span(1)
            yield start, end
            position = end  # the edge itself may also begin the next match

    def _compiled_pattern(self, pattern: str) -> Any:
        compiled = self._compiled.get(pattern)
        if compiled is None:
            compiled = self._compiled[pattern] = compile_pattern(pattern)
        return compiled


def _is_edge(text: str, index: int) -> bool:
    """Whether no letter, mark or digit of any script stands at `index`."""
    return not 0 <= index < len(text) or unicodedata.category(text[index])[0] not in "LMN"


@dataclass(frozen=True, slots=True)
class _Group:
    """Patterns of one language. `together` tells whether any may be there, `filter` which."""

    patterns: tuple[PhrasePattern, ...]
    together: Any
    filter: Any

    @classmethod
    def of(cls, patterns: Sequence[PhrasePattern]) -> _Group:
        """Compile `patterns` as one group. Raises PolicyInvalid when they are too large for RE2. A
        filter whose first states do not fit into memory finds nothing and reports nothing; a canary
        pattern that it must find shows that."""
        options = quiet_options(_MEMORY)
        options.never_capture = True
        named = re2.Filter()
        for scan in (*(pattern.scan for pattern in patterns), _CANARY):
            named.Add(scan, quiet_options())
        named.Compile()
        try:
            together = re2.compile("|".join(pattern.scan for pattern in patterns), options)
        except re2.error:
            together = None
        if together is None or len(patterns) not in (named.Match(_CANARY) or ()):
            raise PolicyInvalid(
                f"phrases of {patterns[0].language}", "they are too large for RE2", "Remove some."
            )
        return cls(tuple(patterns), together, named)

    def candidates(self, encoded: bytes) -> list[PhrasePattern]:
        if self.together.search(encoded) is None:
            return []
        return [self.patterns[index] for index in sorted(self.filter.Match(encoded) or ())]


def _group_patterns(patterns: Iterable[PhrasePattern]) -> Iterable[list[PhrasePattern]]:
    languages: dict[str, list[PhrasePattern]] = {}
    for pattern in patterns:
        languages.setdefault(pattern.language, []).append(pattern)
    for group in languages.values():
        for start in range(0, len(group), _GROUP):
            yield group[start : start + _GROUP]
