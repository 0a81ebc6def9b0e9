"""Gives what was recorded to whoever has its stream open; everything else to the next platform."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route
from gateway.ports import Platform

KIND = "stream"


class OpenStreams:
    """Implements ports.Platform for routes of the kind "stream"; `others` sends the rest.

    A message goes to whoever called `expect` with its id, once. What nobody expects any more (its
    reader left, or this process is not the one that recorded it) is refused, never sent later.
    Belongs to one event loop.
    """

    def __init__(self, others: Platform) -> None:
        self._others = others
        self._expected: dict[str, asyncio.Future[Delivery]] = {}

    @property
    def routes(self) -> Mapping[str, Route]:
        return self._others.routes

    def expect(self, message_id: str) -> asyncio.Future[Delivery]:
        """Resolves when that message is recorded and on its way. Cancel it to refuse it."""
        future: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self._expected[message_id] = future
        future.add_done_callback(lambda _: self._expected.pop(message_id, None))
        return future

    async def send(self, delivery: Delivery) -> Dispatch:
        route = self.routes.get(delivery.route)
        if route is None or route.kind != KIND:
            return await self._others.send(delivery)
        waiting = self._expected.pop(delivery.message_id, None)
        if waiting is None or waiting.done():
            return Dispatch(result=DispatchResult.REFUSED, detail="the stream has ended")
        waiting.set_result(delivery)
        return Dispatch(result=DispatchResult.DELIVERED, detail="handed to the stream")

    async def close(self) -> None:
        await self._others.close()
