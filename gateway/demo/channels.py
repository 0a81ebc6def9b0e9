"""The other entry points of the gateway that the demo shows: the OpenAI-compatible API, which
judges a generator's words while they come, and a platform's own API behind the proxy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.table import Table
from rich.text import Text

_LABEL = "AI"
_PUBLIC = "We open the show in Lyon, and the new song closes it."
_ADDRESS = "jo.martin@example.org"
_REPLY = f"{_PUBLIC} Write to {_ADDRESS} for the guest list. See you there!"
_POST = f"The guest list is full, but {_ADDRESS} keeps a waiting list."
_DENIED = "I promise I will call you tonight."
_ROUTE = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPointResult:
    """The result of one message through one entry point: what was `said`, and what its reader
    `received`."""

    entry_point: str
    said: str
    received: str
    faults: tuple[str, ...]


def write_route(folder: Path, sandbox: str) -> None:
    """The route file that opens the sandbox as a platform behind the proxy."""
    folder.mkdir(exist_ok=True)
    lines = {
        "name": _ROUTE,
        "kind": "proxy",
        "platform": "webhook",
        "url": f"{sandbox}/posts",
        "creator": "mia",
        "avatar": "mia-twin",
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    (folder / f"{_ROUTE}.yaml").write_text(text, encoding="utf-8")


def through_entry_points(client: httpx.Client, sandbox: str, key: str) -> list[EntryPointResult]:
    """`client` speaks to the gateway with the API key `key`. Raises httpx.HTTPError."""
    return [_stream_reply(client), *_post_through_proxy(client, sandbox, key)]


def _stream_reply(client: httpx.Client) -> EntryPointResult:
    request_json = {
        "model": "twin",
        "stream": True,
        "messages": [
            {"role": "system", "content": _REPLY},
            {"role": "user", "content": "Where do you play next?"},
        ],
        "metadata": {
            "creator": "mia",
            "avatar": "mia-twin",
            "conversation": "live-stream",
            "channel": "live",
            "language": "en",
        },
    }
    pieces, ended = [], None
    with client.stream("POST", "/v1/chat/completions", json=request_json) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                for choice in json.loads(line[6:]).get("choices", ()):
                    pieces.append(choice["delta"].get("content") or "")
                    ended = choice["finish_reason"] or ended
    return EntryPointResult(
        entry_point="stream",
        said=_REPLY,
        received="".join(pieces),
        faults=_stream_faults([piece for piece in pieces if piece], ended),
    )


def _stream_faults(pieces: list[str], ended: str | None) -> tuple[str, ...]:
    received = "".join(pieces)
    wrong = {
        "it did not end well": ended != "stop",
        "it came in one piece": len(pieces) < 2,
        "the first words carry no label": not pieces or _LABEL not in pieces[0],
        "an address passed": _ADDRESS in received,
        "words are missing": _PUBLIC not in received or "See you there!" not in received,
    }
    return _faults_in(wrong)


def _post_through_proxy(client: httpx.Client, sandbox: str, key: str) -> list[EntryPointResult]:
    """Post two texts: the one that may be published arrives labelled and stripped, the one that
    waits for a person does not arrive."""
    answers = [_post_text(client, key, text) for text in (_POST, _DENIED)]
    posts = httpx.get(f"{sandbox}/posts/messages", trust_env=False).raise_for_status().json()
    received = str(posts[0]["text"]) if posts else ""
    good = {
        "the client did not get the platform's answer": answers[0].get("id") != "post-1",
        "it carries no label": _LABEL not in received,
        "an address passed": _ADDRESS in received,
        "words are missing": "keeps a waiting list." not in received,
    }
    bad = {
        "the client was told that it is posted": "id" in answers[1],
        "the platform received what was not published": len(posts) != 1,
    }
    return [
        EntryPointResult(
            entry_point="proxy", said=_POST, received=received, faults=_faults_in(good)
        ),
        EntryPointResult(
            entry_point="proxy",
            said=_DENIED,
            received=str(answers[1].get("detail", "")),
            faults=_faults_in(bad),
        ),
    ]


def _post_text(client: httpx.Client, key: str, text: str) -> dict[str, Any]:
    """Post like a client of the platform whose base URL was changed to the proxy's."""
    answer = client.post(
        f"/p/{_ROUTE}/messages",
        json={"channel": "group", "conversation": "fans", "text": text},
        headers={"X-Avatar-Gateway-Key": key},
    )
    answer_json: dict[str, Any] = answer.json()
    return answer_json


def _faults_in(wrong: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(fault for fault, occurred in wrong.items() if occurred)


def table(results: list[EntryPointResult]) -> Table:
    rows = Table(title="Through other entry points")
    for name in ("", "entry point", "said", "what came of it"):
        rows.add_column(name, overflow="fold")
    for result in results:
        mark = Text("✗", "red") if result.faults else Text("✓", "green")
        rows.add_row(mark, result.entry_point, Text(result.said), Text(result.received))
    return rows
