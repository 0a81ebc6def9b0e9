"""`Languages`: tells the language of a message, by script and then by words.

Chat is short: Latin-script languages are told apart by their own small words, and by letter
sequences only where there are none or they disagree.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from gateway.text.ngrams import Ngrams
from gateway.text.words import HINTS, LETTERS, WORDS

UNDECIDED = "und"
"""The BCP 47 tag of a text whose language nothing tells."""

_READ = 2_000  # characters of a text that are looked at: more change no answer
_WELL_FORMED = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:-[A-Za-z]{3}){0,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[A-WYZa-wyz0-9](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?"
)
# ISO 639-2 and 639-3 codes of languages that have a shorter one, which BCP 47 asks for.
_SHORT = {
    **{"eng": "en", "fra": "fr", "fre": "fr", "spa": "es", "deu": "de", "ger": "de", "ita": "it"},
    **{"por": "pt", "nld": "nl", "dut": "nl", "zho": "zh", "chi": "zh", "cmn": "zh", "ara": "ar"},
    **{"arb": "ar", "rus": "ru", "jpn": "ja", "kor": "ko", "hin": "hi"},
}

_NOISE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|[@#]\w+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "arabic": re.compile("[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefe]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "han": _HAN,
    "kana": re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]"),
    "hangul": re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile("[\u05d0-\u05ea]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "pa": re.compile("[\u0a00-\u0a7f]"),
    "gu": re.compile("[\u0a80-\u0aff]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"),
    "kn": re.compile("[\u0c80-\u0cff]"),
    "ml": re.compile("[\u0d00-\u0d7f]"),
    "th": re.compile("[\u0e01-\u0e5b]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
    "hy": re.compile("[\u0531-\u058f]"),
    "am": re.compile("[\u1200-\u137f]"),
}
# How many Latin letters count as much as one letter of these scripts, which need fewer of them.
_WEIGHT = {"han": 3.0, "hangul": 2.5, "kana": 2.0}
_BY_LETTER = (
    ("arabic", re.compile("[\u0679\u0688\u0691\u06ba\u06d2]"), "ur"),
    ("arabic", re.compile("[\u067e\u0686\u0698\u06af\u06cc\u06a9]"), "fa"),
    ("cyrillic", re.compile("[іїєґІЇЄҐ]"), "uk"),
    ("cyrillic", re.compile("[ђјљњћџЂЈЉЊЋЏ]"), "sr"),
)
_BY_SCRIPT = {"arabic": "ar", "cyrillic": "ru", "han": "zh", "hangul": "ko"}
# Words decide alone if the best language has at least this much evidence, and this many times that
# of the next one.
_PLENTY, _CLEAR = 2.0, 2.0
_NGRAM_WEIGHT = 0.15  # one word of its own weighs some seven nats of letter sequences
_ENOUGH = 0.25  # evidence below which a text in Latin script stays undecided
_LEAD = 0.1  # lead over the next language below which it stays so


def declared_language(tag: str | None) -> str | None:
    """The primary subtag of a well-formed BCP 47 tag (RFC 5646), lower case, shortest form;
    None for no tag, a malformed one, and those that name no language."""
    if tag is None or len(tag) > 64:
        return None
    match = _WELL_FORMED.fullmatch(tag)
    if match is None:
        return None
    language = match["language"].lower()
    return None if language in {UNDECIDED, "zxx", "mis", "mul"} else _SHORT.get(language, language)


class Languages:
    """Tells the language of a text. Built once; it keeps nothing but word weights."""

    __slots__ = ("_hints", "_hints_and_letters", "_ngrams", "_weights")

    def __init__(self) -> None:
        shared: dict[str, list[str]] = {}
        for language, words in WORDS.items():
            for word in set(words.split()):
                shared.setdefault(word, []).append(language)
        # a word of n languages tells little: dividing by n squared keeps "no", "me" and "a" from
        # deciding
        self._weights: Mapping[str, Sequence[tuple[str, float]]] = {
            word: tuple((language, 1.0 / len(languages) ** 2) for language in languages)
            for word, languages in shared.items()
        }
        self._ngrams = Ngrams()
        self._hints = tuple((re.compile(look), to, weight) for look, to, weight in HINTS)
        self._hints_and_letters = self._hints + tuple(
            (re.compile(look), to, weight) for look, to, weight in LETTERS
        )

    def __call__(self, text: str) -> tuple[str, float]:
        """The language of `text` (its normalised form) and how sure that is, 0..1; "und" and 0
        when nothing tells."""
        text = _NOISE.sub(" ", text[:_READ])
        script, share = _main_script(text)
        if script == "latin":
            return self._latin_language(text.lower(), share)
        if script is None:
            return UNDECIDED, 0.0
        if script in {"han", "kana"}:
            kana = len(_SCRIPTS["kana"].findall(text))
            japanese = script == "kana" or 4 * kana >= len(_HAN.findall(text))
            return "ja" if japanese else "zh", share
        for of, letters, language in _BY_LETTER:
            if of == script and letters.search(text) is not None:
                return language, share
        return _BY_SCRIPT.get(script, script), share

    def _latin_language(self, text: str, share: float) -> tuple[str, float]:
        votes: dict[str, float] = {}
        for word in _WORD.findall(_without_accents(text)):
            for language, weight in self._vote_by_word(word):
                votes[language] = votes.get(language, 0.0) + weight
        for more in (self._vote_by_spelling, self._vote_by_sequences):
            first, second = _two_best(votes)
            if first >= _PLENTY and first >= _CLEAR * second:
                break
            for language, weight in more(text):
                votes[language] = votes.get(language, 0.0) + weight
        first, second = _two_best(votes)
        if first < _ENOUGH or first - second < _LEAD:
            return UNDECIDED, 0.0
        best = max(votes, key=votes.__getitem__)
        return best, round(share / (1.0 + math.exp(second - first)), 4)

    def _vote_by_spelling(self, text: str) -> Iterator[tuple[str, float]]:
        for look, language, weight in self._hints if text.isascii() else self._hints_and_letters:
            count = len(look.findall(text))
            if count:
                yield language, weight * min(count, 3)

    def _vote_by_sequences(self, text: str) -> Iterator[tuple[str, float]]:
        for language, odds in self._ngrams(text).items():
            yield language, _NGRAM_WEIGHT * odds

    def _vote_by_word(self, word: str) -> Sequence[tuple[str, float]]:
        known = self._weights.get(word)
        if known is not None or "'" not in word:
            return known or ()
        head, _, tail = word.partition("'")
        return (*self._weights.get(head + "'", ()), *self._weights.get(tail, ()))


def _two_best(votes: Mapping[str, float]) -> tuple[float, float]:
    first = second = 0.0
    for vote in votes.values():
        if vote > first:
            first, second = vote, first
        elif vote > second:
            second = vote
    return first, second


def _main_script(text: str) -> tuple[str | None, float]:
    """The script of most letters of `text`, and its share; None and 0 when it has no letters."""
    if text.isascii():
        return ("latin", 1.0) if _SCRIPTS["latin"].search(text) is not None else (None, 0.0)
    counts: dict[str, float] = {}
    for script, letters in _SCRIPTS.items():
        count = len(letters.findall(text))
        if count:
            counts[script] = count * _WEIGHT.get(script, 1.0)
    if not counts:
        return None, 0.0
    best = max(counts, key=counts.__getitem__)
    return best, counts[best] / sum(counts.values())


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))
