"""LiveKit Agents: an agent that says only what was published (extra `livekit`)."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any, NoReturn

from livekit.agents import Agent, ModelSettings
from livekit.agents.llm import ChatChunk, ChatContext, Tool
from livekit.agents.voice import SpeechHandle

from avatar_gateway_client.aio import AsyncClient
from avatar_gateway_client.guard import About, Guard
from avatar_gateway_client.models import Outcome


class GuardedAgent(Agent):
    """An agent that says only what the gateway published.

    It collects the language model's reply until that is complete, submits it, and passes on the
    published text; tool calls pass at once. For words of your own use `say` of this class, since
    `session.say` is not checked. A realtime model is refused: it speaks before its words can be
    checked. `more` goes to Agent.
    """

    def __init__(
        self,
        gateway: AsyncClient,
        *,
        message: About,
        heard: Callable[[Outcome], None] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._guard = Guard(gateway, message, heard=heard)

    async def llm_node(
        self, chat_ctx: ChatContext, tools: list[Tool], model_settings: ModelSettings
    ) -> AsyncIterator[ChatChunk | str]:
        reply: list[str] = []
        async for chunk in Agent.default.llm_node(self, chat_ctx, tools, model_settings):
            if isinstance(chunk, str):
                reply.append(chunk)
            elif isinstance(chunk, ChatChunk):
                if chunk.delta is not None and chunk.delta.content:
                    reply.append(chunk.delta.content)
                    chunk.delta.content = None
                yield chunk
        if (published := await self._guard.published("".join(reply))) is not None:
            yield published

    async def say(self, text: str, **more: Any) -> SpeechHandle | None:
        """Submit `text` and say it as published; None when it was not published. `more` goes to
        `session.say`."""
        published = await self._guard.published(text)
        return None if published is None else self.session.say(published, **more)

    def realtime_audio_output_node(
        self,
        audio: AsyncIterable[Any],
        model_settings: ModelSettings,
    ) -> NoReturn:
        raise RuntimeError(
            "A realtime model speaks before anybody can check what it says: use a language model "
            "and a text-to-speech service."
        )
