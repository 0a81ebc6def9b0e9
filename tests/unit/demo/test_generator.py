"""The demo's generator says what it is told to, in pieces."""

from __future__ import annotations

import json
from typing import Any

import httpx

from gateway.demo.sandbox import SandboxPlatform

PATH = "/v1/chat/completions"


async def _asked(document: Any) -> httpx.Response:
    transport = httpx.ASGITransport(SandboxPlatform(secret=None).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        return await client.post(PATH, json=document)


async def test_it_streams_the_words_of_the_system_message() -> None:
    text = "Hello everyone, the show starts at nine."
    answer = await _asked({"messages": [{"role": "system", "content": text}]})
    events = [line[6:] for line in answer.text.splitlines() if line]
    assert events[-1] == "[DONE]"
    choices = [json.loads(event)["choices"][0] for event in events[:-1]]
    assert "".join(one["delta"].get("content", "") for one in choices) == text
    assert len(choices) > 5
    assert choices[-1]["finish_reason"] == "stop"


async def test_without_words_it_says_what_it_needs() -> None:
    documents: tuple[object, ...] = ({}, {"messages": []}, {"messages": "x"}, [])
    for document in documents:
        assert (await _asked(document)).status_code == 400
