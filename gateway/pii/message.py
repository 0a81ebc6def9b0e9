"""One text as the recognizers see it, with the few facts that decide which of them run."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from gateway.pii.context import fold

_Made = TypeVar("_Made")

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_WORD = re.compile("[a-z]+")  # the same, in half the time
_LEAST_RUN = 16
_OPENING = 4
_RUN = re.compile(rf"[A-Za-z0-9]{{{_LEAST_RUN},}}")


@dataclass(frozen=True)
class ScannedText:
    """`text` is the normalised form. `places` are lower-case language codes ("fr") and
    upper-case country codes ("FR") that this message belongs to; empty when nobody knows."""

    text: str = field(repr=False)  # raw: never in a log
    places: frozenset[str] = frozenset()

    @cached_property
    def lower(self) -> str:
        text = self.text
        return text.lower() if text.isascii() else text.casefold()

    @cached_property
    def folded(self) -> str:
        """Lower case without accents."""
        return fold(self.text)

    @cached_property
    def words(self) -> list[str]:
        """Runs of letters, lower case."""
        lower = self.lower
        return (_ASCII_WORD if lower.isascii() else _WORD).findall(lower)

    @cached_property
    def openings(self) -> frozenset[str]:
        """How the words begin, without accents: up to 4 letters each."""
        words = self.words if self.text.isascii() else _WORD.findall(self.folded)
        return frozenset([word[:_OPENING] for word in words])

    @cached_property
    def digits(self) -> int:
        """How many digits there are, of any script."""
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
    def _made(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` makes of this message: made once, whoever asks with this `key`."""
        if key not in self._made:
            self._made[key] = make()
        made: _Made = self._made[key]
        return made

    def is_at_home(self, places: frozenset[str]) -> bool:
        """Whether this message may belong to one of `places`: yes, when nobody knows."""
        return not self.places or not places.isdisjoint(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilter:
    """What a text must hold before a recognizer can match at all: necessary, cheap to tell.

    `digits` is the least number of digits, `run` the shortest run of ASCII letters and digits
    (at least 16), `chunk` the shortest piece without white space. `wide` wants a character beyond
    ASCII. Of `times`, one piece must be there as often as it says, its case as it is. Each of
    `groups` names pieces of lower-case text of which one must be there. At least `least_words`
    words are among `words` (lower case).
    `quick` is a regular expression, linear in the text, that must match somewhere; `quick_lower`
    one that must match in the lower-case text.
    Away from `home` (as `ScannedText.places`), one of `named` must be there: lower case, without
    accents.
    """

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
        return (
            message.digits >= self.digits
            and (not self.wide or not message.text.isascii())
            and (not self.chunk or message.longest_chunk >= self.chunk)
            and (not self.times or self._often(message.text))
            and (not self.groups or self._grouped(message.lower))
            and (not self.words or self._worded(message.words))
            and (not self.run or self._runs(message))
            and (self.quick_lower is None or self.quick_lower.search(message.lower) is not None)
            and (self.quick is None or self.quick.search(message.text) is not None)
            and (not self.named or self._named(message))
        )

    def _grouped(self, lower: str) -> bool:
        for group in self.groups:
            for piece in group:
                if piece in lower:
                    break
            else:
                return False
        return True

    def _runs(self, message: ScannedText) -> bool:
        return message.longest_chunk >= self.run and message.longest_run >= self.run

    def _often(self, text: str) -> bool:
        return any(text.count(piece) >= least for piece, least in self.times)

    @property
    def openings(self) -> frozenset[str]:
        """Of which `ScannedText.openings` has one, where one of `named` is there and ASCII."""
        return frozenset(map(_opening, filter(str.isascii, self.named)))

    def _named(self, message: ScannedText) -> bool:
        if not message.places.isdisjoint(self.home):
            return True
        folded = message.folded
        return any(name in folded for name in self.named)

    def _worded(self, words: list[str]) -> bool:
        if self.words.isdisjoint(words):
            return False
        return sum(map(self.words.__contains__, words)) >= self.least_words


def _opening(name: str) -> str:
    """How the longest word of `name` begins that stands as a whole word where `name` does, or,
    as its last, begins one."""
    whole: list[str] = _WORD.findall(name)
    last = whole.pop()
    if len(last) >= _OPENING or len(name) < _OPENING:
        whole.append(last)
    return max(whole, key=len)[:_OPENING]
