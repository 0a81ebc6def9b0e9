from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.model.record import Entry, ReviewAction
from gateway.model.tally import Measure, TalliedDays, Tally, TallyKey
from gateway.model.verdict import Verdict
from gateway.reporting.tally import tally
from gateway.reporting.tally_updates import TallyUpdater
from tests.unit.reporting.conftest import Story


class Log:
    def __init__(self, entries: list[Entry]) -> None:
        self.all = entries

    async def size(self) -> int:
        return len(self.all)

    async def entries(self, start: int, stop: int) -> Sequence[Entry]:
        return self.all[start:stop]


class Counts:
    """Counts in memory, as storage keeps them. `meanwhile` runs once before a replacement."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.at = 0
        self.counts: Counter[TallyKey] = Counter()
        self.meanwhile: Any = None

    async def size(self) -> int:
        return self.at

    async def add(self, tally: Tally, *, start: int, stop: int) -> bool:
        if self.at != start:
            return False
        self.counts.update(tally)
        self.at = stop
        return True

    async def replace(self, tally: Tally, *, size: int) -> bool:
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        if self.at != size:
            return False
        self.counts = Counter(tally)
        return True

    async def exact(self) -> TalliedDays:
        return TalliedDays(size=self.at, first=0, last=0, tally=dict(self.counts))

    async def held_at(self, entry: Entry) -> datetime | None:
        before = [
            one.at
            for one in self.log.all[: entry.seq]
            if one.message_id == entry.message_id and b'"state":"held"' in one.body
        ]
        return before[-1] if before else None


def kept(story: Story) -> tuple[TallyUpdater, Counts]:
    log = Log(story.entries)
    counts = Counts(log)
    return TallyUpdater(entries=log, tallies=counts, every_s=0.001), counts


async def test_it_counts_what_is_new(story: Story) -> None:
    updater, counts = kept(story)
    for number in range(600):
        story.judged(list(Verdict)[number % 3])
    assert await updater.follow() == 600
    story.judged()
    seen: list[tuple[int, int]] = []
    assert await updater.follow(lambda done, size: seen.append((done, size))) == 601
    assert seen == [(601, 601)]
    assert counts.counts == tally(story.entries, {})


async def test_it_knows_how_long_a_hold_waited(story: Story) -> None:
    updater, counts = kept(story)
    held = story.judged(Verdict.HOLD)
    story.reviewed(held, ReviewAction.RELEASE, minutes=90)
    await updater.follow()
    (closed,) = (key for key in counts.counts if key.measure == Measure.CLOSED)
    assert closed.seconds == 5_400


async def test_two_keepers_count_once(story: Story) -> None:
    updater, counts = kept(story)
    for _ in range(100):
        story.judged()
    await asyncio.gather(updater.follow(), updater.follow())
    assert counts.counts == tally(story.entries, {})


async def test_a_recount_mends(story: Story) -> None:
    updater, counts = kept(story)
    story.judged()
    await updater.follow()
    right = Counter(counts.counts)
    counts.counts[next(iter(right))] += 7
    counts.counts[TallyKey("nobody", 1, "judged")] = 3
    found = await updater.recount()
    assert (found.size, found.differing) == (1, 2)
    assert +counts.counts == right
    assert (await updater.recount()).differing == 0


async def test_a_recount_takes_in_what_others_add_meanwhile(story: Story) -> None:
    updater, counts = kept(story)
    story.judged()
    await updater.follow()

    async def meanwhile() -> None:
        story.judged(Verdict.BLOCK)
        await updater.follow()

    counts.meanwhile = meanwhile
    found = await updater.recount()
    assert (found.size, found.differing) == (2, 0)
    assert counts.counts == tally(story.entries, {})


async def test_it_runs_until_it_is_stopped(story: Story) -> None:
    updater, counts = kept(story)
    task = asyncio.create_task(updater.run())
    story.judged()
    while counts.at < 1:  # noqa: ASYNC110 - counts know nothing of waiting
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
