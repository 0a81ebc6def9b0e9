"""Hands recorded messages to the readers of open streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route


class StreamPlatform:
    """Implements ports.Platform for routes of the kind "stream".

    A message goes once, to the caller of `expect` with its id. A message that nobody expects (its
    reader left, or another process recorded it) is refused and never sent later. Belongs to one
    event loop.
    """

    def __init__(self, *, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self._expected: dict[str, asyncio.Future[Delivery]] = {}

    @property
    def routes(self) -> Mapping[str, Route]:
        return self._routes

    def expect(self, message_id: str) -> asyncio.Future[Delivery]:
        """A future of the message with this id, which resolves once the message is recorded and on
        its way. Cancel the future to refuse the message."""
        future: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self._expected[message_id] = future
        future.add_done_callback(lambda _: self._expected.pop(message_id, None))
        return future

    async def send(self, delivery: Delivery) -> Dispatch:
        expected = self._expected.pop(delivery.message_id, None)
        if expected is None or expected.done():
            return Dispatch(result=DispatchResult.REFUSED, detail="the stream has ended")
        expected.set_result(delivery)
        return Dispatch(result=DispatchResult.DELIVERED, detail="handed to the stream")

    async def close(self) -> None:
        """Do nothing: callers of `expect` cancel their futures themselves."""
