"""Pipecat: a processor between the language model and the speech synthesis (extra `pipecat`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TextFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from avatar_gateway_client.aio import AsyncClient
from avatar_gateway_client.guard import About, Guard
from avatar_gateway_client.models import Outcome

_PERSON_FRAMES = (TranscriptionFrame, InterimTranscriptionFrame)


class GatewayProcessor(FrameProcessor):
    """A processor that passes on only what the gateway published.

    It collects a reply until that is complete and submits it whole; texts outside of a reply are
    submitted one by one. A reply that is interrupted or never ends is dropped.
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
        self._reply: list[str] | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction is not FrameDirection.DOWNSTREAM:
            await self.push_frame(frame, direction)
        elif isinstance(frame, LLMFullResponseStartFrame):
            self._reply = []
            await self.push_frame(frame, direction)
        elif isinstance(frame, LLMFullResponseEndFrame):
            await self._push_published("".join(self._reply or ()))
            self._reply = None
            await self.push_frame(frame, direction)
        elif isinstance(frame, TTSSpeakFrame):
            if (text := await self._guard.published(frame.text)) is not None:
                frame.text = text
                await self.push_frame(frame, direction)
        elif isinstance(frame, TextFrame) and not isinstance(frame, _PERSON_FRAMES):
            await self._take_text(frame)
        else:
            if isinstance(frame, InterruptionFrame):
                self._reply = None
            await self.push_frame(frame, direction)

    async def _take_text(self, frame: TextFrame) -> None:
        if self._reply is None:
            await self._push_published(frame.text)
        else:
            self._reply.append(
                frame.text if frame.includes_inter_frame_spaces else f"{frame.text} "
            )

    async def _push_published(self, text: str) -> None:
        if (published := await self._guard.published(text)) is not None:
            await self.push_frame(LLMTextFrame(published))
