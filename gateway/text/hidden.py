"""`clean`: makes the clean form of a text, in NFC and without hidden code points.

Hidden are the code points that Unicode calls default ignorable (DerivedCoreProperties.txt),
bidirectional controls, tag characters, variation selectors, and control codes. Kept, because a
reader sees the difference, are joiners and selectors inside emoji sequences (UTS #51),
joiners between letters of scripts that join (Arabic, Indic and others), fillers of incomplete
Hangul syllables, the selectors of Mongolian letters, break opportunities of South-East Asian
scripts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import regex

from gateway.text.tracked import Edit, Tracked

# Most marks kept on one letter: no orthography needs more, not even Hebrew with cantillation or
# Tibetan. Longer runs are cut before NFC, which sorts a run in quadratic time.
_MARKS_KEPT = 8

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f"
_SELECTORS = "\ufe00-\ufe0d"
_HIGH_SELECTORS = "\U000e0100-\U000e01ef"
_TAGS = "\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
_ZERO_WIDTH = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u17b4\u17b5\u2060-\u2065\ufeff\ufff0-\ufffb"
)
_HIGH_ZERO_WIDTH = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
_SELECTING = frozenset("\u180b\u180c\u180d\u180e\u180f\ufe0e\ufe0f")
_BLANK = "\u3164\uffa0"  # letters that look like a space: they become one
_SURROGATES = "\ud800-\udfff"
_BY_CONTEXT = "\u115f\u1160\u180b-\u180f\u200b-\u200d\ufe0e\ufe0f"  # may be genuine

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
# Two patterns, since a class that reaches past U+FFFF is many times slower.
_ALWAYS = re.compile(
    f"(?P<zero_width>[{_ZERO_WIDTH}]+)|(?P<bidi>[{_BIDI}]+)|(?P<variation_selector>[{_SELECTORS}]+)"
    f"|(?P<blank>[{_BLANK}])|(?P<surrogate>[{_SURROGATES}])"
)
_ALWAYS_HIGH = re.compile(
    f"(?P<zero_width>[{_HIGH_ZERO_WIDTH}]+)|(?P<tag>[{_TAGS}]+)"
    f"|(?P<variation_selector>[{_HIGH_SELECTORS}]+)"
)
_ANY = re.compile(f"[{_ZERO_WIDTH}{_BIDI}{_SELECTORS}{_BLANK}{_SURROGATES}{_BY_CONTEXT}]")
_ANY_HIGH = re.compile(f"[{_HIGH_ZERO_WIDTH}\U000e0000-\U000e0fff]")
_STRAY = re.compile(f"[{_BY_CONTEXT}]")

_JOINING = (
    r"[[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff\u1820-\u18aa\ufb50-\ufdff\ufe70-\ufefe]"
    r"&&[\p{L}\p{M}]]"
)
_BREAKING = r"[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]"
_EMOJI = r"\p{Extended_Pictographic}"
# Matched where such a code point stands, looking both ways.
_GENUINE = regex.compile(
    r"(?<=[0-9#*])\ufe0f(?=\u20e3)"
    rf"|(?<={_EMOJI})[\ufe0e\ufe0f]"
    rf"|(?<={_EMOJI}|{_EMOJI}[\ufe0f\U0001f3fb-\U0001f3ff])\u200d(?={_EMOJI})"
    rf"|(?<={_JOINING})\u200c(?={_JOINING})"
    rf"|(?<={_JOINING})\u200d(?![\u200b-\u200d])"
    rf"|(?<={_BREAKING})\u200b(?={_BREAKING})"
    r"|\u115f(?=[\u1161-\u11a7])"
    r"|(?<=[\u1100-\u115e\ua960-\ua97c])\u1160"
    r"|(?<=[\u1820-\u18aa])[\u180b-\u180f]",
    regex.V1,
)
# Flags of subdivisions: a region and up to three letters, so that no sentence fits in.
_TAGGED = re.compile(
    "(?P<genuine>\U0001f3f4[\U000e0061-\U000e007a]{2}"
    "[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,3}\U000e007f)"
    "|(?P<tag>[\U000e0020-\U000e007f]+)"
)

_CLUSTER = regex.compile(r"\X")
_MARKS = regex.compile(rf"[\p{{Mn}}\p{{Me}}]{{{_MARKS_KEPT + 1},}}")


def clean(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """The clean form of `tracked`. Removed code points are counted in `changes`, by kind. A lone
    surrogate, which no encoding can carry, becomes U+FFFD."""
    text = tracked.text
    if text.isascii():
        if text.isprintable() or _CONTROL.search(text) is None:
            return tracked
        return _drop_matches(tracked, _ALWAYS, changes)
    if _ANY_HIGH.search(text) is not None:
        tracked = _drop_matches(_drop_matches(tracked, _ALWAYS_HIGH, changes), _TAGGED, changes)
    if _ANY.search(text) is not None:
        tracked = _drop_stray(_drop_matches(tracked, _ALWAYS, changes), changes)
    tracked = _cap_marks(tracked, changes)
    if unicodedata.is_normalized("NFC", tracked.text):
        return tracked
    return _cap_marks(compose(tracked), changes)  # NFC splits a few marks in two


def compose(tracked: Tracked) -> Tracked:
    """Apply NFC cluster by cluster, so that offsets are kept."""
    edits: list[Edit] = []
    for match in _CLUSTER.finditer(tracked.text):
        cluster = match[0]
        if cluster.isascii():
            continue
        composed = unicodedata.normalize("NFC", cluster)
        if composed != cluster:
            edits.append((match.start(), match.end(), composed))
    return tracked.rewrite(edits, merge=True)  # NFC reorders marks


def _drop_matches(tracked: Tracked, pattern: re.Pattern[str], changes: Counter[str]) -> Tracked:
    edits: list[Edit] = []
    for match in pattern.finditer(tracked.text):
        start, end = match.span()
        kind = str(match.lastgroup)
        if kind == "genuine":
            continue
        if kind == "surrogate":
            edits.append((start, end, "\ufffd"))
        elif kind == "blank":
            edits.append((start, end, " "))
            changes["zero_width"] += 1
        else:
            edits.append((start, end, ""))
            changes[kind] += end - start
    return tracked.rewrite(edits)


def _drop_stray(tracked: Tracked, changes: Counter[str]) -> Tracked:
    edits: list[Edit] = []
    for match in _STRAY.finditer(tracked.text):
        if _GENUINE.match(tracked.text, match.start()) is None:
            edits.append((match.start(), match.end(), ""))
            selector = match[0] in _SELECTING
            changes["variation_selector" if selector else "zero_width"] += 1
    return tracked.rewrite(edits)


def _cap_marks(tracked: Tracked, changes: Counter[str]) -> Tracked:
    edits: list[Edit] = []
    for match in _MARKS.finditer(tracked.text):
        edits.append((match.start() + _MARKS_KEPT, match.end(), ""))
        changes["combining"] += match.end() - match.start() - _MARKS_KEPT
    return tracked.rewrite(edits)
