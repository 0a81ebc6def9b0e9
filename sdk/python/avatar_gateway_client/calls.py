"""Descriptions of all calls of the API, which both clients send."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from avatar_gateway_client import models

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request. `read` builds its result from the JSON of the answer. `repeatable` says that
    sending it twice has the same effect as sending it once."""

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    decides: bool = False  # an answer with an error status may hold the outcome of a message
    is_text: bool = False  # the answer is plain text, not JSON


def submit(message: models.Message, *, idempotency_key: str | None = None) -> Call[models.Outcome]:
    """Submit a message. Without a key, a random one is used, so that a retry publishes nothing
    twice."""
    return Call(
        method="POST",
        path="/v1/messages",
        read=models.outcome,
        json=message.wire(),
        headers={"Idempotency-Key": idempotency_key or uuid.uuid4().hex},
        decides=True,
    )


def decide(message: models.Message) -> Call[models.Outcome]:
    return Call(method="POST", path="/v1/decide", read=models.outcome, json=message.wire())


def message(message_id: str) -> Call[models.Outcome]:
    return Call(method="GET", path=f"/v1/messages/{_path_part(message_id)}", read=models.outcome)


def receipt(message_id: str) -> Call[models.Receipt]:
    return Call(method="GET", path=f"/v1/receipts/{_path_part(message_id)}", read=models.receipt)


def proof(entry: int) -> Call[str]:
    return Call(
        method="GET",
        path=f"/v1/audit/proofs/{entry}",
        read=str,
        params={"with_entry": "true"},
        is_text=True,
    )


def reviews(*, limit: int = 100) -> Call[tuple[models.Held, ...]]:
    return Call(method="GET", path="/v1/reviews", read=models.held, params={"limit": limit})


def review(
    message_id: str, *, action: str, reason: str, text: str | None = None
) -> Call[models.Outcome]:
    body = {"action": action, "reason": reason} | ({} if text is None else {"text": text})
    return Call(
        method="POST",
        path=f"/v1/reviews/{_path_part(message_id)}",
        read=models.outcome,
        json=body,
        repeatable=False,
        decides=True,
    )


def creators() -> Call[tuple[models.Creator, ...]]:
    return Call(method="GET", path="/v1/creators", read=models.creators)


def creator(creator_id: str) -> Call[models.Creator]:
    return Call(method="GET", path=f"/v1/creators/{_path_part(creator_id)}", read=models.creator)


def put_creator(creator_id: str, settings: Mapping[str, Any]) -> Call[models.Creator]:
    return Call(
        method="PUT",
        path=f"/v1/creators/{_path_part(creator_id)}",
        read=models.creator,
        json=dict(settings),
    )


def hand_over(conversation: str, *, who: str | None, reason: str) -> Call[models.Speaker]:
    body = {"to": "avatar"} if who is None else {"to": "human", "who": who}
    return Call(
        method="PUT",
        path=f"/v1/conversations/{_path_part(conversation)}/handover",
        read=models.speaker,
        json={**body, "reason": reason},
    )


def speaker(conversation: str) -> Call[models.Speaker]:
    return Call(
        method="GET",
        path=f"/v1/conversations/{_path_part(conversation)}/handover",
        read=models.speaker,
    )


def moderate(texts: Sequence[str]) -> Call[tuple[models.Moderation, ...]]:
    return Call(
        method="POST",
        path="/v1/moderations",
        read=models.moderations,
        json={"input": list(texts)},
    )


def _path_part(name: str) -> str:
    return quote(name, safe="")
