"""Run by a Python that has aiogram: what a bot sees, as JSON. Arguments: URL, key, token."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError
from aiogram.types import Message, MessageEntity

THREAT = "I will kill you tomorrow, you worthless idiot"
TEXT = "👋🏽 the new clip is out"
CHAT = 77


def link(text: str, words: str) -> MessageEntity:
    """Offsets as Telegram counts them, in UTF-16."""
    start = len(text[: text.index(words)].encode("utf-16-le")) // 2
    length = len(words.encode("utf-16-le")) // 2
    url = "https://lea.example/clip"
    return MessageEntity(type="text_link", offset=start, length=length, url=url)


def seen(message: Message | bool) -> dict[str, Any]:
    assert isinstance(message, Message)
    text = message.text or ""
    linked = [one.extract_from(text) for one in message.entities or []]
    return {"id": message.message_id, "text": text, "linked": linked}


async def error(call: Awaitable[Any]) -> list[str]:
    try:
        await call
    except TelegramAPIError as caught:
        return [type(caught).__name__, caught.message]
    return []


async def main(url: str, key: str, token: str) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    (await session.create_session()).headers["X-Avatar-Gateway-Key"] = key
    async with Bot(token, session=session) as bot:
        found = {
            "me": (await bot.get_me()).username,
            "sent": seen(await bot.send_message(CHAT, TEXT, entities=[link(TEXT, "new clip")])),
            "html": seen(await bot.send_message(CHAT, "the <b>new</b> clip", parse_mode="HTML")),
            "blocked": await error(bot.send_message(CHAT, THREAT)),
            "edited": seen(
                await bot.edit_message_text(
                    text="write to lea.perso@example.org", chat_id=CHAT, message_id=1
                )
            ),
            "edit_blocked": await error(
                bot.edit_message_text(text=THREAT, chat_id=CHAT, message_id=1)
            ),
            "denied": await error(bot.set_my_name(name="Léa")),
            "deleted": await bot.delete_message(CHAT, 1),
        }
    print(json.dumps(found))


asyncio.run(main(*sys.argv[1:]))
