"""Numbers in words ("zéro six douze …") or with letters for digits ("O6 l2 34 56 78")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import regex

from gateway.pii.message import Gate, Message
from gateway.pii.rule import Hit, Rule, matches

_LANGUAGES = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze"
    " seize dix-sept dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
}
_TENS = {
    "en": {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy",
           80: "eighty", 90: "ninety"},
    "fr": {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante",
           70: "septante", 80: "huitante", 90: "nonante"},
}  # fmt: skip
_PIECES = re.compile(r"[^\W_]|(?:[^\w\s]|[_\s])+")
_LEAST_WORDS = 2
_LETTERS = str.maketrans("OoQlI|", "000111")
_LOOKALIKE = re.compile(r"(?<!\w)(?=[OoQlI|]*\d)[\dOoQlI|]*[OoQlI|][\dOoQlI|]*(?!\w)")
# Groups of two and more letters alone, beside a group with a digit in it.
_BARE_GROUP = re.compile(
    r"(?<![\w])(?:(?<=\d[ .\-])|(?<=[OoQlI|][ .\-]))[OoQlI|]{2,}(?!\w)"
    r"|(?<!\w)[OoQlI|]{2,}(?=[ .\-][OoQlI|]*\d)"
)
_SIGNS = r"(?:[^\w\s]|[_\s]){1,6}?"
_SINGLES = regex.compile(rf"(?<![^\W_])[^\W_](?:{_SIGNS}[^\W_](?![^\W_])){{5,}}+")
# The four inner ones of the six: begins with a sign, of which there are fewer than letters.
_APART_QUICK = re.compile(r"[\W_][^\W_](?:[\W_]{1,6}[^\W_]){3}[\W_]")
_BETWEEN = r"[\s,.\-]{1,3}"


def _numbers() -> dict[str, str]:
    """Words to digits; in the keys "-" stands for a hyphen or a space."""
    words: dict[str, str] = {"oh": "0", "nought": "0", "zwo": "2"}
    for listed in _LANGUAGES.values():
        words.update({word: str(value) for value, word in enumerate(listed.split())})
    for language, tens in _TENS.items():
        units = _LANGUAGES[language].split()
        for ten, name in tens.items():
            words[name] = str(ten)
            words.update({f"{name}-{units[unit]}": str(ten + unit) for unit in range(1, 10)})
    french = _LANGUAGES["fr"].split()
    for unit in range(20):
        words[f"soixante-{french[unit]}"] = str(60 + unit)
        words[f"quatre-vingt-{french[unit]}"] = str(80 + unit)
    words |= {"quatre-vingt": "80", "quatre-vingts": "80", "soixante-et-onze": "71"}
    words |= {f"{_TENS['fr'][ten]}-et-un": str(ten + 1) for ten in (20, 30, 40, 50, 60)}
    for value in range(1, 10):  # "zéro six" in one breath
        words[f"zéro-{french[value]}"] = f"0{value}"
    words |= {word.replace("é", "e").replace("ê", "e"): to for word, to in words.items()}
    return words


@dataclass(frozen=True)
class _View:
    """The text with digits for words. `spans[i]` is where the character `text[i]` came from."""

    text: str = field(repr=False)
    spans: tuple[tuple[int, int], ...]
    replaced: frozenset[int]


class Words:
    """Digits for number words."""

    name = "InWords"
    about = "The same in words (en, fr; single digits in es, de, it, pt)."

    def __init__(self) -> None:
        self._words = _numbers()
        listed = sorted(self._words, key=len, reverse=True)
        body = "|".join(regex.escape(word).replace(r"\-", "[ -]") for word in listed)
        self._word = regex.compile(rf"(?<![^\W\d_])(?:{body})(?![^\W\d_])", regex.IGNORECASE)
        parts = frozenset(part for word in self._words for part in word.split("-"))
        self.gate = Gate(words=parts, least_words=_LEAST_WORDS)

    def view(self, text: str, budget_s: float) -> _View:
        found = matches(self._word, text, budget_s)
        return _view(
            text,
            [
                (match.start(), match.end(), self._words[key])
                for match, key in ((match, _key(match[0])) for match in found)
                if key in self._words  # rare letters match more than their lower case
            ],
        )


class Lookalikes:
    """Digits for letters inside numbers."""

    name = "Lookalike"
    about = "The same with O, Q, l, I or | for 0 and 1."
    gate = Gate(digits=3, quick=re.compile(r"\d[OoQlI|]|[OoQlI|]\d|\d[ .\-][OoQlI|]{2}"))

    def view(self, text: str, budget_s: float) -> _View:
        return _view(
            text,
            [
                (match.start(), match.end(), match[0].translate(_LETTERS))
                for match in sorted(
                    (*_LOOKALIKE.finditer(text), *_BARE_GROUP.finditer(text)), key=re.Match.start
                )
            ],
            join=False,
        )


class Apart:
    """Values whose letters and digits are set apart, joined: by signs, emoji or, with `spaces`,
    by white space, as people also count."""

    name = "Apart"
    about = "The same with every letter and digit set apart."
    gate = Gate(quick=_APART_QUICK)

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
            for start, end, said in _joined(match[0], match.start(), spaces=self._spaces):
                pieces.append(said)
                spans += [(start, end)] * len(said)
            replaced.update(range(before, len(spans)))
            position = match.end()
        pieces.append(text[position:])
        spans += [(at, at + 1) for at in range(position, len(text))]
        return _View("".join(pieces), tuple(spans), frozenset(replaced))


def _joined(run: str, offset: int, *, spaces: bool) -> Iterator[tuple[int, int, str]]:
    """Start, end and what is left of each piece of a run of single characters: the sign that
    sets most of them apart goes, what parts the groups stays."""
    pieces = [(match.start(), match[0]) for match in _PIECES.finditer(run)]
    signs = Counter(piece for _, piece in pieces if not piece.isalnum())
    apart: str | None = signs.most_common(1)[0][0]
    if apart is not None and apart.isspace() and not spaces:
        apart = None
    for at, piece in pieces:
        said = (
            piece
            if piece.isalnum()
            else ""
            if piece == apart
            else piece.strip() or (" " if spaces else piece)
        )
        yield offset + at, offset + at + len(piece), said


def _key(word: str) -> str:
    return word.casefold().replace(" ", "-")


def _view(text: str, instead: list[tuple[int, int, str]], *, join: bool = True) -> _View:
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    replaced: set[int] = set()
    position = 0
    for start, end, digits in instead:
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


@dataclass(frozen=True, kw_only=True)
class DisguisedRule:
    """What `inner` finds once the disguise is undone, where a disguise was part of it."""

    inner: Rule
    disguise: Words | Lookalikes | Apart

    @property
    def name(self) -> str:
        return self.disguise.name + self.inner.name

    @property
    def kind(self) -> str:
        return self.inner.kind

    @property
    def gate(self) -> Gate:
        return self.disguise.gate

    @property
    def about(self) -> str:
        return self.disguise.about

    @property
    def identity(self) -> str:
        return repr(
            (
                self.name,
                _LANGUAGES,
                _TENS,
                _LOOKALIKE.pattern,
                _BARE_GROUP.pattern,
                _SINGLES.pattern,
            )
        )

    def hits(self, message: Message, budget_s: float) -> Iterator[Hit]:
        if not self.gate.opens(message):  # one number word makes no number
            return
        view, seen = message.once(self.disguise, lambda: self._seen(message, budget_s))
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

    def _seen(self, message: Message, budget_s: float) -> tuple[_View, Message]:
        view = self.disguise.view(message.text, budget_s)
        return view, Message(view.text, message.places)
