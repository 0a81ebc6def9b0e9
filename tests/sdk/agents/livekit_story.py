"""Run by a Python that has LiveKit Agents: what an agent says, as JSON. Arguments: URL, key."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from avatar_gateway_client import AsyncClient, Audience, Message
from avatar_gateway_client.livekit import GuardedAgent
from livekit.agents import AgentSession, llm
from livekit.agents.types import APIConnectOptions

REPLY = ["Le nouveau clip ", "sort vendredi, ", "écris à lea@example.org !"]
THREAT = ["I will find you ", "and kill you, ", "you worthless idiot"]


class Scripted(llm.LLM):
    """A language model that writes what it is told to."""

    def __init__(self, parts: list[str]) -> None:
        super().__init__()
        self.parts = parts

    def chat(self, *, chat_ctx: Any, tools: Any = None, conn_options: Any = None, **_: Any) -> Any:
        options = conn_options or APIConnectOptions()
        return Writing(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=options)


class Writing(llm.LLMStream):
    async def _run(self) -> None:
        for part in self._llm.parts:
            delta = llm.ChoiceDelta(role="assistant", content=part)
            self._event_ch.send_nowait(llm.ChatChunk(id="1", delta=delta))


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


async def said(gateway: AsyncClient, name: str, parts: list[str]) -> list[str]:
    agent = GuardedAgent(gateway, message=about(f"livekit-{name}"), instructions="You are Léa.")
    async with Scripted(parts) as model, AgentSession(llm=model) as session:
        await session.start(agent)
        await session.run(user_input="Ça sort quand ?")
        return [
            one.text_content or ""
            for one in session.history.items
            if one.type == "message" and one.role == "assistant"
        ]


async def main(url: str, key: str) -> dict[str, Any]:
    async with AsyncClient(url, key) as gateway:
        found = {
            "reply": await said(gateway, "reply", REPLY),
            "threat": await said(gateway, "threat", THREAT),
        }
    async with AsyncClient(url, "agk_unknown") as refused:
        found["refused"] = await said(refused, "refused", REPLY)
    return found


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
