"""An erasure killed with SIGKILL after each of its durable steps: it never began, or whoever comes
next carries it on, and the entry never says more than is true."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from gateway.model.erasure import ErasureOrder, ErasureScope
from gateway.model.record import EntryKind
from gateway.model.submission import Audience
from gateway.storage.store import EntryQuery, Store
from gateway.trail.verify import verify
from tests.stores import START, Clock, Place, Samples

MESSAGES = 40  # more keys than one step takes
ORDER = ErasureOrder(
    scope=ErasureScope.CREATOR,
    tenant="acme",
    target="zoe",
    actor="ann",
    reason="They asked for it.",
)
# begin, doomed, then twice: step, destroy, confirm; finish
POINTS = 9


async def killed(url: str, keys_path: str, point: int) -> None:
    """In a process of its own: erase, and die right after durable step number `point`."""
    from pathlib import Path

    clock = Clock()
    clock.at = START
    store = await Place(url=url, keys_path=Path(keys_path), clock=clock).open()
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if done == point:
            os.kill(os.getpid(), signal.SIGKILL)

    write, destroy = store._writer.write, store._keys.destroy

    def writing(of: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        async def counted(job: Any) -> Any:
            result = await of(job)
            count()
            return result

        return counted

    def destroying(kids: Any) -> int:
        result = destroy(kids)
        count()
        return result

    store._writer.write = writing(write)  # type: ignore[method-assign, assignment] # counted
    store._keys.destroy = destroying  # type: ignore[method-assign] # counted
    await store.erasures.erase(ORDER)


async def gone(store: Store) -> int:
    """How many messages cannot be read any more, each for a reason that is told."""
    count = 0
    for number in range(1, MESSAGES + 1):
        outcome = await store.ledger.outcome("acme", f"msg_{number}")
        assert outcome is not None
        assert (outcome.judgement.text is None) == (outcome.erased_at is not None)
        count += outcome.judgement.text is None
    return count


@pytest.mark.parametrize("point", range(1, POINTS + 1))
async def test_killed_after_each_step(
    place: Place,
    store: Store,
    samples: Samples,
    reopen: Callable[[Store], Awaitable[Store]],
    point: int,
) -> None:
    for number in range(MESSAGES):
        submission = samples.submission(audience=Audience(id=f"person-{number}"))
        await store.ledger.record(samples.record(submission=submission))
    code = (
        "import asyncio; from tests.contracts.test_erasure_killed import killed; "
        f"asyncio.run(killed({place.url!r}, {str(place.keys_path)!r}, {point}))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == -signal.SIGKILL
    left = await gone(store)  # a process that was there all along
    assert left in {0, 32, MESSAGES}
    store = await reopen(store)
    assert await gone(store) == left
    entries = await store.log.find(EntryQuery(kind=EntryKind.ERASED))
    assert len(entries) == (point == POINTS)
    assert await store.erasures.resume() == (point < POINTS)
    assert await gone(store) == MESSAGES
    (entry,) = await store.log.find(EntryQuery(kind=EntryKind.ERASED))
    counts = orjson.loads(entry.body)["counts"]
    assert (counts["keys"], counts["messages"]) == (MESSAGES, MESSAGES)
    assert (await store.erasures.plan(ORDER)).counts.keys == 0
    log = await store.log.entries(0, await store.log.size())
    verify(log, checkpoints=(), keys=(), origin="log")
