"""A person in the avatar's place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanTurn:
    """A person speaks in the avatar's place.

    `who` (a pseudonym) has spoken for the avatar in a conversation since `since`; until
    `until`, None while they still do. Times are UTC.
    """

    who: str
    since: datetime
    until: datetime | None = None

    @property
    def active(self) -> bool:
        return self.until is None
