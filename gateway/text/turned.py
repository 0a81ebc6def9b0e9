"""Turns text that was written upside down: letters that look like others on their head, in reverse
order."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.lexicon import Lexicon
from gateway.text.tracked import Edit, Tracked

_TURNED = {
    **{"ɐ": "a", "ɔ": "c", "ǝ": "e", "ɟ": "f", "ƃ": "g", "ɓ": "g", "ɥ": "h", "ᴉ": "i", "ı": "i"},
    **{"ɾ": "j", "ʞ": "k", "ʃ": "l", "ꞁ": "l", "ɯ": "m", "ɹ": "r", "ʇ": "t", "ʌ": "v", "ʍ": "w"},
    **{"ʎ": "y", "∀": "A", "Ɔ": "C", "Ǝ": "E", "Ⅎ": "F", "פ": "G", "ſ": "J", "⅂": "L", "Ԁ": "P"},
    **{"⊥": "T", "∩": "U", "Λ": "V", "⅄": "Y", "˙": ".", "¿": "?", "¡": "!", "‾": "_"},
    **{"Ɩ": "1", "ᄅ": "2", "Ɛ": "3", "ㄣ": "4", "ϛ": "5", "ㄥ": "7"},
}
_UPRIGHT = {
    **{"b": "q", "q": "b", "d": "p", "p": "d", "n": "u", "u": "n", "6": "9", "9": "6", "M": "W"},
    **{"W": "M", "(": ")", ")": "(", "[": "]", "]": "[", ",": "'", "'": ",", "<": ">", ">": "<"},
    **dict(zip(same := "losxzHINOSXZ08@-+:/ iàâäáéèêëíîïóôöúûüñç", same, strict=True)),
}
_TURNS = str.maketrans({**_UPRIGHT, **_TURNED})
_SURE = re.compile("[ɐɔǝɟƃɥɾʞɯɹʇʌʍʎ]")
_TOKEN = rf"[{re.escape(''.join(sorted({*_UPRIGHT, *_TURNED} - {' '})))}]+"
_RUN = re.compile(rf"(?<!\S){_TOKEN}(?: {_TOKEN})*(?!\S)")
_LEAST_SURE = 2  # letters that only upside-down text has, at least, in a run that is turned
_WORD = re.compile(r"[^\W\d_]{2,}")


def from_turned(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Turn upside-down runs. Each character maps to the whole of its run. Phonetic script has such
    letters too, so most words of a turned run must be in the lexicon. Returns `tracked` itself when
    nothing is turned."""
    text = tracked.text
    if text.isascii() or _SURE.search(text) is None:
        return tracked
    edits: list[Edit] = []
    for match in _RUN.finditer(text):
        start, end = _without_upright_words(match[0], lexicon)
        turned = _turn_over(match[0][start:end])
        if len(_SURE.findall(match[0])) >= _LEAST_SURE and _says_words(turned, lexicon):
            edits.append((match.start() + start, match.start() + end, turned))
    if edits:
        changes["encoded"] += len(edits)
    return tracked.rewrite(edits, merge=True)


def _turn_over(text: str) -> str:
    return text[::-1].translate(_TURNS)


def _without_upright_words(run: str, lexicon: Lexicon) -> tuple[int, int]:
    """Start and end of `run` without the upright words at its edges."""
    start, end = 0, len(run)
    while start < end and _is_upright(first := run[start:end].partition(" ")[0], lexicon):
        start += len(first) + 1
    while start < end and _is_upright(last := run[start:end].rpartition(" ")[2], lexicon):
        end -= len(last) + 1
    return min(start, end), end


def _is_upright(word: str, lexicon: Lexicon) -> bool:
    if _SURE.search(word) is not None:
        return False
    as_written, as_meant = (_WORD.findall(form.lower()) for form in (word, _turn_over(word)))
    if not as_written:  # a sign; or one letter, which may be either
        return not any(map(str.isalnum, word))
    return _all_known(as_written, lexicon) and not _all_known(as_meant, lexicon)


def _all_known(words: list[str], lexicon: Lexicon) -> bool:
    return bool(words) and all(word in lexicon for word in words)


def _says_words(said: str, lexicon: Lexicon) -> bool:
    words = _WORD.findall(said.lower())
    return 2 * sum(word in lexicon for word in words) > len(words)
