"""Run by a Python that has discord.py: what a bot sees, as JSON. Arguments: URL, key, token.

Without a token the key stands in its place.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Awaitable
from typing import Any

import aiohttp
import discord
from discord.http import Route

THREAT = "I will kill you tomorrow, you worthless idiot"


def adding(key: str) -> aiohttp.TraceConfig:
    """The gateway's key on each request."""

    async def add(_session: Any, _context: Any, request: aiohttp.TraceRequestStartParams) -> None:
        request.headers["X-Avatar-Gateway-Key"] = key

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(add)
    return trace


async def error(call: Awaitable[Any]) -> list[Any]:
    try:
        await call
    except discord.HTTPException as caught:
        return [type(caught).__name__, caught.status, caught.code, caught.text]
    return []


async def main(url: str, key: str, token: str = "") -> None:
    Route.BASE = f"{url}/api/v10"
    trace = adding(key) if token else None
    async with discord.Client(intents=discord.Intents.none(), http_trace=trace) as client:
        await client.login(token or key)
        channel = client.get_partial_messageable(77)
        sent = await channel.send("the **new clip** is out")
        card = discord.Embed(title="Clip", description="write to lea.perso@example.org")
        embed = await channel.send("look", embed=card)
        file = await channel.send("here", file=discord.File(io.BytesIO(b"la la"), "clip.txt"))
        found = {
            "me": str(client.user),
            "sent": sent.content,
            "embed": embed.embeds[0].description,
            "file": [file.content, file.attachments[0].filename],
            "blocked": await error(channel.send(THREAT)),
            "edited": (await sent.edit(content="write to lea.perso@example.org")).content,
            "edit_blocked": await error(sent.edit(content=THREAT)),
            "denied": await error(sent.pin()),
        }
        await sent.delete()
    print(json.dumps(found))


asyncio.run(main(*sys.argv[1:]))
