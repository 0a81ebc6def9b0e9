"""Second half of the normalised form: undoes letters of one script that are written for those of
another."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from gateway.text.lexicon import Lexicon
from gateway.text.tables import Tables
from gateway.text.tracked import Edit, Tracked

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile("[A-Za-z]")
_LATIN_WORD = re.compile(r"\b[A-Za-z]{2,}\b")
_ROUNDS = 4  # most passes over a text: a word that was undone tells about its neighbours
_ONE_LETTER = frozenset("aiouy")
# After these an article stands rather than a symbol.
_BEFORE_ARTICLE_LISTED = (
    "am is are was were be been being not such as like just only really still m re s im youre hes"
    " shes its have has had got get want need made make become becoming to"
)
_BEFORE_ARTICLE = frozenset(_BEFORE_ARTICLE_LISTED.split())
_WORD_BEFORE, _WORD_AFTER = (
    re.compile(r"([A-Za-z]+) $"),
    re.compile(r" (?!(?:and|or|if|when|where|then|as|is|in|for|to)\b)[A-Za-z]{2}"),
)
_WORD_CHARS = 12  # characters before a letter in which the word before it is looked for
_SYMBOLS = 2  # letters of a unit such as kΩ or μm; a longer word of mixed letters is none
# From so many styled letters, or so many words that were undone, the text is known to hide words.
_HIDDEN_LETTERS, _HIDDEN_WORDS = 3, 2
_LATIN_LANGUAGES_LISTED = "en fr es de it pt nl pl tr sv da no fi cs ro hu id vi ca"
_LATIN_LANGUAGES = frozenset(_LATIN_LANGUAGES_LISTED.split())


@dataclass(frozen=True, slots=True)
class _LetterCounts:
    """Letters of a word: how many are Latin, look exactly like Latin ones, nearly like them, or not
    at all; and their scripts."""

    latin: int
    exact: int
    near: int
    foreign: int
    scripts: frozenset[str]  # Latin left out


class Homoglyphs:
    """Undoes lookalikes word by word, and only in words that nobody writes in earnest: words that
    mix scripts, and words of lookalikes alone within Latin text. A word of the second kind that has
    a letter which only nearly looks alike must be in the lexicon."""

    __slots__ = ("_any", "_lexicon", "_tables")

    def __init__(self, tables: Tables, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._tables = tables
        self._any = frozenset({*tables.lookalikes, *tables.near})

    def __call__(self, tracked: Tracked, declared: str | None, changes: Counter[str]) -> Tracked:
        styled = changes["styled"] + changes["full_width"] >= _HIDDEN_LETTERS
        undone = 0
        for _ in range(_ROUNDS):
            before = tracked
            hides = styled or undone >= _HIDDEN_WORDS
            tracked, words = self._undo_once(before, declared, changes, hides=hides)
            undone += words
            if not words:
                break
        return tracked

    def _undo_once(
        self, tracked: Tracked, declared: str | None, changes: Counter[str], *, hides: bool
    ) -> tuple[Tracked, int]:
        """The text after one pass, and how many words it undid. `hides`: the text is known to hide
        words."""
        text = tracked.text
        if self._any.isdisjoint(text):
            return tracked, 0
        words = [
            (match.start(), match[0]) for match in _WORD.finditer(text) if not match[0].isascii()
        ]
        posing = any(self._mixes_scripts(word) for _, word in words)
        latin = declared in _LATIN_LANGUAGES or _LATIN.search(text) is not None
        if not latin and not posing:
            return tracked, 0
        genuine = self._genuine_scripts(text, words)
        if posing:  # then nothing around it is a symbol or Russian
            genuine = frozenset({"latin"})
        latin_letters = len(_LATIN.findall(text))
        mostly_latin = latin_letters > sum(len(word) for _, word in words if _is_foreign(word))
        edits: list[Edit] = []
        for start, word in words:
            lone = len(word) == 1 and (hides or _is_article(text, start))
            new = self._read_word(
                word, genuine, latin_text=posing or mostly_latin, posing=posing, lone=lone
            )
            if new != word:
                edits.append((start, start + len(word), new))
                changes["homoglyph"] += sum(a != b for a, b in zip(word, new, strict=True))
        return tracked.rewrite(edits), len(edits)

    def _genuine_scripts(self, text: str, words: list[tuple[int, str]]) -> frozenset[str]:
        """The scripts that the text really uses: those of words without Latin letters that do not
        read as Latin words, by their letters without a Latin lookalike in Unicode; and Latin, if
        there is a word in it."""
        scripts_found = {"latin"} if _LATIN_WORD.search(text) is not None else set()
        for _, word in words:
            if _LATIN.search(word) is None and not self._is_latin_word(word):
                scripts_found.update(
                    _script_of(char)
                    for char in word
                    if char.isalpha() and char not in self._tables.lookalikes
                )
        return frozenset(scripts_found)

    def _read_word(
        self,
        word: str,
        genuine: frozenset[str],
        *,
        latin_text: bool,
        posing: bool,
        lone: bool,
    ) -> str:
        """`word` in one script, with the same length. `posing`: some word of the text has disguised
        letters for sure; `latin_text`: that, or most of the text is Latin; `lone`: `word` is one
        letter where a word of one letter may stand."""
        counts = self._count_letters(word)
        if not counts.scripts:
            return word
        if counts.latin:
            if not posing and self._hides_in_cyrillic(word, counts, genuine):
                return "".join(self._tables.cyrillic.get(char, char) for char in word)
            russian = "cyrillic" in genuine
            sure = posing or (latin_text and counts.scripts == {"cyrillic"} and not russian)
            posed = self._is_latin_with_lookalikes(word, counts, sure=sure)
        else:
            posed = not counts.near and not counts.foreign and not counts.scripts & genuine
            posed = posed and (counts.exact > 1 or counts.scripts == {"cyrillic"})
            if not posed and not counts.foreign and latin_text:
                posed = len(counts.scripts) > 1 or self._is_latin_word(word)
                if posing or ((word.isupper() or lone) and not counts.scripts & genuine):
                    posed = posed or self._as_latin(word).lower() in _ONE_LETTER
        return self._as_latin(word) if posed else word

    def _count_letters(self, word: str) -> _LetterCounts:
        latin = exact = near = foreign = 0
        scripts = set()
        for char in word:
            if not char.isalpha():
                continue
            script = _script_of(char)
            if script == "latin":
                latin += 1
                continue
            scripts.add(script)
            if char in self._tables.lookalikes:
                exact += 1
            elif char in self._tables.near:
                near += 1
            else:
                foreign += 1
        return _LetterCounts(latin, exact, near, foreign, frozenset(scripts))

    def _hides_in_cyrillic(self, word: str, counts: _LetterCounts, genuine: frozenset[str]) -> bool:
        """Whether `word` is Cyrillic, with Latin letters for some of its own."""
        cyrillic = counts.foreign > 0 or "cyrillic" in genuine
        cyrillic = cyrillic or ("latin" not in genuine and not self._is_latin_word(word))
        return (
            cyrillic
            and counts.scripts == {"cyrillic"}
            and counts.exact + counts.near + counts.foreign >= counts.latin
            and self._fits_cyrillic(word)
        )

    def _is_latin_with_lookalikes(self, word: str, counts: _LetterCounts, *, sure: bool) -> bool:
        """Whether `word` is Latin with lookalikes in it, rather than two scripts side by side or a
        symbol such as kΩ. `sure`: it is enough that the lexicon has the word."""
        if counts.foreign:
            return False
        known = self._is_latin_word(word)
        if 2 * counts.near > counts.latin + counts.exact:
            return known and (sure or len(word) > _SYMBOLS)
        long = counts.latin + counts.exact + counts.near > 2 or counts.scripts == {"cyrillic"}
        return long or (known and (sure or not counts.near))

    def _is_latin_word(self, word: str) -> bool:
        return self._as_latin(word).lower() in self._lexicon

    def _mixes_scripts(self, word: str) -> bool:
        """Whether `word` mixes lookalikes of scripts that nobody mixes in one word: Latin with a
        script other than Cyrillic, or two scripts other than Latin. In the latter case, letters
        that look alike only nearly count as well."""
        scripts = {_script_of(char) for char in word if char.isalpha()}
        return (
            len(word) > 2
            and len(scripts) > 1
            and bool(scripts - {"latin", "cyrillic"})
            and all(
                char in self._tables.lookalikes
                or _script_of(char) == "latin"
                or (len(scripts - {"latin"}) > 1 and char in self._tables.near)
                for char in word
                if char.isalpha()
            )
        )

    def _as_latin(self, word: str) -> str:
        near = self._tables.near
        return "".join(self._tables.lookalikes.get(char) or near.get(char, char) for char in word)

    def _fits_cyrillic(self, word: str) -> bool:
        return all(
            char in self._tables.cyrillic for char in word if char.isascii() and char.isalpha()
        )


def _is_article(text: str, at: int) -> bool:
    """Whether the letter at `at` stands where an English "a" does."""
    before = _WORD_BEFORE.search(text[max(0, at - _WORD_CHARS) : at])
    if before is None or before[1].lower() not in _BEFORE_ARTICLE:
        return False
    return _WORD_AFTER.match(text, at + 1) is not None


def _is_foreign(word: str) -> bool:
    return _LATIN.search(word) is None and any(map(str.isalpha, word))


def _script_of(char: str) -> str:
    """The script of `char`, in four classes: enough for the scripts that are confused."""
    point = ord(char)
    if point < 0x0370 or 0x1E00 <= point < 0x1F00:
        return "latin"
    if 0x0400 <= point < 0x0530 or 0x1C80 <= point < 0x1C90 or 0xA640 <= point < 0xA6A0:
        return "cyrillic"
    if point < 0x0400 or 0x1F00 <= point < 0x2000:
        return "greek"
    return "other"
