"""A generator for the demo: speaks OpenAI's API, and answers with its system message."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

_MAX_PIECES = 2_000  # of one answer: those of the demo have a few dozen
_PIECE = re.compile(r"\s*\S{1,5}")


async def completions(request: Request) -> Response:
    """`POST /v1/chat/completions`, always as a stream, a few letters at a time."""
    try:
        messages = (await request.json())["messages"]
        (text,) = (str(message["content"]) for message in messages if message["role"] == "system")
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"error": {"message": "give one system message"}}, 400)
    return StreamingResponse(_stream_chunks(text), media_type="text/event-stream")


async def _stream_chunks(text: str) -> AsyncIterator[str]:
    for piece in _PIECE.findall(text)[:_MAX_PIECES]:
        yield _event_text({"content": piece}, None)
    yield _event_text({}, "stop")
    yield "data: [DONE]\n\n"


def _event_text(delta: dict[str, str], finish_reason: str | None) -> str:
    choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {"id": "chatcmpl-sandbox", "object": "chat.completion.chunk", "choices": [choice]}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
