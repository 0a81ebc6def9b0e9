"""The asynchronous client; `python sdk/python/generate.py` makes `client.py` from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from avatar_gateway_client import calls, models
from avatar_gateway_client.exchange import Exchange, Result, Retries, Wait


class AsyncClient:
    """Calls the gateway at `base_url` with an API key (`agk_…`), which it never shows. Use it in a
    `with` block, or call `close`. `transport` replaces httpx's own."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._retries = retries or Retries()
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=timeout_s,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, call: calls.Call[calls.T]) -> calls.T:
        """Send one call of `calls`, with retries. Raises GatewayError: see `errors`."""
        exchange = Exchange(call, self._retries)
        while True:
            try:
                response = await self._http.send(exchange.request(self._http))
            except httpx.TransportError as error:
                step: Result[calls.T] | Wait = exchange.failed(error)
            else:
                step = exchange.answered(response)
            if isinstance(step, Result):
                return step.value
            await self._sleep(step.seconds)

    async def submit(
        self, message: models.Message, *, idempotency_key: str | None = None
    ) -> models.Outcome:
        """Submit a message to be judged and delivered. The outcome says whether it was published,
        held, blocked or refused. Without a key, a random one is used, so that retries are safe."""
        return await self.send(calls.submit(message, idempotency_key=idempotency_key))

    async def decide(self, message: models.Message) -> models.Outcome:
        """Judge a message as `submit` does, recorded as a dry run; nothing is delivered."""
        return await self.send(calls.decide(message))

    async def message(self, message_id: str) -> models.Outcome:
        """The outcome of a message as it is now. Raises NotFound."""
        return await self.send(calls.message(message_id))

    async def receipt(self, message_id: str) -> models.Receipt:
        """The receipt of a published message, with its proof. Raises NotFound, Erased."""
        return await self.send(calls.receipt(message_id))

    async def proof(self, entry: int) -> str:
        """The proof that an entry of your tenant is in the log, with the entry itself, for
        `proof.verify_inclusion` (role: auditor)."""
        return await self.send(calls.proof(entry))

    async def reviews(self, *, limit: int = 100) -> tuple[models.Held, ...]:
        """Up to `limit` messages that wait for a review, the most urgent first (role: reviewer)."""
        return await self.send(calls.reviews(limit=limit))

    async def review(
        self, message_id: str, *, action: str, reason: str, text: str | None = None
    ) -> models.Outcome:
        """Review a held message (role: reviewer). `action` is "release", "edit" (with the new
        `text`) or "reject". Raises NotFound when the message does not wait any more."""
        return await self.send(calls.review(message_id, action=action, reason=reason, text=text))

    async def creators(self) -> tuple[models.Creator, ...]:
        """All creators of your tenant."""
        return await self.send(calls.creators())

    async def creator(self, creator_id: str) -> models.Creator:
        """One creator. Raises NotFound."""
        return await self.send(calls.creator(creator_id))

    async def put_creator(self, creator_id: str, settings: Mapping[str, Any]) -> models.Creator:
        """Register a creator, or replace its settings (role: admin)."""
        return await self.send(calls.put_creator(creator_id, settings))

    async def hand_over(self, conversation: str, *, who: str | None, reason: str) -> models.Speaker:
        """Let the person `who` (a pseudonym) speak from now on, or the avatar again when `who` is
        None."""
        return await self.send(calls.hand_over(conversation, who=who, reason=reason))

    async def speaker(self, conversation: str) -> models.Speaker:
        """Who speaks in a conversation."""
        return await self.send(calls.speaker(conversation))

    async def moderate(self, texts: Sequence[str]) -> tuple[models.Moderation, ...]:
        """The scores of each text by OpenAI's categories. They do not allow it to be published."""
        return await self.send(calls.moderate(texts))
