"""Passes each delivery to the sender for its kind of route."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route, RouteKind
from gateway.ports import Platform

NOT_CONFIGURED = "the route is not configured now"


class PlatformDispatcher:
    """Implements ports.Platform for all routes, by one sender for each kind of route.

    The kind of a route that was removed while messages were queued for it is unknown. Its messages
    go to the sender of proxied requests, which refuses messages that no client waits for.
    """

    def __init__(
        self, *, routes: Mapping[str, Route], senders: Mapping[RouteKind, Platform]
    ) -> None:
        self._routes = routes
        self._senders = senders

    @property
    def routes(self) -> Mapping[str, Route]:
        return self._routes

    async def send(self, delivery: Delivery) -> Dispatch:
        route = self._routes.get(delivery.route)
        sender = self._senders.get(RouteKind.PROXY if route is None else route.kind)
        if sender is None:
            return Dispatch(result=DispatchResult.RETRY, detail=NOT_CONFIGURED)
        return await sender.send(delivery)

    async def close(self) -> None:
        for sender in dict.fromkeys(self._senders.values()):  # one may serve several kinds
            await sender.close()
