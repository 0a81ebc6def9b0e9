"""The synchronous client, generated from aio.py by sdk/python/generate.py: do not edit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from avatar_gateway_client import calls, models
from avatar_gateway_client.exchange import Exchange, Result, Retries, Wait


class Client:
    """Calls the gateway at `base_url` with an API key (`agk_…`), which it never shows. Use it in a
    `with` block, or call `close`. `transport` replaces httpx's own."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._retries = retries or Retries()
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=timeout_s,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, call: calls.Call[calls.T]) -> calls.T:
        """Send one call of `calls`, with retries. Raises GatewayError: see `errors`."""
        exchange = Exchange(call, self._retries)
        while True:
            try:
                response = self._http.send(exchange.request(self._http))
            except httpx.TransportError as error:
                step: Result[calls.T] | Wait = exchange.failed(error)
            else:
                step = exchange.answered(response)
            if isinstance(step, Result):
                return step.value
            self._sleep(step.seconds)

    def submit(
        self, message: models.Message, *, idempotency_key: str | None = None
    ) -> models.Outcome:
        """Submit a message to be judged and delivered. The outcome says whether it was published,
        held, blocked or refused. Without a key, a random one is used, so that retries are safe."""
        return self.send(calls.submit(message, idempotency_key=idempotency_key))

    def decide(self, message: models.Message) -> models.Outcome:
        """Judge a message as `submit` does, recorded as a dry run; nothing is delivered."""
        return self.send(calls.decide(message))

    def message(self, message_id: str) -> models.Outcome:
        """The outcome of a message as it is now. Raises NotFound."""
        return self.send(calls.message(message_id))

    def receipt(self, message_id: str) -> models.Receipt:
        """The receipt of a published message, with its proof. Raises NotFound, Erased."""
        return self.send(calls.receipt(message_id))

    def proof(self, entry: int) -> str:
        """The proof that an entry of your tenant is in the log, with the entry itself, for
        `proof.verify_inclusion` (role: auditor)."""
        return self.send(calls.proof(entry))

    def reviews(self, *, limit: int = 100) -> tuple[models.Held, ...]:
        """Up to `limit` messages that wait for a review, the most urgent first (role: reviewer)."""
        return self.send(calls.reviews(limit=limit))

    def review(
        self, message_id: str, *, action: str, reason: str, text: str | None = None
    ) -> models.Outcome:
        """Review a held message (role: reviewer). `action` is "release", "edit" (with the new
        `text`) or "reject". Raises NotFound when the message does not wait any more."""
        return self.send(calls.review(message_id, action=action, reason=reason, text=text))

    def creators(self) -> tuple[models.Creator, ...]:
        """All creators of your tenant."""
        return self.send(calls.creators())

    def creator(self, creator_id: str) -> models.Creator:
        """One creator. Raises NotFound."""
        return self.send(calls.creator(creator_id))

    def put_creator(self, creator_id: str, settings: Mapping[str, Any]) -> models.Creator:
        """Register a creator, or replace its settings (role: admin)."""
        return self.send(calls.put_creator(creator_id, settings))

    def hand_over(self, conversation: str, *, who: str | None, reason: str) -> models.Speaker:
        """Let the person `who` (a pseudonym) speak from now on, or the avatar again when `who` is
        None."""
        return self.send(calls.hand_over(conversation, who=who, reason=reason))

    def speaker(self, conversation: str) -> models.Speaker:
        """Who speaks in a conversation."""
        return self.send(calls.speaker(conversation))

    def moderate(self, texts: Sequence[str]) -> tuple[models.Moderation, ...]:
        """The scores of each text by OpenAI's categories. They do not allow it to be published."""
        return self.send(calls.moderate(texts))
