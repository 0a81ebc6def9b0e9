"""A single worker thread for calls that would block the event loop: syncs, locks, the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_QueuedCall = tuple[Callable[[], Any], asyncio.Future[Any]]


class WorkerThread:
    """Runs functions in one thread, one at a time, in the order in which they were given.

    Belongs to one event loop. Quicker than an executor, which counts because each message needs it
    for its commit.
    """

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[_QueuedCall | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def run(self, function: Callable[[], T]) -> T:
        """Run `function` in the thread; return or raise what it does."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((function, future))
        return await future

    async def close(self) -> None:
        """Finish the functions that were given, and end the thread."""
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
            with suppress(RuntimeError):  # the loop is closed: nobody awaits the result
                future.get_loop().call_soon_threadsafe(_resolve_future, future, value, error)


def _resolve_future(future: asyncio.Future[T], value: T, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
