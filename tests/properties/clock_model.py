"""The disclosure clock, put plainly: what each law asks for, written down a second time by hand.

Knows nothing of the packs, their data or the input document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COMPANION = ("dm", "group", "space")
EDGES = (15 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, DAY, 7 * DAY)
"""The intervals of the laws below."""


@dataclass
class Memory:
    """What one person was told by one avatar on one channel."""

    first: datetime | None = None
    last: datetime | None = None
    told: dict[str, datetime] = field(default_factory=dict)

    def tell(self, notices: set[str], now: datetime) -> None:
        self.first = self.first or now
        self.last = now
        self.told |= dict.fromkeys(notices, now)

    def since(self, notice: str, now: datetime) -> timedelta | None:
        at = self.told.get(notice)
        return None if at is None else now - at


@dataclass(frozen=True)
class Talk:
    place: str
    minor: str
    channel: str
    asked: bool = False
    human_spoke_at: datetime | None = None


def expected(talk: Talk, memory: Memory, now: datetime) -> set[str]:
    """The notices due with the next message."""
    due = {"ai_answer"} if talk.asked else set()
    statements = [
        memory.told[name] for name in ("ai", "ai_reminder", "ai_answer") if name in memory.told
    ]
    latest = max(statements, default=None)
    quiet = None if latest is None else now - latest
    taken_over = (
        talk.human_spoke_at is not None and latest is not None and talk.human_spoke_at > latest
    )
    start = "ai" not in memory.told or taken_over
    reminded = "ai" in memory.told and quiet is not None
    companion = talk.channel in COMPANION
    young = talk.minor != "no"

    def quiet_for(interval: timedelta) -> bool:
        return reminded and quiet is not None and quiet >= interval

    def rested(interval: timedelta) -> bool:
        if memory.first is None:
            return False
        return now - memory.told.get("take_a_break", memory.first) >= interval

    if start:  # everywhere, whether or not a law asks for it
        due.add("ai")
    if talk.place == "EU" and talk.channel == "live" and quiet_for(15 * MINUTE):
        due.add("ai")
    if talk.place == "CN":
        due.add("ai")
        if companion and rested(2 * HOUR):
            due.add("take_a_break")
    if talk.place == "US-UT" and memory.last is not None and now - memory.last >= 7 * DAY:
        due.add("ai")
    if talk.place in ("US-CA", "US-NY", "US-WA", "US-OR") and companion:
        daily = memory.since("ai", now)
        if talk.place == "US-NY" and daily is not None and daily >= DAY:
            due.add("ai")
        hourly = talk.place in ("US-WA", "US-OR") and young
        every_three = talk.place in ("US-NY", "US-WA") or (talk.place == "US-CA" and young)
        if (hourly and quiet_for(HOUR)) or (every_three and quiet_for(3 * HOUR)):
            due.add("ai_reminder")
        if talk.place == "US-CA" and young and rested(3 * HOUR):
            due.add("take_a_break")
    return due
