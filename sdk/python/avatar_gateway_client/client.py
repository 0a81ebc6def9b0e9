"""The synchronous client, made of aio.py by sdk/python/generate.py: do not edit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from avatar_gateway_client import calls, models
from avatar_gateway_client.exchange import Exchange, Result, Retries, Wait


class Client:
    """Speaks to the gateway at `base_url` with an API key (`agk_…`), which it never shows. Use it
    in a `with` block, or call `close`. `transport` replaces httpx's own."""

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
        """Carries out one call of `calls`. Raises GatewayError: see `errors`."""
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
        """Decide and deliver. Whatever became of the message is in the outcome: `published`, or
        held, blocked, refused. With no key of yours one is made up, for retries."""
        return self.send(calls.submit(message, idempotency_key=idempotency_key))

    def decide(self, message: models.Message) -> models.Outcome:
        """The same decision, recorded as a dry run; nothing is delivered."""
        return self.send(calls.decide(message))

    def message(self, message_id: str) -> models.Outcome:
        """Where a message stands."""
        return self.send(calls.message(message_id))

    def receipt(self, message_id: str) -> models.Receipt:
        """The receipt of a published message, with its proof. Raises NotFound, Erased."""
        return self.send(calls.receipt(message_id))

    def proof(self, entry: int) -> str:
        """That an entry of your tenant is in the log, with the entry itself (role: auditor): for
        `proof.verify_inclusion`."""
        return self.send(calls.proof(entry))

    def reviews(self, *, limit: int = 100) -> tuple[models.Held, ...]:
        """What waits for a person, the most urgent first (role: reviewer)."""
        return self.send(calls.reviews(limit=limit))

    def review(
        self, message_id: str, *, action: str, reason: str, text: str | None = None
    ) -> models.Outcome:
        """`action` is "release", "edit" (with the new `text`) or "reject". Raises NotFound when
        it does not wait any more."""
        return self.send(calls.review(message_id, action=action, reason=reason, text=text))

    def creators(self) -> tuple[models.Creator, ...]:
        return self.send(calls.creators())

    def creator(self, creator_id: str) -> models.Creator:
        """Raises NotFound."""
        return self.send(calls.creator(creator_id))

    def put_creator(self, creator_id: str, settings: Mapping[str, Any]) -> models.Creator:
        """Register a creator, or replace its settings (role: admin)."""
        return self.send(calls.put_creator(creator_id, settings))

    def hand_over(self, conversation: str, *, who: str | None, reason: str) -> models.Speaker:
        """The person `who` (a pseudonym) speaks from now on; None: the avatar again."""
        return self.send(calls.hand_over(conversation, who=who, reason=reason))

    def speaker(self, conversation: str) -> models.Speaker:
        """Who speaks in a conversation."""
        return self.send(calls.speaker(conversation))

    def moderate(self, texts: Sequence[str]) -> tuple[models.Moderation, ...]:
        """What each text scores, by OpenAI's categories. A question: it allows nothing."""
        return self.send(calls.moderate(texts))
