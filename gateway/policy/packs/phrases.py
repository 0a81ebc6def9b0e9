"""Reads `*.phrases.yaml`: lists of patterns by language, compiled in RE2 (linear time).

Patterns are matched on the folded form of a text. A space stands for a run of white space or of
light punctuation. Languages written with spaces get word boundaries, in any script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import re2

from gateway.errors import PolicyInvalid
from gateway.policy.packs.source import DataFile

MAX_PATTERN = 2_000
"""Most code points of one pattern. A longer one should be split into several."""
UNSPACED = frozenset({"bo", "ja", "km", "lo", "my", "th", "zh"})
"""Languages written without spaces between words: their patterns get no word boundaries."""

_FIELDS = {"list", "in", "languages"}
_WHERE = ("text", "human")
_LIST = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CLASS = re.compile(r"\\[A-Zp]|\[:")
_EDGE = r"[^\p{L}\p{M}\p{N}]"
_GAP = r"(?:[\s,*~]+)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhrasePattern:
    """One pattern. `scan` is cheap and finds at least what `exact` finds; `exact` holds the
    boundaries of `spaced` languages, and the finding is its group 1."""

    list: str
    language: str
    source: str
    scan: str
    exact: str
    spaced: bool
    in_text: bool
    in_human: bool


def read_patterns(files: Iterable[DataFile]) -> tuple[PhrasePattern, ...]:
    """All patterns of `files`. Raises the first PolicyInvalid."""
    patterns: list[PhrasePattern] = []
    for pattern_or_problem in patterns_and_problems(files):
        if isinstance(pattern_or_problem, PolicyInvalid):
            raise pattern_or_problem
        patterns.append(pattern_or_problem)
    return tuple(patterns)


def patterns_and_problems(files: Iterable[DataFile]) -> Iterator[PhrasePattern | PolicyInvalid]:
    """Yield every usable pattern, and what is wrong with the others."""
    for file in files:
        shape = _shape_problem(file)
        if shape is not None:
            yield PolicyInvalid(file.path, *shape)
            continue
        for language, sources in file.value["languages"].items():
            for source in sources:
                made = _read_pattern(file.value, language, source)
                if isinstance(made, PhrasePattern):
                    yield made
                else:
                    yield PolicyInvalid(f"{file.path}, {language}: {source!r:.80}", *made)


def _shape_problem(file: DataFile) -> tuple[str, str] | None:
    value: Any = file.value
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        return "it does not have exactly list, in and languages", "Write these three keys."
    if not isinstance(value["list"], str) or not _LIST.fullmatch(value["list"]):
        return "list is not a dotted name", "Write one like creator.promise."
    places = value["in"]
    if not isinstance(places, list) or not places or any(place not in _WHERE for place in places):
        return "in is not a list of text and human", "Write in: [text]."
    return _languages_shape(value["languages"])


def _languages_shape(languages: Any) -> tuple[str, str] | None:
    if not isinstance(languages, dict) or not languages:
        return "languages is empty", "Write patterns below a language, such as en."
    for language, sources in languages.items():
        if not _LANGUAGE.fullmatch(language):
            return f"{language!r} is not a language tag", "Write one like en or zh-Hant."
        if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
            return f"{language} is not a list of texts", "Quote patterns that look otherwise."
    return None


def _read_pattern(
    value: dict[str, Any], language: str, source: str
) -> PhrasePattern | tuple[str, str]:
    """The pattern, or (problem, mend)."""
    if not source.strip() or len(source) > MAX_PATTERN:
        return f"it is empty or longer than {MAX_PATTERN} characters", "Split it."
    if source != source.lower() and not _CLASS.search(source):
        return "it has capitals, and the folded form has none", "Write it in lower case."
    body = widen(source)
    try:
        compiled = compile_pattern(f"(?:{body})")
    except re2.error:
        return "RE2 does not take it", "Look-around and back references are not allowed."
    if compiled.search("") is not None:
        return "it matches the empty text", "Make a part of it necessary."
    spaced = language.split("-", 1)[0] not in UNSPACED
    leads = spaced and _begins_with_small_letter(compiled)
    return PhrasePattern(
        list=value["list"],
        language=language,
        source=source,
        scan=rf"\b(?:{body})" if leads else f"(?:{body})",
        exact=f"(?:^|{_EDGE})({body})(?:$|{_EDGE})" if spaced else f"({body})",
        spaced=spaced,
        in_text="text" in value["in"],
        in_human="human" in value["in"],
    )


def widen(source: str) -> str:
    """`source` with each space, outside of brackets, standing for a gap between words."""
    parts: list[str] = []
    in_class = escaped = False
    for char in source:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        elif char == " " and not in_class:
            parts.append(_GAP)
            continue
        parts.append(char)
    return "".join(parts)


def quiet_options(memory: int = 4 << 20) -> Any:
    """RE2 options that write nothing to stderr and bound its states to `memory` bytes."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    return options


def compile_pattern(pattern: str) -> Any:
    """Compile `pattern` in RE2. Raises re2.error."""
    return re2.compile(pattern, quiet_options())


def _begins_with_small_letter(compiled: Any) -> bool:
    """Whether every match begins with a to z: then RE2's cheap ASCII boundary is enough before
    it."""
    try:
        low, high = compiled.possiblematchrange(10)
    except re2.error:
        return False
    return bool(low and high) and low[:1] >= b"a" and high[:1] <= b"z"
