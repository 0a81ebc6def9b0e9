"""Recovery from a crash with many messages waiting: the time until they are sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bench.figure import Figure
from bench.records import START, Records
from gateway.storage.store import Store, open_store
from gateway.trail.leaf import encode

_PENDING = 100_000  # messages that wait
_AT_ONCE = 256  # concurrent callers that record them
_LEASED = 16  # as many as the courier takes at once
_LEASES = 50  # leases that are timed


async def recovery(folder: Path) -> Figure:
    """The time from opening the database of a dead process to the first leased messages."""
    async with _opened(folder, START) as store:
        await _fill(store)
    later = START + timedelta(minutes=10)
    began = time.perf_counter()
    async with _opened(folder, later) as store:
        opened = time.perf_counter() - began
        until = later + timedelta(seconds=30)
        due = await store.outbox.lease(limit=_LEASED, until=until)
        value = time.perf_counter() - began
        assert len(due) == _LEASED
        assert all(delivery.uncertain for delivery in due)
        leasing = time.perf_counter()
        for _ in range(_LEASES):
            await store.outbox.lease(limit=_LEASED, until=until)
        leasing = (time.perf_counter() - leasing) / _LEASES
    return Figure(
        key="audit.recovery_s",
        value=value,
        unit="s",
        bar=10.0,
        aim=2.0,
        n=_PENDING,
        note=f"SQLite, {_PENDING} messages that a dead process had leased; opening {opened:.2f} s; "
        f"then {_LEASED} leased in {leasing * 1e3:.1f} ms",
    )


async def _fill(store: Store) -> None:
    records = Records()
    numbers = iter(range(_PENDING))

    async def caller() -> None:
        for _ in numbers:
            await store.ledger.record(records.make())

    await asyncio.gather(*[caller() for _ in range(_AT_ONCE)])


@asynccontextmanager
async def _opened(folder: Path, at: datetime) -> AsyncIterator[Store]:
    store = await open_store(
        url=f"sqlite:///{folder / 'pending.db'}",
        keys_path=folder / "pending-keys.db",
        encode=encode,
        now=lambda: at,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
    )
    try:
        yield store
    finally:
        await store.close()
