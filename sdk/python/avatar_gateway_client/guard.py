"""Restricts a voice agent to what the gateway published, word for word."""

from __future__ import annotations

import logging
from collections.abc import Callable

from avatar_gateway_client.aio import AsyncClient
from avatar_gateway_client.errors import GatewayError
from avatar_gateway_client.models import Message, Outcome

_LOG = logging.getLogger("avatar_gateway_client")

About = Callable[[str], Message]
"""Builds the message for a text: who speaks to whom, and where."""


class Guard:
    """Submits each text and returns it as published. `message` builds the submission of a text;
    `heard` is called with each outcome, to show or count it."""

    def __init__(
        self,
        gateway: AsyncClient,
        message: About,
        *,
        heard: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._gateway = gateway
        self._message = message
        self._heard = heard

    async def published(self, text: str) -> str | None:
        """Submit a text; return it as published, label included. None, for which nothing may be
        said, also when the gateway refuses the request or cannot be reached."""
        if not text.strip():
            return None
        try:
            outcome = await self._gateway.submit(self._message(text))
        except GatewayError as error:
            _LOG.warning("nothing is said: %s", type(error).__name__)
            return None
        if self._heard is not None:
            self._heard(outcome)
        return outcome.text if outcome.released else None
