"""Several platforms as one: each route is sent by the platform that knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.errors import ConfigurationError
from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route
from gateway.ports import Platform


class PlatformBook:
    """Implements ports.Platform. Raises ConfigurationError when two platforms claim a route."""

    def __init__(self, *, platforms: Sequence[Platform]) -> None:
        self._platforms = tuple(platforms)
        self._by_route: dict[str, Platform] = {}
        for platform in platforms:
            for name in platform.routes:
                if name in self._by_route:
                    raise ConfigurationError(f"the route {name}", "is there twice", "Rename one.")
                self._by_route[name] = platform

    @property
    def routes(self) -> Mapping[str, Route]:
        return {name: platform.routes[name] for name, platform in self._by_route.items()}

    async def send(self, delivery: Delivery) -> Dispatch:
        platform = self._by_route.get(delivery.route)
        if platform is None:
            return Dispatch(result=DispatchResult.RETRY, detail="the route is not configured now")
        return await platform.send(delivery)

    async def close(self) -> None:
        for platform in self._platforms:
            await platform.close()
