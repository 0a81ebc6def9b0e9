"""Leaves out findings of facts that a creator makes public, so that those are not stripped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from gateway.model.finding import Detection, Finding
from gateway.model.text import ReadText
from gateway.pii.characters import digits_of, letters_and_digits_of
from gateway.pii.context import fold
from gateway.pii.pseudonyms import SUBSCRIBER_DIGITS
from gateway.pii.rule import DENIED

_BY_WORD = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"})
_WRITTEN_ONE_WAY = frozenset({"EMAIL_ADDRESS", "URL", "HANDLE", "SECRET"})
_WORD = re.compile(r"\w+")


def without_public_facts(detection: Detection, read: ReadText, facts: tuple[str, ...]) -> Detection:
    """`detection` without the findings that `facts` make public. Findings of the deny-list stay.

    Names and places are left out word by word ("Léa" of "Merci Léa"), and the other words of the
    span stay found. Any other finding is left out only as a whole: a public "lea.fr" makes no
    address "someone@lea.fr" public. Pure.
    """
    if not facts or not detection.findings:
        return detection
    public = _PublicFacts(facts)
    findings: list[Finding] = []
    for finding in detection.findings:
        if finding.in_human_text or finding.kind == DENIED:
            findings.append(finding)
        elif finding.kind in _BY_WORD:
            findings.extend(_without_public_words(finding, read, public))
        else:
            start, end = read.normalised.from_original(finding.start, finding.end)
            if not public.contain(finding.kind, read.normalised.text[start:end]):
                findings.append(finding)
    return replace(detection, findings=tuple(findings))


class _PublicFacts:
    """Facts in the forms that findings are compared with."""

    def __init__(self, facts: tuple[str, ...]) -> None:
        self._facts = [fold(unicodedata.normalize("NFKC", fact)) for fact in facts]
        self.words = frozenset(word for fact in self._facts for word in _WORD.findall(fact))

    def contain(self, kind: str, value: str) -> bool:
        """Whether the facts contain `value`, a finding of `kind` in its normalised form."""
        value = fold(value).strip()
        if kind in _WRITTEN_ONE_WAY:
            return any(
                _stands_in(_without_link_prefix(value), _without_link_prefix(fact))
                for fact in self._facts
            )
        key = letters_and_digits_of(value)
        digits = digits_of(key)[-SUBSCRIBER_DIGITS:]
        if kind == "PHONE_NUMBER" and len(digits) == SUBSCRIBER_DIGITS:
            return any(_ends_number(digits, fact) for fact in self._facts)
        return bool(key) and any(_stands_among_signs(key, fact) for fact in self._facts)


def _without_public_words(
    finding: Finding, read: ReadText, public: _PublicFacts
) -> Iterator[Finding]:
    start, end = read.normalised.from_original(finding.start, finding.end)
    text = read.normalised.text
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    kept = [span for span in words if fold(text[slice(*span)]) not in public.words]
    if len(kept) == len(words):
        yield finding
        return
    for piece_start, piece_end in kept:
        first, last = read.normalised.to_original(piece_start, piece_end)
        yield replace(finding, start=first, end=last)


def _without_link_prefix(text: str) -> str:
    """`text` without the scheme, www and trailing slash of a link."""
    return re.sub(r"(?:https?://)?(?:www\.)?", "", text).rstrip("/")


def _stands_in(value: str, fact: str) -> bool:
    if not value:
        return False
    return re.search(rf"(?<![\w.@+\-/]){re.escape(value)}(?![\w@/\-]|\.\w)", fact) is not None


def _stands_among_signs(key: str, fact: str) -> bool:
    """Whether the letters and digits of `key` stand in `fact` between word borders, and not
    inside a longer row of groups of digits."""
    loose = r"[^\w]{0,3}".join(map(re.escape, key))
    return re.search(rf"(?<!\w)(?<!\d[ .\-]){loose}(?!\w)(?![ .\-]\d)", fact) is not None


def _ends_number(digits: str, fact: str) -> bool:
    return any(
        letters_and_digits_of(run).endswith(digits)
        for run in re.findall(r"\+?\d(?:[ .\-/()]{0,3}\d)*", fact)
    )
