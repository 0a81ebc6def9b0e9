"""`DisguisedRule`: finds values behind a disguise, such as numbers in words ("zéro six douze …") or
with letters for digits ("O6 l2 34 56 78")."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import regex

from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.placeholders import PlaceholderWord
from gateway.pii.recognizers.generic.number_words import (
    HAN_NUMERALS,
    HANGUL_NUMERALS,
    JOINERS,
    PLUS,
    number_words,
)
from gateway.pii.rule import PiiRule, RuleHit, ScanDeadline, matches

_PIECES = re.compile(r"[^\W_]|(?:[^\w\s]|[_\s])+")
_LEAST_WORDS = 2  # number words of a text: one alone makes no number worth finding
_LONGEST = 5  # words of one number: novecentos e trinta e quatro
_WORD = regex.compile(r"[^\W\d_]+")
_LETTERS = str.maketrans("OoQlI|", "000111")
_LOOKALIKE = re.compile(r"(?<!\w)(?=[OoQlI|]*\d)[\dOoQlI|]*[OoQlI|][\dOoQlI|]*(?!\w)")
# Groups of two or more letters and no digit, beside a group with a digit.
_BARE_GROUP = re.compile(
    r"(?<![\w])(?:(?<=\d[ .\-])|(?<=[OoQlI|][ .\-]))[OoQlI|]{2,}(?!\w)"
    r"|(?<!\w)[OoQlI|]{2,}(?=[ .\-][OoQlI|]*\d)"
)
_SIGNS = r"(?:[^\w\s]|[_\s]){1,6}?"
_SINGLES = regex.compile(rf"(?<![^\W_])[^\W_](?:{_SIGNS}[^\W_](?![^\W_])){{5,}}+")
# The four inner ones of at least six characters; begins with a sign, as signs are fewer than
# letters.
_APART_QUICK = re.compile(r"[\W_][^\W_](?:[\W_]{1,6}[^\W_]){3}[\W_]")
_BETWEEN = r"[\s,.\-]{1,3}"


@dataclass(frozen=True)
class _View:
    """A text with its disguise undone. `spans[i]` is the span of the message that the character
    `text[i]` came from; `replaced` has the offsets of characters that the disguise had hidden."""

    text: str = field(repr=False)
    spans: tuple[tuple[int, int], ...]
    replaced: frozenset[int]


class NumberWords:
    """A disguise: numbers in words. Its view has digits for them."""

    name = "InWords"
    about = "The same in words (en, fr, es, de, it, pt)."

    def __init__(self) -> None:
        self._words = number_words()
        parts = {part for word in self._words for part in word.split("-")} - JOINERS
        self.gate = Prefilter(words=frozenset(parts), least_words=_LEAST_WORDS)
        self.identity = hashlib.sha256(repr(sorted(self._words.items())).encode()).hexdigest()

    def view(self, text: str, budget_s: float) -> _View:
        deadline = ScanDeadline(budget_s)
        words = [
            (match.start(), match.end(), match[0].casefold())
            for match in matches(_WORD, text, budget_s)
        ]
        replacements: list[tuple[int, int, str]] = []
        at = 0
        while at < len(words):
            deadline.check()
            count, digits = self._longest_number(text, words, at)
            if (
                count
                and replacements
                and replacements[-1][2] == "+"
                and replacements[-1][1] + 1 == words[at][0]
            ):
                digits, start = f"+{digits}", replacements.pop()[0]
            else:
                start = words[at][0]
            if count:
                replacements.append((start, words[at + count - 1][1], digits))
            elif words[at][2] in PLUS:
                replacements.append((start, words[at][1], "+"))
            at += max(count, 1)
        return _view_of(text, [edit for edit in replacements if edit[2] != "+"])

    def _longest_number(
        self, text: str, words: list[tuple[int, int, str]], at: int
    ) -> tuple[int, str]:
        """The longest number that begins with word `at`: its number of words and its digits; 0 and
        "" when none does."""
        if words[at][2] not in self.gate.words:
            return 0, ""
        spoken = [words[at][2]]
        for before, (start, _, word) in pairwise(words[at : at + _LONGEST]):
            if text[before[1] : start] not in {" ", "-"}:
                break
            spoken.append(word)
        for count in range(len(spoken), 0, -1):
            digits = self._words.get("-".join(spoken[:count]))
            if digits is not None:
                return count, digits
        return 0, ""


class Lookalikes:
    """A disguise: letters that look like digits, inside numbers. Its view has digits for them."""

    name = "Lookalike"
    about = "The same with O, Q, l, I or | for 0 and 1."
    gate = Prefilter(digits=3, quick=re.compile(r"\d[OoQlI|]|[OoQlI|]\d|\d[ .\-][OoQlI|]{2}"))

    def view(self, text: str, budget_s: float) -> _View:
        return _view_of(
            text,
            [
                (match.start(), match.end(), match[0].translate(_LETTERS))
                for match in sorted(
                    (*_LOOKALIKE.finditer(text), *_BARE_GROUP.finditer(text)), key=re.Match.start
                )
            ],
            join=False,
        )


def _numeral_runs(numerals: str, counted: str) -> str:
    """A pattern of seven or more numerals or digits with up to two signs between them; none of
    `counted`, words for ten, hundred and so on, stands beside them."""
    return (
        rf"(?<![{numerals}\d{counted}])[{numerals}\d]"
        rf"(?:[ \-.,、·~]{{0,2}}[{numerals}\d]){{6,30}}+(?![{numerals}{counted}])"
    )


_HAN, _HANGUL = "".join(HAN_NUMERALS), "".join(HANGUL_NUMERALS)
_NUMERAL_RUN = regex.compile(
    f"{_numeral_runs(_HAN, '十百千万亿廿拾佰仟萬億')}|{_numeral_runs(_HANGUL, '십백천만억')}"
)
_NUMERALS = HAN_NUMERALS | HANGUL_NUMERALS | {"、": " "}


class Numerals:
    """A disguise: the numerals by which Chinese, Japanese and Koreans read digits out. Its view has
    digits for them."""

    name = "InNumerals"
    about = "The same in Chinese, Japanese or Korean numerals, digit by digit."
    gate = Prefilter(
        wide=True,
        quick=re.compile(
            rf"[{_HAN}{_HANGUL}][ \-.,、·~]{{0,2}}[{_HAN}{_HANGUL}\d]"
            rf"|\d[ \-.,、·~]{{0,2}}[{_HAN}{_HANGUL}]"
        ),
    )

    def view(self, text: str, budget_s: float) -> _View:
        return _view_of(
            text,
            [
                (at, at + 1, _NUMERALS[text[at]])
                for match in matches(_NUMERAL_RUN, text, budget_s)
                for at in range(match.start(), match.end())
                if text[at] in _NUMERALS
            ],
            join=False,
        )


class Apart:
    """A disguise: letters and digits set apart by signs, by emoji or, with `spaces`, by white
    space. Its view has them joined. Some values are not looked for in letters set apart by white
    space: people count that way, too."""

    name = "Apart"
    about = "The same with every letter and digit set apart."
    gate = Prefilter(quick=_APART_QUICK)

    def __init__(self, *, spaces: bool) -> None:
        self._spaces = spaces

    def view(self, text: str, budget_s: float) -> _View:
        pieces: list[str] = []
        spans: list[tuple[int, int]] = []
        replaced: set[int] = set()
        position = 0
        for match in matches(_SINGLES, text, budget_s):
            pieces.append(text[position : match.start()])
            spans += [(at, at + 1) for at in range(position, match.start())]
            before = len(spans)
            for start, end, spoken in _join_pieces(match[0], match.start(), spaces=self._spaces):
                pieces.append(spoken)
                spans += [(start, end)] * len(spoken)
            replaced.update(range(before, len(spans)))
            position = match.end()
        pieces.append(text[position:])
        spans += [(at, at + 1) for at in range(position, len(text))]
        return _View("".join(pieces), tuple(spans), frozenset(replaced))


def _join_pieces(run: str, offset: int, *, spaces: bool) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and new text of each piece of a run of single characters. The sign that sets
    most of them apart is dropped; other signs, which separate groups, stay."""
    pieces = [(match.start(), match[0]) for match in _PIECES.finditer(run)]
    signs = Counter(piece for _, piece in pieces if not piece.isalnum())
    apart: str | None = signs.most_common(1)[0][0]
    if apart is not None and apart.isspace() and not spaces:
        apart = None
    for at, piece in pieces:
        spoken = (
            piece
            if piece.isalnum()
            else ""
            if piece == apart
            else piece.strip() or (" " if spaces else piece)
        )
        yield offset + at, offset + at + len(piece), spoken


def _view_of(text: str, replacements: list[tuple[int, int, str]], *, join: bool = True) -> _View:
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    replaced: set[int] = set()
    position = 0
    for start, end, digits in replacements:
        kept = text[position:start]
        # Words stand apart more widely than groups of digits: one space is enough.
        if join and position and re.fullmatch(_BETWEEN, kept):
            kept = " "
            spans.append((position, start))
        else:
            spans += [(at, at + 1) for at in range(position, start)]
        replaced.update(range(len(spans), len(spans) + len(digits)))
        spans += [(start, end)] * len(digits)
        pieces += (kept, digits)
        position = end
    pieces.append(text[position:])
    spans += [(at, at + 1) for at in range(position, len(text))]
    return _View("".join(pieces), tuple(spans), frozenset(replaced))


Disguise = NumberWords | Lookalikes | Numerals | Apart
"""A way to hide a value; its `view` undoes it."""


@dataclass(frozen=True, kw_only=True)
class DisguisedRule:
    """A detection rule that finds what `inner` finds once `disguise` is undone, if the value was in
    disguise at least in part."""

    inner: PiiRule
    disguise: Disguise

    @property
    def name(self) -> str:
        return self.disguise.name + self.inner.name

    @property
    def kind(self) -> str:
        return self.inner.kind

    @property
    def placeholder(self) -> PlaceholderWord:
        return self.inner.placeholder

    @property
    def gate(self) -> Prefilter:
        return self.disguise.gate

    @property
    def about(self) -> str:
        return self.disguise.about

    @property
    def identity(self) -> str:
        return repr(
            (
                self.name,
                self.inner.identity,
                self.disguise.identity if isinstance(self.disguise, NumberWords) else "",
                _LOOKALIKE.pattern,
                _BARE_GROUP.pattern,
                _SINGLES.pattern,
                _NUMERAL_RUN.pattern,
            )
        )

    def hits(self, message: ScannedText, budget_s: float) -> Iterator[RuleHit]:
        if not self.gate.opens(message):
            return
        view, seen = message.once(self.disguise, lambda: self._undo_disguise(message, budget_s))
        if not view.replaced or not self.inner.gate.opens(seen):
            return
        for hit in self.inner.hits(seen, budget_s):
            if view.replaced.isdisjoint(range(hit.start, hit.end)):
                continue
            yield replace(
                hit,
                start=view.spans[hit.start][0],
                end=view.spans[hit.end - 1][1],
                source=self.name,
            )

    def _undo_disguise(self, message: ScannedText, budget_s: float) -> tuple[_View, ScannedText]:
        view = self.disguise.view(message.text, budget_s)
        return view, ScannedText(view.text, message.places)
