"""What runs beside the requests for as long as the server does."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import structlog

from gateway.errors import GatewayError, place_of
from gateway.opened import Opened

Job = Callable[[], Awaitable[None]]


@contextmanager
def uncollected() -> Iterator[None]:
    """While a server is put together next to nothing becomes garbage, so nobody looks for it; and
    what stands at the end stays, so it is never looked through again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@asynccontextmanager
async def kept_running(jobs: Sequence[tuple[str, Job]]) -> AsyncIterator[None]:
    """All of them, by name, each in a task of its own."""
    tasks = [asyncio.create_task(keep(name, run)) for name, run in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def keep(what: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run for as long as the server does: retries and expiry must outlive any defect in them."""
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - whatever it is, others still wait for their turn
            structlog.get_logger("gateway").error(
                "starting again", what=what, error=type(error).__name__, at=place_of(error)
            )
        await asyncio.sleep(1)


async def expire(opened: Opened, every_s: float = 5.0) -> None:
    log = structlog.get_logger("gateway")
    while True:
        try:
            if expired := await opened.store.reviews.expire(datetime.now(UTC)):
                log.info("expired held messages", count=expired)
        except GatewayError as error:
            log.warning("could not expire held messages", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def retain(opened: Opened, every_s: float = 60.0, rounds: int = 60) -> None:
    """Carry on erasures that were broken off; once in `rounds`, erase what no rule keeps."""
    log = structlog.get_logger("gateway")
    retention = opened.store.retention(opened.settings.retention_rules)
    for number in itertools.count():
        try:
            if resumed := await opened.store.erasures.resume():
                log.info("carried on erasures", count=resumed)
            for report in await retention.run() if number % rounds == 0 else ():
                log.info(
                    "erased what is kept no longer",
                    tenant=report.tenant,
                    messages=report.counts.messages,
                    entry=report.entry,
                )
        except GatewayError as error:
            log.warning("could not erase", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def take_over(opened: Opened, every_s: float = 3.0) -> None:
    """From replicas that died: what they had taken to send."""
    log = structlog.get_logger("gateway")
    while True:
        await asyncio.sleep(every_s)
        try:
            await opened.store.tend()
        except GatewayError as error:
            log.warning("could not look after dead processes", error=type(error).__name__)
