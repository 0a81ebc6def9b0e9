"""Run by a Python that has Pipecat: what passes the processor, as JSON. Arguments: URL, key."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from avatar_gateway_client import AsyncClient, Audience, Message
from avatar_gateway_client.pipecat import GatewayProcessor
from pipecat.frames.frames import (
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TextFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
)
from pipecat.tests.utils import run_test

REPLY = ["Le nouveau clip ", "sort vendredi, ", "écris à lea@example.org !"]
THREAT = ["I will find you ", "and kill you, ", "you worthless idiot"]


def about(conversation: str) -> Any:
    def message(text: str) -> Message:
        return Message(
            channel="dm",
            creator="lea",
            avatar="lea-twin",
            conversation=conversation,
            audience=Audience(id=conversation, minor="no", jurisdictions=["FR"]),
            text=text,
        )

    return message


def reply(parts: list[str]) -> list[Any]:
    return [
        LLMFullResponseStartFrame(),
        *map(LLMTextFrame, parts),
        LLMFullResponseEndFrame(),
    ]


async def passed(gateway: AsyncClient, name: str, frames: list[Any]) -> list[list[str]]:
    processor = GatewayProcessor(gateway, message=about(f"pipecat-{name}"))
    down, _ = await run_test(processor, frames_to_send=frames, start_timeout=30)
    return [[type(one).__name__, getattr(one, "text", "")] for one in down]


async def main(url: str, key: str) -> dict[str, Any]:
    heard = TranscriptionFrame(text="Ça sort quand ?", user_id="fan", timestamp="")
    stories = {
        "reply": reply(REPLY),
        "threat": reply(THREAT),
        "unfinished": reply(THREAT)[:-1],
        "outside": [TextFrame("À vendredi !"), TTSSpeakFrame(text="Bonne nuit !")],
        "outside threat": [TextFrame("".join(THREAT)), TTSSpeakFrame(text="".join(THREAT))],
        "person": [heard],
    }
    async with AsyncClient(url, key) as gateway:
        found = {
            name.replace(" ", "-"): await passed(gateway, name.replace(" ", "-"), frames)
            for name, frames in stories.items()
        }
    async with AsyncClient(url, "agk_unknown") as refused:
        found["refused"] = await passed(refused, "refused", reply(REPLY))
    return found


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
