"""Six rewritings by which people slip toxic text past filters, for training and measuring."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

_HOMOGLYPHS = str.maketrans("aceopxyiABEKMHOPCTX", "асеорхуіАВЕКМНОРСТХ")
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def zero_width(text: str, random_: random.Random) -> str:
    """A zero-width character between most letters of a word."""
    joiners = "\u200b\u200c\u200d\u2060"
    return "".join(
        letter + (random_.choice(joiners) if letter.isalpha() and random_.random() < 0.6 else "")
        for letter in text
    )


def homoglyphs(text: str, random_: random.Random) -> str:
    return "".join(
        letter.translate(_HOMOGLYPHS) if random_.random() < 0.7 else letter for letter in text
    )


def full_width(text: str, random_: random.Random) -> str:
    return text.translate(_WIDE)


def leet(text: str, random_: random.Random) -> str:
    return "".join(letter.translate(_LEET) if random_.random() < 0.7 else letter for letter in text)


def repeats(text: str, random_: random.Random) -> str:
    return "".join(
        letter * random_.randint(3, 6) if letter.isalpha() and random_.random() < 0.25 else letter
        for letter in text
    )


def spacing(text: str, random_: random.Random) -> str:
    """Spell words of three letters and more out with spaces; words stay apart."""
    mark = random_.choice((" ", ".", "-", "_"))
    apart = "   " if mark == " " else " "
    return apart.join(mark.join(word) if len(word) > 2 else word for word in text.split())


REWRITINGS: Mapping[str, Callable[[str, random.Random], str]] = {
    "zero_width": zero_width,
    "homoglyph": homoglyphs,
    "full_width": full_width,
    "leet": leet,
    "repeat": repeats,
    "spacing": spacing,
}
