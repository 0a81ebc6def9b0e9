"""`Tables`: lookalike letters and accents, built once from Unicode data and from the confusables
that Unicode publishes (confusables.txt, as the package `confusable-homoglyphs` carries it)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

# Scripts whose letters are taken for Latin ones. Hebrew, Arabic, Indic and Han letters that look
# like a Latin letter are left alone: nobody hides a Latin word with them, and people write them.
_SOURCES = (
    *("ARMENIAN", "CANADIAN", "CARIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "DESERET", "ELBASAN"),
    *("GEORGIAN", "GREEK", "LISU", "LYCIAN", "MIAO", "OLD", "OSAGE", "RUNIC", "TIFINAGH", "WARANG"),
)

# Letters that a reader takes for Latin inside a Latin word, though their shapes differ.
_NEAR = {
    **dict(zip("вкмнтизпийяг", "bkmhtunnuurr", strict=True)),
    **dict(zip("ДИЙЛПФЯШЦЧГ", "dnnnnorwuyr", strict=True)),
    **dict(zip("βεηκμπτωχλςδ", "benkmntwxlsd", strict=True)),
    **dict(zip("Δ\u039bΣΞΠ", "aaeen", strict=True)),
}

# The other direction: Latin letters that hide inside a Cyrillic word.
_CYRILLIC = dict(zip("aeopcxykmthbiABCEHKMOPTXYI", "аеорсхукмтнвіАВСЕНКМОРТХУІ", strict=True))

# Letters that Unicode does not decompose, as a reader without that letter spells them.
_SPELLED = {
    **{"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ĳ": "ij", "ŉ": "'n", "ǆ": "dz", "ǉ": "lj"},
    **{"ǌ": "nj", "ǳ": "dz", "ﬀ": "ff"},
}
_PLAIN = {
    **dict(
        zip(
            "øłđħŧıĸŋſƀƃɓƈɖɗƒɠɦɨƙƚɱɲɵƥʠɾƭʈʉʋƴƶǝəɛɔɑɡ",
            "oldhtiknsbbbcddfghiklmnopqrttuvyzeeeoag",
            strict=True,
        )
    ),
    **{"ς": "σ", "ى": "ي", "ٱ": "ا", "ё": "е", "ґ": "г"},
}
_KEPT_APART = frozenset("йўїѓќ")  # letters of their own, not accents

# Code points whose accents are dropped: Latin, Greek, Cyrillic, Arabic letters with hamza or madda.
_FOLDED_RANGES = (
    *((0x00C0, 0x0250), (0x0370, 0x0400), (0x0400, 0x0530), (0x0622, 0x0628), (0x1E00, 0x2000)),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables of letters. `lookalikes`: a letter of another script → the Latin letter that it looks
    like, by Unicode. `near`: likewise, by eye alone. `cyrillic`: a Latin letter → the Cyrillic one.
    `accents`: a lower-case letter → the same without accents, one to one, for `str.translate`."""

    lookalikes: Mapping[str, str]
    near: Mapping[str, str]
    cyrillic: Mapping[str, str]
    accents: Mapping[int, str]


def build() -> Tables:
    return Tables(
        lookalikes=MappingProxyType(_load_lookalikes()),
        near=MappingProxyType(dict(_NEAR)),
        cyrillic=MappingProxyType(dict(_CYRILLIC)),
        accents=MappingProxyType(_make_accents()),
    )


def spelled() -> dict[str, str]:
    """Lower-case letters that fold to several: "ß" → "ss"."""
    return dict(_SPELLED)


def _load_lookalikes() -> dict[str, str]:
    file = resources.files("confusable_homoglyphs").joinpath("confusables.json")
    confusables: dict[str, list[dict[str, str]]] = json.loads(file.read_text("utf-8"))
    lookalikes: dict[str, str] = {}
    for letter, looks_like in confusables.items():
        if len(letter) != 1 or letter.isascii() or not letter.isalpha():
            continue
        if not unicodedata.name(letter, "").startswith(_SOURCES):
            continue
        for other in looks_like:
            if len(other["c"]) == 1 and other["c"].isascii() and other["c"].isalpha():
                lookalikes[letter] = _as_read(letter, other["c"])
                break
    return lookalikes


def _as_read(letter: str, latin: str) -> str:
    if letter == "\u04cf":  # Unicode takes the small palochka for an i without its dot
        return "l"
    # Unicode's prototype of every upright stroke is a small l: a capital one is read as I.
    return "I" if latin == "l" and letter.isupper() else latin


def _make_accents() -> dict[int, str]:
    accents: dict[int, str] = {}
    for low, high in _FOLDED_RANGES:
        for point in range(low, high):
            letter = chr(point).lower()
            if letter in _KEPT_APART or len(letter) != 1:
                continue
            base = unicodedata.normalize("NFD", letter)[0]
            base = _PLAIN.get(base, base)
            if base != chr(point):
                accents[point] = base
    accents.update({ord(letter): plain for letter, plain in _PLAIN.items()})
    accents[0x0130] = "i"  # its lower case would be two characters
    return accents
