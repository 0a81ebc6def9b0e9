"""The second half of the normalised form: letters of one script that pose as another's."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.tables import Tables
from gateway.text.tracked import Edit, Tracked

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile("[A-Za-z]")
_LATIN_WORD = re.compile(r"\b[A-Za-z]{2,}\b")
_LATIN_LANGUAGES_LISTED = "en fr es de it pt nl pl tr sv da no fi cs ro hu id vi ca"
_LATIN_LANGUAGES = frozenset(_LATIN_LANGUAGES_LISTED.split())


class Homoglyphs:
    """Undoes lookalikes, word by word, and only in words that no one writes for real: those
    that mix scripts, and those made of lookalikes alone within Latin text."""

    __slots__ = ("_any", "_tables")

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._any = frozenset({*tables.lookalikes, *tables.near})

    def __call__(self, tracked: Tracked, declared: str | None, changes: Counter[str]) -> Tracked:
        text = tracked.text
        if self._any.isdisjoint(text):
            return tracked
        latin = declared in _LATIN_LANGUAGES or _LATIN.search(text) is not None
        if not latin:
            return tracked
        words = [
            (match.start(), match[0]) for match in _WORD.finditer(text) if not match[0].isascii()
        ]
        genuine = self._genuine(text, words)
        edits: list[Edit] = []
        for start, word in words:
            new = self._read(word, genuine)
            if new != word:
                edits.append((start, start + len(word), new))
                changes["homoglyph"] += sum(a != b for a, b in zip(word, new, strict=True))
        return tracked.rewrite(edits)

    def _genuine(self, text: str, words: list[tuple[int, str]]) -> frozenset[str]:
        """The scripts that the text really uses: it has a word of that script alone, with a
        letter that Unicode finds no Latin one like."""
        found = {"latin"} if _LATIN_WORD.search(text) is not None else set()
        for _, word in words:
            if _LATIN.search(word) is None:
                found.update(
                    _script(char)
                    for char in word
                    if char.isalpha() and char not in self._tables.lookalikes
                )
        return frozenset(found)

    def _read(self, word: str, genuine: frozenset[str]) -> str:
        """`word` in one script. As long as `word`."""
        tables = self._tables
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
            if char in tables.lookalikes:
                exact += 1
            elif char in tables.near:
                near += 1
            else:
                foreign += 1
        if not scripts:
            return word
        if latin:
            cyrillic = scripts == {"cyrillic"} and (
                foreign > 0 or "cyrillic" in genuine or "latin" not in genuine
            )
            if cyrillic and exact + near + foreign >= latin and self._reversible(word):
                return "".join(tables.cyrillic.get(char, char) for char in word)
            # two real scripts side by side, or a symbol such as kΩ
            posed = not foreign and 2 * near <= latin + exact
            posed = posed and (latin + exact + near > 2 or scripts == {"cyrillic"})
        else:
            posed = not near and not foreign and not scripts & genuine
            posed = posed and (exact > 1 or scripts == {"cyrillic"})
        if not posed:
            return word
        return "".join(tables.lookalikes.get(char) or tables.near.get(char, char) for char in word)

    def _reversible(self, word: str) -> bool:
        return all(
            char in self._tables.cyrillic for char in word if char.isascii() and char.isalpha()
        )


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
