"""Keeps the counts up with the log, beside whatever writes it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.model.record import Entry
from gateway.model.tally import TalliedDays, Tally, TallyKey
from gateway.reporting.tally import closes, tally

_AT_ONCE = 256
"""Entries: some milliseconds in a thread, so that nobody else waits long for the interpreter."""

_IN_ONE_WRITE = 16_384

Progress = Callable[[int, int], None]


class EntrySource(Protocol):
    """The durable entries of the log, see storage/log/log_store.py."""

    async def size(self) -> int: ...

    async def entries(self, start: int, stop: int) -> Sequence[Entry]: ...


class TallyStore(Protocol):
    """The counts as stored, see storage/log/tallies.py."""

    async def size(self) -> int: ...

    async def add(self, tally: Tally, *, start: int, stop: int) -> bool: ...

    async def replace(self, tally: Tally, *, size: int) -> bool: ...

    async def exact(self) -> TalliedDays: ...

    async def held_at(self, entry: Entry) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """All was counted again, over `size` entries. `differing`: so many of the stored counts
    were not what the entries come to."""

    size: int
    differing: int


class TallyUpdater:
    """Keeps the stored counts up with the log.

    `every_s` is the pause between two looks at the log. Any number of processes may keep.
    """

    def __init__(self, *, entries: EntrySource, tallies: TallyStore, every_s: float = 15.0) -> None:
        self._entries = entries
        self._tallies = tallies
        self._every_s = every_s

    async def run(self) -> None:
        """Follow the log until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.follow()

    async def follow(self, progress: Progress | None = None) -> int:
        """Count what is new. How many entries are counted then. Raises LogInvalid for an entry
        that cannot be read."""
        size = await self._entries.size()
        start = await self._tallies.size()
        while start < size:
            stop = min(start + _IN_ONE_WRITE, size)
            counts = await self._count(start, stop)
            await self._tallies.add(counts, start=start, stop=stop)
            start = await self._tallies.size()  # another process may have been quicker
            if progress:
                progress(start, size)
        return start

    async def recount(self, progress: Progress | None = None) -> Recount:
        """Count from the first entry, hold that against what was stored, and put it in its
        place."""
        counts: Counter[TallyKey] = Counter()
        done = 0
        while True:
            stored = await self._tallies.exact()
            for start in range(done, stored.size, _IN_ONE_WRITE):
                stop = min(start + _IN_ONE_WRITE, stored.size)
                counts.update(await self._count(start, stop))
                if progress:
                    progress(stop, stored.size)
            done, old = stored.size, stored.tally
            differing = sum(counts[key] != old.get(key, 0) for key in counts.keys() | old.keys())
            # Where a server has added meanwhile, what it added is counted too.
            if await self._tallies.replace(counts, size=done):
                size = await self.follow(progress)
                return Recount(size=size, differing=differing)

    async def _count(self, start: int, stop: int) -> Counter[TallyKey]:
        counts: Counter[TallyKey] = Counter()
        for first in range(start, stop, _AT_ONCE):
            entries = await self._entries.entries(first, min(first + _AT_ONCE, stop))
            held = {
                entry.seq: await self._tallies.held_at(entry) for entry in entries if closes(entry)
            }
            counts.update(await asyncio.to_thread(tally, entries, held))
        return counts
