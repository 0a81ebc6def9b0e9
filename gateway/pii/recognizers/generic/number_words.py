"""Number words in six languages and numerals in Han and Hangul, with the digits that they stand
for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_DIGITS = {
    "en": "zero one two three four five six seven eight nine",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
}
_TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "fr": "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "es": "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "de": "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "it": "dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "pt": "dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_FRENCH_TENS = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante",
                70: "septante", 80: "huitante", 90: "nonante"}  # fmt: skip
_HUNDREDS = {
    "es": "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos"
    " ochocientos novecientos",
    "pt": "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos"
    " novecentos",
}
_ALSO = {
    "oh": "0", "nought": "0", "zwo": "2", "meia": "6", "cien": "100", "cem": "100",
    "quatorze": "14", "dezasseis": "16", "dezassete": "17", "dezanove": "19",
}  # fmt: skip
_REPEATED = {"double": 2, "triple": 3, "treble": 3}
_UMLAUTS = str.maketrans({"ü": "ue", "ö": "oe", "ß": "ss"})

PLUS = frozenset(["plus", "más", "mas", "più", "piu", "mais"])
"""Words that are said before a country code."""

HAN_NUMERALS = {
    **dict(zip("〇一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("零壹贰叁肆伍陆柒捌玖", "0123456789", strict=True)),
    **dict(zip("貳參陸弌弍弎", "236123", strict=True)),
    **{"○": "0", "◯": "0", "幺": "1", "么": "1"},
}
"""Digits as Chinese and Japanese read them out one by one; 幺 is a 1 on the telephone."""

HANGUL_NUMERALS = dict(zip("공영일이삼사오육륙칠팔구", "001234566789", strict=True))
"""Digits as Koreans read them out one by one."""

JOINERS = frozenset(["y", "e", "et"])
"""Words that join the parts of a number. They count only inside one, as every sentence has them."""


def number_words() -> dict[str, str]:
    """Words to digits, lower case, with "-" between the words of one number; without their
    accents too."""
    words = dict(_ALSO)
    for listed in (*_DIGITS.items(), *_TEENS.items()):
        first = 10 if listed in _TEENS.items() else 0
        words.update({word: str(first + at) for at, word in enumerate(listed[1].split())})
    for pairs in (
        _english_pairs(),
        _french_pairs(),
        _spanish_pairs(),
        _german_pairs(),
        _italian_pairs(),
        _portuguese_pairs(),
    ):
        words.update(pairs)
    plain = {_without_accents(word): digits for word, digits in words.items()}
    umlauts = {word.translate(_UMLAUTS): digits for word, digits in words.items()}
    return plain | umlauts | words


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.replace("ß", "ss"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _below_hundred(language: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield ten, unit and the word of each, from 20 to 99; the word of unit 0 is empty."""
    units = _DIGITS[language].split()
    for at, ten in enumerate(_TENS[language].split(), 2):
        for unit in range(10):
            yield 10 * at, unit, ten, units[unit] if unit else ""


def _english_pairs() -> Iterator[tuple[str, str]]:
    for ten, unit, tens, units in _below_hundred("en"):
        yield f"{tens}-{units}".rstrip("-"), str(ten + unit)
    for times, count in _REPEATED.items():
        for digit, word in enumerate([*_DIGITS["en"].split(), "oh"]):
            yield f"{times}-{word}", str(digit % 10) * count


def _french_pairs() -> Iterator[tuple[str, str]]:
    said = [*_DIGITS["fr"].split(), *_TEENS["fr"].split()]
    for ten, name in _FRENCH_TENS.items():
        yield name, str(ten)
        yield f"{name}-et-un", str(ten + 1)
        for unit in range(1, 10):
            yield f"{name}-{said[unit]}", str(ten + unit)
    for unit in range(20):
        yield f"soixante-{said[unit]}", str(60 + unit)
        yield f"quatre-vingt-{said[unit]}", str(80 + unit)
    yield from (("quatre-vingt", "80"), ("quatre-vingts", "80"), ("soixante-et-onze", "71"))
    for value in range(1, 10):  # "zéro six" in one breath
        yield f"zéro-{said[value]}", f"0{value}"


def _spanish_pairs() -> Iterator[tuple[str, str]]:
    pairs = [(str(ten + unit), f"{tens}-y-{units}" if unit else tens)
             for ten, unit, tens, units in _below_hundred("es")]  # fmt: skip
    units = _DIGITS["es"].split()
    accented = {2: "veintidós", 3: "veintitrés", 6: "veintiséis"}
    pairs += [(f"2{unit}", accented.get(unit, f"veinti{units[unit]}")) for unit in range(1, 10)]
    yield from _pairs_with_hundreds("es", pairs, "-")


def _portuguese_pairs() -> Iterator[tuple[str, str]]:
    pairs = [(str(ten + unit), f"{tens}-e-{units}" if unit else tens)
             for ten, unit, tens, units in _below_hundred("pt")]  # fmt: skip
    pairs += [(digits, word) for word, digits in _ALSO.items() if word.startswith("deza")]
    yield from _pairs_with_hundreds("pt", pairs, "-e-")


def _pairs_with_hundreds(
    language: str, pairs: list[tuple[str, str]], joined: str
) -> Iterator[tuple[str, str]]:
    small = [*_DIGITS[language].split(), *_TEENS[language].split()]
    below = [*((str(value), word) for value, word in enumerate(small)), *pairs]
    for digits, word in pairs:
        yield word, digits
    for hundreds, hundred in enumerate(_HUNDREDS[language].split(), 1):
        yield hundred, f"{hundreds}00"
        for digits, word in below[1:]:
            yield f"{hundred}{joined}{word}", f"{hundreds}{digits.zfill(2)}"


def _german_pairs() -> Iterator[tuple[str, str]]:
    small = [*_DIGITS["de"].split(), *_TEENS["de"].split()]
    below = [(str(value), word) for value, word in enumerate(small)]
    for ten, unit, tens, units in _below_hundred("de"):
        joined = f"{units.removesuffix('s') if unit == 1 else units}und{tens}" if unit else tens
        below.append((str(ten + unit), joined))
        yield joined, str(ten + unit)
    for hundreds in range(1, 10):
        name = f"{'ein' if hundreds == 1 else small[hundreds]}hundert"
        yield name, f"{hundreds}00"
        for digits, word in below[1:]:
            yield f"{name}{word}", f"{hundreds}{digits.zfill(2)}"


def _italian_pairs() -> Iterator[tuple[str, str]]:
    small = [*_DIGITS["it"].split(), *_TEENS["it"].split()]
    below = [(str(value), word) for value, word in enumerate(small)]
    for ten, unit, tens, units in _below_hundred("it"):
        joined = f"{tens[:-1] if unit in {1, 8} else tens}{'tré' if unit == 3 else units}"
        below.append((str(ten + unit), joined))
        yield joined, str(ten + unit)
    for hundreds in range(1, 10):
        name = f"{'' if hundreds == 1 else small[hundreds]}cento"
        yield name, f"{hundreds}00"
        for digits, word in below[1:]:
            last = "tré" if word == "tre" else word
            yield f"{name}{last}", f"{hundreds}{digits.zfill(2)}"
            if word.startswith("ott"):
                yield f"{name[:-1]}{last}", f"{hundreds}{digits.zfill(2)}"
