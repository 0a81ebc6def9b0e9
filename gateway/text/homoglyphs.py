"""The second half of the normalised form: letters of one script that pose as another's."""

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
_ROUNDS = 4
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
_WORD_CHARS = 12
_SYMBOLS = 2  # a longer word of Latin and other letters is no unit such as kΩ or μm
_HIDDEN_LETTERS, _HIDDEN_WORDS = 3, 2  # in other ways, or in other words of the text
_LATIN_LANGUAGES_LISTED = "en fr es de it pt nl pl tr sv da no fi cs ro hu id vi ca"
_LATIN_LANGUAGES = frozenset(_LATIN_LANGUAGES_LISTED.split())


@dataclass(frozen=True, slots=True)
class _Made:
    """How many letters of a word are Latin, look exactly or nearly like it, or do not."""

    latin: int
    exact: int
    near: int
    foreign: int
    scripts: frozenset[str]  # but Latin


class Homoglyphs:
    """Undoes lookalikes, word by word, and only in words that no one writes for real: those
    that mix scripts, and those made of lookalikes alone within Latin text. Of the latter,
    letters that look alike only nearly count where the lexicon knows the word they make."""

    __slots__ = ("_any", "_lexicon", "_tables")

    def __init__(self, tables: Tables, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._tables = tables
        self._any = frozenset({*tables.lookalikes, *tables.near})

    def __call__(self, tracked: Tracked, declared: str | None, changes: Counter[str]) -> Tracked:
        styled = changes["styled"] + changes["full_width"] >= _HIDDEN_LETTERS
        undone = 0
        for _ in range(_ROUNDS):  # a word that was undone tells about its neighbours
            before = tracked
            hides = styled or undone >= _HIDDEN_WORDS
            tracked, words = self._once(before, declared, changes, hides=hides)
            undone += words
            if not words:
                break
        return tracked

    def _once(
        self, tracked: Tracked, declared: str | None, changes: Counter[str], *, hides: bool
    ) -> tuple[Tracked, int]:
        """The text, and how many words were undone. `hides`: others of its letters did."""
        text = tracked.text
        if self._any.isdisjoint(text):
            return tracked, 0
        words = [
            (match.start(), match[0]) for match in _WORD.finditer(text) if not match[0].isascii()
        ]
        posing = any(self._poses(word) for _, word in words)
        latin = declared in _LATIN_LANGUAGES or _LATIN.search(text) is not None
        if not latin and not posing:
            return tracked, 0
        genuine = self._genuine(text, words)
        if posing:  # then nothing around it is a symbol or Russian
            genuine = frozenset({"latin"})
        latin_letters = len(_LATIN.findall(text))
        mostly_latin = latin_letters > sum(len(word) for _, word in words if _is_foreign(word))
        edits: list[Edit] = []
        for start, word in words:
            lone = len(word) == 1 and (hides or _is_article(text, start))
            new = self._read(
                word, genuine, latin_text=posing or mostly_latin, posing=posing, lone=lone
            )
            if new != word:
                edits.append((start, start + len(word), new))
                changes["homoglyph"] += sum(a != b for a, b in zip(word, new, strict=True))
        return tracked.rewrite(edits), len(edits)

    def _genuine(self, text: str, words: list[tuple[int, str]]) -> frozenset[str]:
        """The scripts that the text really uses: it has a word of that script alone, with a
        letter that Unicode finds no Latin one like, and that reads as no Latin word."""
        found = {"latin"} if _LATIN_WORD.search(text) is not None else set()
        for _, word in words:
            if _LATIN.search(word) is None and not self._is_latin_word(word):
                found.update(
                    _script(char)
                    for char in word
                    if char.isalpha() and char not in self._tables.lookalikes
                )
        return frozenset(found)

    def _read(
        self,
        word: str,
        genuine: frozenset[str],
        *,
        latin_text: bool,
        posing: bool,
        lone: bool,
    ) -> str:
        """`word` in one script. As long as `word`. `posing`: letters pose elsewhere in the text;
        `latin_text`: most of it is Latin, or some letters pose as it; `lone`: it is one letter
        where a word of one letter stands."""
        made = self._made_of(word)
        if not made.scripts:
            return word
        if made.latin:
            if not posing and self._hides_in_cyrillic(word, made, genuine):
                return "".join(self._tables.cyrillic.get(char, char) for char in word)
            russian = "cyrillic" in genuine
            sure = posing or (latin_text and made.scripts == {"cyrillic"} and not russian)
            posed = self._mixes(word, made, sure=sure)
        else:
            posed = not made.near and not made.foreign and not made.scripts & genuine
            posed = posed and (made.exact > 1 or made.scripts == {"cyrillic"})
            if not posed and not made.foreign and latin_text:
                posed = len(made.scripts) > 1 or self._is_latin_word(word)
                if posing or ((word.isupper() or lone) and not made.scripts & genuine):
                    posed = posed or self._as_latin(word).lower() in _ONE_LETTER
        return self._as_latin(word) if posed else word

    def _made_of(self, word: str) -> _Made:
        latin = exact = near = foreign = 0
        scripts = set()
        for char in word:
            if not char.isalpha():
                continue
            script = _script(char)
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
        return _Made(latin, exact, near, foreign, frozenset(scripts))

    def _hides_in_cyrillic(self, word: str, made: _Made, genuine: frozenset[str]) -> bool:
        """Whether the Latin letters of `word` are the ones that pose."""
        cyrillic = made.foreign > 0 or "cyrillic" in genuine
        cyrillic = cyrillic or ("latin" not in genuine and not self._is_latin_word(word))
        return (
            cyrillic
            and made.scripts == {"cyrillic"}
            and made.exact + made.near + made.foreign >= made.latin
            and self._reversible(word)
        )

    def _mixes(self, word: str, made: _Made, *, sure: bool) -> bool:
        """Whether `word` is a Latin one: not two real scripts side by side, nor a symbol such as
        kΩ. `sure`: a word of the lexicon is enough."""
        if made.foreign:
            return False
        known = self._is_latin_word(word)
        if 2 * made.near > made.latin + made.exact:
            return known and (sure or len(word) > _SYMBOLS)
        long = made.latin + made.exact + made.near > 2 or made.scripts == {"cyrillic"}
        return long or (known and (sure or not made.near))

    def _is_latin_word(self, word: str) -> bool:
        return self._as_latin(word).lower() in self._lexicon

    def _poses(self, word: str) -> bool:
        """Whether `word` mixes lookalikes of two scripts, or Latin with one of another script
        than Cyrillic, as no one does for real. Letters that look alike only nearly count where
        scripts other than Latin are mixed: nobody writes Greek and Cyrillic in one word."""
        scripts = {_script(char) for char in word if char.isalpha()}
        return (
            len(word) > 2
            and len(scripts) > 1
            and bool(scripts - {"latin", "cyrillic"})
            and all(
                char in self._tables.lookalikes
                or _script(char) == "latin"
                or (len(scripts - {"latin"}) > 1 and char in self._tables.near)
                for char in word
                if char.isalpha()
            )
        )

    def _as_latin(self, word: str) -> str:
        near = self._tables.near
        return "".join(self._tables.lookalikes.get(char) or near.get(char, char) for char in word)

    def _reversible(self, word: str) -> bool:
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


def _script(char: str) -> str:
    """Coarse: enough to tell the scripts that are mixed up."""
    point = ord(char)
    if point < 0x0370 or 0x1E00 <= point < 0x1F00:
        return "latin"
    if 0x0400 <= point < 0x0530 or 0x1C80 <= point < 0x1C90 or 0xA640 <= point < 0xA6A0:
        return "cyrillic"
    if point < 0x0400 or 0x1F00 <= point < 0x2000:
        return "greek"
    return "other"
