"""What the OpenAI-compatible endpoints share: who speaks to whom, events, errors. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import orjson
from pydantic import ValidationError

from gateway.api.openai.errors import translated
from gateway.api.problems import problem_of
from gateway.api.schemas import SubmissionIn
from gateway.errors import GatewayError, InvalidField
from gateway.pipeline.stream.session import Released, Retracted

ROUTE: Final = "stream"
"""Route of the messages: the answer to the client is their delivery."""

_HEADERS: Final = {
    "creator": "x-avatar-creator",
    "avatar": "x-avatar-name",
    "conversation": "x-avatar-conversation",
    "channel": "x-avatar-channel",
    "language": "x-avatar-language",
    "audience_id": "x-avatar-audience",
    "audience_minor": "x-avatar-audience-minor",
    "audience_jurisdictions": "x-avatar-audience-jurisdictions",
}
"""Who speaks to whom: by header, or by the same name in the request's `metadata`."""

METADATA: Final = f"Who speaks to whom: {', '.join(_HEADERS)}; or the headers X-Avatar-…."


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The id of the stream that an answer belongs to, and when it began (Unix seconds)."""

    stream: str
    at: int

    def reference(self, message_id: str | None) -> dict[str, Any]:
        """The field `avatar_gateway` of an answer: with the id, clients get the receipt from
        GET /v1/receipts/{message_id}."""
        return {"stream": self.stream, "message_id": message_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer. `reason`: stop, length, content_filter; `usage` as the generator counts."""

    text: str
    reason: str
    message_id: str | None
    usage: Mapping[str, Any] | None


class WireForm(Protocol):
    """How one answer is written: as events, each ready to be sent, or in one piece."""

    def release_events(self, released: Released) -> list[bytes]: ...

    def retract_events(self, retracted: Retracted) -> list[bytes]: ...

    def end_events(self, reason: str, usage: Mapping[str, Any] | None) -> list[bytes]: ...

    def error_events(self, error: GatewayError) -> list[bytes]: ...

    def whole_answer(self, answer: Completion) -> dict[str, Any]: ...


class GenerationRequest(Protocol):
    """A parsed request to generate text."""

    @classmethod
    def model_validate(cls, obj: Any) -> Self: ...

    @property
    def stream(self) -> bool: ...

    def for_generator(self) -> dict[str, Any]:
        """The body for the generator's /chat/completions."""

    def submission(self, headers: Mapping[str, str]) -> SubmissionIn:
        """The submission without its text. Raises InvalidField."""

    def form(self, origin: Origin) -> WireForm: ...


def opening(
    headers: Mapping[str, str],
    metadata: Mapping[str, str] | None,
    *,
    model: str,
    messages: list[dict[str, Any]],
) -> SubmissionIn:
    """The submission without its text. Raises InvalidField."""
    by_name = metadata or {}
    fields = {
        name: value
        for name, header in _HEADERS.items()
        if (value := headers.get(header, by_name.get(name))) is not None
    }
    audience = {
        name: fields.pop(f"audience_{name}")
        for name in ("id", "minor")
        if f"audience_{name}" in fields
    }
    places = fields.pop("audience_jurisdictions", "")
    try:
        return SubmissionIn.model_validate(
            {
                **fields,
                "audience": {
                    **audience,
                    "jurisdictions": [
                        place.strip() for place in places.split(",") if place.strip()
                    ],
                },
                "generator": {"model": model[:128]},
                "human_text": human_text(messages),
                "text": "",
                "route": ROUTE,
            }
        )
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = "_".join(str(part) for part in wrong["loc"] if isinstance(part, str))
        header = _HEADERS.get(name, "")
        raise InvalidField(
            f"metadata.{name}", wrong["msg"], f"Send it there, or as the header {header}."
        ) from None


def human_text(messages: list[dict[str, Any]]) -> str | None:
    """What the person said last: the text of the last message with the role user."""
    for message in reversed(messages):
        if message.get("role") != "user":
            continue
        content = message.get("content")
        if isinstance(content, list):
            content = "\n".join(
                part["text"]
                for part in content
                if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
        return content if isinstance(content, str) and content else None
    return None


def parse(wire: type[GenerationRequest], document: Any) -> GenerationRequest:
    """Parse a request. Raises InvalidField naming the field."""
    try:
        return wire.model_validate(document)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part)[:64] for part in wrong["loc"]) or "body"
        is_known = wrong["type"] != "extra_forbidden"
        raise InvalidField(
            name,
            wrong["msg"] if is_known else "is not supported: it could not be judged",
            "See docs/guides/avatar-services.md.",
        ) from None


def sse(document: Mapping[str, Any], *, event: str | None = None) -> bytes:
    """Write one server-sent event."""
    named = b"" if event is None else b"event: " + event.encode() + b"\n"
    return named + b"data: " + orjson.dumps(document) + b"\n\n"


def error_of(error: GatewayError) -> dict[str, Any]:
    """The error as OpenAI's form has it, for an event: the HTTP status was sent before."""
    error_json = translated(json.loads(bytes(problem_of(error).body)))[1]["error"]
    assert isinstance(error_json, dict)  # noqa: S101 - translated() made it
    return error_json
