"""`ScannedText`, a text as the recognizers see it, and `Prefilter`, which decides whether one
runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from gateway.pii.context import fold

_Value = TypeVar("_Value")

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_WORD = re.compile("[a-z]+")  # the same, in half the time
_LEAST_RUN = 16  # characters: no prefilter asks for shorter runs, so they are not measured
_OPENING = 4  # letters of a word's opening: enough to tell most words apart
_RUN = re.compile(rf"[A-Za-z0-9]{{{_LEAST_RUN},}}")


@dataclass(frozen=True)
class ScannedText:
    """The normalised form of a message, with facts about it that are computed when first needed.

    `places` are lower-case language codes ("fr") and upper-case country codes ("FR") that the
    message may belong to; empty when that is unknown."""

    text: str = field(repr=False)  # raw: never in a log
    places: frozenset[str] = frozenset()

    @cached_property
    def lower(self) -> str:
        """The text in lower case; case-folded if it is not ASCII, so its length may differ."""
        text = self.text
        return text.lower() if text.isascii() else text.casefold()

    @cached_property
    def folded(self) -> str:
        """The text in lower case, without accents."""
        return fold(self.text)

    @cached_property
    def words(self) -> list[str]:
        """All runs of letters, in lower case."""
        lower = self.lower
        return (_ASCII_WORD if lower.isascii() else _WORD).findall(lower)

    @cached_property
    def openings(self) -> frozenset[str]:
        """The first 4 letters, or fewer, of each word, without accents."""
        words = self.words if self.text.isascii() else _WORD.findall(self.folded)
        return frozenset([word[:_OPENING] for word in words])

    @cached_property
    def digits(self) -> int:
        """Number of digits, of any script."""
        text = self.text
        if text.isascii():
            count = text.count
            return (
                count("0") + count("1") + count("2") + count("3") + count("4")
                + count("5") + count("6") + count("7") + count("8") + count("9")
            )  # fmt: skip
        return len(_DIGIT.findall(text))

    @cached_property
    def longest_chunk(self) -> int:
        """Length of the longest piece without white space."""
        return max(map(len, self.text.split()), default=0)

    @cached_property
    def longest_run(self) -> int:
        """Length of the longest run of ASCII letters and digits, 0 below 16."""
        if self.longest_chunk < _LEAST_RUN:
            return 0
        return max(map(len, _RUN.findall(self.text)), default=0)

    @cached_property
    def _computed(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """The value of `make()`, computed once for this message and kept under `key`."""
        if key not in self._computed:
            self._computed[key] = make()
        value: _Value = self._computed[key]
        return value

    def is_at_home(self, places: frozenset[str]) -> bool:
        """Whether this message may belong to one of `places`: also when its own are unknown."""
        return not self.places or not places.isdisjoint(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilter:
    """Conditions that a text must meet before a recognizer can match at all. They are necessary and
    cheap; all that are set must hold.

    `digits`: the least number of digits. `run`: the length of the longest run of ASCII letters and
    digits is at least this (16 or more). `chunk`: likewise of the longest piece without white
    space. `wide`: there is a character beyond ASCII. `times`: (piece, count) of which one piece
    occurs at least so often, in this case. `groups`: of the pieces of each group one occurs in the
    lower-case text. `words`, `least_words`: at least so many words of the text are among these
    (lower case). `quick`: a regular expression, linear in the text, that matches somewhere;
    `quick_lower`: one that matches in the lower-case text. `named`: one of these (lower case,
    without accents) occurs, unless the message belongs to one of the places of `home`."""

    digits: int = 0
    wide: bool = False
    run: int = 0
    chunk: int = 0
    times: tuple[tuple[str, int], ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    words: frozenset[str] = frozenset()
    least_words: int = 0
    quick: re.Pattern[str] | None = None
    quick_lower: re.Pattern[str] | None = None
    home: frozenset[str] = frozenset()
    named: tuple[str, ...] = ()

    def opens(self, message: ScannedText) -> bool:
        """Whether `message` meets all conditions."""
        return (
            message.digits >= self.digits
            and (not self.wide or not message.text.isascii())
            and (not self.chunk or message.longest_chunk >= self.chunk)
            and (not self.times or self._has_times(message.text))
            and (not self.groups or self._has_groups(message.lower))
            and (not self.words or self._has_words(message.words))
            and (not self.run or self._has_run(message))
            and (self.quick_lower is None or self.quick_lower.search(message.lower) is not None)
            and (self.quick is None or self.quick.search(message.text) is not None)
            and (not self.named or self._is_named(message))
        )

    def _has_groups(self, lower: str) -> bool:
        for group in self.groups:
            for piece in group:
                if piece in lower:
                    break
            else:
                return False
        return True

    def _has_run(self, message: ScannedText) -> bool:
        return message.longest_chunk >= self.run and message.longest_run >= self.run

    def _has_times(self, text: str) -> bool:
        return any(text.count(piece) >= least for piece, least in self.times)

    @property
    def openings(self) -> frozenset[str]:
        """Openings of the ASCII names of `named`: a text with such a name has one of them among its
        `ScannedText.openings`."""
        return frozenset(map(_opening_of_longest, filter(str.isascii, self.named)))

    def _is_named(self, message: ScannedText) -> bool:
        if not message.places.isdisjoint(self.home):
            return True
        folded = message.folded
        return any(name in folded for name in self.named)

    def _has_words(self, words: list[str]) -> bool:
        if self.words.isdisjoint(words):
            return False
        return sum(map(self.words.__contains__, words)) >= self.least_words


def _opening_of_longest(name: str) -> str:
    """The opening of the longest word of `name`. The last word, which may be only the beginning of
    a word of the text, is left out if it is shorter than an opening."""
    whole: list[str] = _WORD.findall(name)
    last = whole.pop()
    if len(last) >= _OPENING or len(name) < _OPENING:
        whole.append(last)
    return max(whole, key=len)[:_OPENING]
