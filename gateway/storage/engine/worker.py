"""One thread for what must not hold up the event loop: syncing, waiting, the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Task = tuple[Callable[[], Any], asyncio.Future[Any]]


class WorkerThread:
    """Runs one function at a time, in order. Belongs to one event loop. Costs less than an
    executor: every message passes here."""

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def run(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((function, future))
        return await future

    async def close(self) -> None:
        """After what was given to it is done."""
        if self._thread.is_alive():
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        while (task := self._queue.get()) is not None:
            function, future = task
            value, error = None, None
            try:
                value = function()
            except BaseException as raised:  # noqa: BLE001 - belongs to whoever gave the function
                error = raised
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                future.get_loop().call_soon_threadsafe(_settle, future, value, error)


def _settle(future: asyncio.Future[T], value: T, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
