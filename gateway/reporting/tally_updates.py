"""Keeps the stored counts up to date with the log, while gateways write to it."""

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

_ENTRIES_AT_ONCE = 256
"""Entries that a thread counts in one go: a few milliseconds, in which it holds the interpreter."""

_ENTRIES_IN_ONE_WRITE = 16_384
"""Entries whose counts are stored in one transaction."""

Progress = Callable[[int, int], None]
"""Is called with the entries done and the entries in all."""


class EntrySource(Protocol):
    """Reads the durable entries of the log; storage/log/log_store.py implements it."""

    async def size(self) -> int: ...

    async def entries(self, start: int, stop: int) -> Sequence[Entry]: ...


class TallyStore(Protocol):
    """Stores the counts; storage/log/tallies.py implements it."""

    async def size(self) -> int: ...

    async def add(self, tally: Tally, *, start: int, stop: int) -> bool: ...

    async def replace(self, tally: Tally, *, size: int) -> bool: ...

    async def exact(self) -> TalliedDays: ...

    async def held_at(self, entry: Entry) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """The result of a recount over `size` entries: how many stored counts were wrong."""

    size: int
    differing: int


class TallyUpdater:
    """Keeps the stored counts up to date with the log.

    `every_s` is the pause in seconds between two looks at the log. Any number of processes may do
    this at the same time.
    """

    def __init__(self, *, entries: EntrySource, tallies: TallyStore, every_s: float = 15.0) -> None:
        self._entries = entries
        self._tallies = tallies
        self._every_s = every_s

    async def run(self) -> None:
        """Count new entries until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.follow()

    async def follow(self, progress: Progress | None = None) -> int:
        """Count the entries that are new; return how many entries are counted in all. Raises
        LogInvalid for an entry that cannot be read."""
        size = await self._entries.size()
        start = await self._tallies.size()
        while start < size:
            stop = min(start + _ENTRIES_IN_ONE_WRITE, size)
            counts = await self._count(start, stop)
            await self._tallies.add(counts, start=start, stop=stop)
            start = await self._tallies.size()  # another process may have been quicker
            if progress:
                progress(start, size)
        return start

    async def recount(self, progress: Progress | None = None) -> Recount:
        """Count all entries again, compare the result with the stored counts, and replace them."""
        counts: Counter[TallyKey] = Counter()
        done = 0
        while True:
            stored = await self._tallies.exact()
            for start in range(done, stored.size, _ENTRIES_IN_ONE_WRITE):
                stop = min(start + _ENTRIES_IN_ONE_WRITE, stored.size)
                counts.update(await self._count(start, stop))
                if progress:
                    progress(stop, stored.size)
            done, old = stored.size, stored.tally
            differing = sum(counts[key] != old.get(key, 0) for key in counts.keys() | old.keys())
            # False when a server has added counts meanwhile: those entries are counted next.
            if await self._tallies.replace(counts, size=done):
                size = await self.follow(progress)
                return Recount(size=size, differing=differing)

    async def _count(self, start: int, stop: int) -> Counter[TallyKey]:
        counts: Counter[TallyKey] = Counter()
        for first in range(start, stop, _ENTRIES_AT_ONCE):
            entries = await self._entries.entries(first, min(first + _ENTRIES_AT_ONCE, stop))
            held_at = {
                entry.seq: await self._tallies.held_at(entry) for entry in entries if closes(entry)
            }
            counts.update(await asyncio.to_thread(tally, entries, held_at))
        return counts
