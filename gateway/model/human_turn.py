"""A person in the avatar's place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanTurn:
    """A time in which a person speaks in the avatar's place in a conversation.

    `who` is the person's pseudonym. The turn lasts from `since` to `until`, which is None while it
    goes on. Times are UTC.
    """

    who: str
    since: datetime
    until: datetime | None = None

    @property
    def active(self) -> bool:
        return self.until is None
