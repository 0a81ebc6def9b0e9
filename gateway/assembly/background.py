"""The background jobs of a server: expiry, retention, reclaiming from replicas that died."""

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

BackgroundJob = Callable[[], Awaitable[None]]


@contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Turn the garbage collector off while a server is assembled, and freeze the objects made.

    Assembling makes next to no garbage, and its objects live as long as the server, so no
    collection needs to look through them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@asynccontextmanager
async def jobs_running(jobs: Sequence[tuple[str, BackgroundJob]]) -> AsyncIterator[None]:
    """Run jobs, given by name, each in a task of its own; cancel them at the end."""
    tasks = [asyncio.create_task(restart_on_error(name, job)) for name, job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def restart_on_error(name: str, job: BackgroundJob) -> None:
    """Run a job for as long as the server runs; log any error and start it again after a second.
    A defect in one round of deliveries or expiry must not end all later ones."""
    while True:
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - any defect: see above
            structlog.get_logger("gateway").error(
                "starting again", what=name, error=type(error).__name__, at=place_of(error)
            )
        await asyncio.sleep(1)


async def expire_held(opened: Opened, every_s: float = 5.0) -> None:
    """Let held messages expire, every `every_s` seconds."""
    log = structlog.get_logger("gateway")
    while True:
        try:
            if expired := await opened.store.reviews.expire(datetime.now(UTC)):
                log.info("expired held messages", count=expired)
        except GatewayError as error:
            log.warning("could not expire held messages", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def apply_retention(opened: Opened, every_s: float = 60.0, rounds: int = 60) -> None:
    """Finish erasures that were cut off, every `every_s` seconds; once in `rounds` times, also
    erase what the retention rules no longer keep."""
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


async def reclaim_from_dead(opened: Opened, every_s: float = 3.0) -> None:
    """Free the claims and leases of replicas that died, every `every_s` seconds."""
    log = structlog.get_logger("gateway")
    while True:
        await asyncio.sleep(every_s)
        try:
            await opened.store.reclaim_from_dead()
        except GatewayError as error:
            log.warning("could not look after dead processes", error=type(error).__name__)
