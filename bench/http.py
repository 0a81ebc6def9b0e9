"""A message's whole way over HTTP: CPU of the server, and 64 clients at once."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.figure import Figure, ratio
from bench.messages import submission
from bench.presidio import NAME, baseline
from bench.start import server_of
from gateway.assembly.opening import open_with_anchors
from gateway.demo.processes import RunningDemo, running
from gateway.model.record import EntryKind
from gateway.settings import read_settings

ROUNDS = 5  # turns of each side
PER_ROUND = 320  # messages in a turn
AT_ONCE = 64  # concurrent clients
BUSY = 8  # concurrent clients of a busy server
MANY = 5_000  # messages from the concurrent clients
BEFORE = (2 * ROUNDS + 1) * PER_ROUND  # messages sent before those


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        with running(Path(folder)) as there, baseline() as presidio:
            key = _prepare(there)
            numbers = itertools.count(1)
            _post_round(there, key, numbers, 1)
            yield _cpu_ratio(there, key, presidio, numbers, at_once=BUSY)
            yield _cpu_ratio(there, key, presidio, numbers, at_once=1)
            began = time.monotonic()
            statuses = asyncio.run(_post(there, key, range(100_000, 100_000 + MANY), AT_ONCE))
            rate = MANY / (time.monotonic() - began)
            received = _all_received(there, sent=BEFORE + MANY)
        queued = sum(status == httpx.codes.ACCEPTED for status in statuses)
        failed = sum(status not in {httpx.codes.OK, httpx.codes.ACCEPTED} for status in statuses)
        failed += BEFORE + MANY - len(received)
        recorded = asyncio.run(_recorded(Path(folder)))
    lost = {message["message_id"] for message in received} - recorded
    note = (
        f"{rate:.0f} messages/s, client and platform on the same two cores; {queued} answered 202 "
        "(queued) and were delivered later; log verified after"
    )
    for name, value in (("failed", failed), ("lost", len(lost))):
        yield Figure(
            key=f"http.c64.{name}", value=value, unit="", bar=0, aim=0, n=len(statuses), note=note
        )


def _cpu_ratio(
    there: RunningDemo,
    key: dict[str, str],
    presidio: Callable[[float], float],
    numbers: Iterator[int],
    *,
    at_once: int,
) -> Figure:
    """CPU of the gateway against the baseline, taken in turn; the baseline pauses as long as the
    gateway was idle."""
    alone = at_once == 1
    server = server_of(there)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began, before = time.monotonic(), sum(server.cpu_times()[:2])
        _post_round(there, key, numbers, at_once)
        ours.append((sum(server.cpu_times()[:2]) - before) / PER_ROUND)
        idle = (time.monotonic() - began) / PER_ROUND - ours[-1]
        theirs.append(presidio(max(0.0, idle) if alone else 0.0))
    value, spread = ratio(ours, theirs)
    how = (
        "one request at a time, the baseline pauses as long as the server waits"
        if alone
        else f"{at_once} in flight, the baseline without a pause"
    )
    return Figure(
        key="http.alone_cpu_ratio" if alone else "http.cpu_ratio",
        value=value,
        unit="",
        bar=0.8,
        aim=0.25,
        n=ROUNDS * PER_ROUND,
        spread=spread,
        baseline=NAME,
        note=f"{median(ours) * 1e3:.2f} ms ÷ {median(theirs) * 1e3:.2f} ms, "
        f"median of rounds; {how}",
    )


def _post_round(
    there: RunningDemo, key: dict[str, str], numbers: Iterator[int], at_once: int
) -> None:
    asyncio.run(_post(there, key, itertools.islice(numbers, PER_ROUND), at_once))


def _all_received(there: RunningDemo, *, sent: int, patience_s: float = 60) -> list[dict[str, Any]]:
    """The messages that the platform has received, once it has all, or once patience ends."""
    until = time.monotonic() + patience_s
    while True:
        received: list[dict[str, Any]] = httpx.get(f"{there.sandbox}/messages", timeout=60).json()
        if len(received) >= sent or time.monotonic() > until:
            return received
        time.sleep(0.5)


async def _recorded(data_dir: Path) -> set[str]:
    """Ids of the messages with a decision in the log. The log must verify."""
    async with open_with_anchors(read_settings(None, {"data_dir": data_dir})) as opened:
        await opened.log.verify()
        entries = await opened.store.log.entries(0, await opened.store.log.size())
    return {
        entry.message_id
        for entry in entries
        if entry.kind is EntryKind.DECISION and entry.message_id is not None
    }


def _prepare(there: RunningDemo) -> dict[str, str]:
    token = (there.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
    key = {"Authorization": f"Bearer {token}"}
    httpx.put(f"{there.gateway}/v1/creators/bench", json={}, headers=key).raise_for_status()
    return key


async def _post(
    there: RunningDemo, key: dict[str, str], numbers: Iterable[int], at_once: int
) -> list[int]:
    """Post requests; return the status of each."""
    waiting = iter(numbers)
    statuses: list[int] = []
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(
        base_url=there.gateway, headers=key, limits=limits, timeout=60
    ) as client:

        async def work() -> None:
            for number in waiting:
                answer = await client.post("/v1/messages", json=submission(number))
                statuses.append(answer.status_code)

        await asyncio.gather(*(work() for _ in range(at_once)))
    return statuses
