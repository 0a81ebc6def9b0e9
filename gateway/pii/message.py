"""One text as the recognizers see it, with the few facts that decide which of them run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"[A-Za-z0-9]{16,}")


@dataclass(frozen=True)
class Message:
    """`text` is the normalised form. `places` are lower-case language codes ("fr") and
    upper-case country codes ("FR") that this message belongs to; empty when nobody knows."""

    text: str = field(repr=False)  # raw: never in a log
    places: frozenset[str] = frozenset()

    @cached_property
    def lower(self) -> str:
        text = self.text
        return text.lower() if text.isascii() else text.casefold()

    @cached_property
    def words(self) -> list[str]:
        """Runs of letters, lower case."""
        return _WORD.findall(self.lower)

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
    def longest_run(self) -> int:
        """Length of the longest run of ASCII letters and digits, 0 below 16."""
        return max(map(len, _RUN.findall(self.text)), default=0)

    @cached_property
    def _told(self) -> dict[re.Pattern[str], bool]:
        return {}

    def holds(self, quick: re.Pattern[str]) -> bool:
        """Whether `quick` matches somewhere: searched once, however many gates ask."""
        if quick not in self._told:
            self._told[quick] = quick.search(self.text) is not None
        return self._told[quick]

    def is_at_home(self, places: frozenset[str]) -> bool:
        """Whether this message may belong to one of `places`: yes, when nobody knows."""
        return not self.places or not places.isdisjoint(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a text must hold before a recognizer can match at all: necessary, cheap to tell.

    `digits` is the least number of digits, `run` the shortest run of ASCII letters and digits
    (at least 16). Each of `groups` names pieces of lower-case text of which one must be there.
    At least `least_words` words are among `words` (lower case).
    `quick` is a regular expression, linear in the text, that must match somewhere.
    """

    digits: int = 0
    run: int = 0
    groups: tuple[tuple[str, ...], ...] = ()
    words: frozenset[str] = frozenset()
    least_words: int = 0
    quick: re.Pattern[str] | None = None

    def opens(self, message: Message) -> bool:
        if self.digits and message.digits < self.digits:
            return False
        if self.groups:
            lower = message.lower
            for group in self.groups:
                for piece in group:
                    if piece in lower:
                        break
                else:
                    return False
        if self.words and (sum(map(self.words.__contains__, message.words)) < self.least_words):
            return False
        if self.run and message.longest_run < self.run:
            return False
        return self.quick is None or message.holds(self.quick)
