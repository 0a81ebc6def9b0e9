"""The wire form of the OpenAI-compatible door: what is taken, how it is answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from gateway.api.schemas import SubmissionIn
from gateway.errors import (
    DatabaseUnusable,
    Forbidden,
    GatewayError,
    InvalidField,
    NotRecorded,
    RateLimited,
    Refusal,
    Unauthenticated,
    UpstreamFailed,
)

ROUTE: Final = "stream"
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

_PASSED: Final = (
    "model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop",
    "seed", "presence_penalty", "frequency_penalty", "logit_bias", "response_format",
    "reasoning_effort", "user",
)  # fmt: skip


class ChatIn(BaseModel):
    """A request for a chat completion. What the gateway could not judge (tools, audio, several
    choices, log probabilities) is refused, and so is any field it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1, max_length=200)
    messages: list[dict[str, Any]] = Field(min_length=1, max_length=1_000)
    stream: StrictBool = False
    stream_options: dict[str, Any] | None = None
    n: int | None = Field(None, ge=1, le=1, description="One choice only.")
    metadata: dict[str, str] | None = Field(
        None, description=f"Who speaks to whom: {', '.join(_HEADERS)}; or the headers X-Avatar-…."
    )
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    user: str | None = Field(None, max_length=512)

    def for_generator(self) -> dict[str, Any]:
        """What is asked of the generator: nothing of ours."""
        asked = {name: value for name in _PASSED if (value := getattr(self, name)) is not None}
        if self.stream:
            asked["stream"] = True
            if self.stream_options and self.stream_options.get("include_usage") is True:
                asked["stream_options"] = {"include_usage": True}
        return asked

    def submission(self, headers: Mapping[str, str]) -> SubmissionIn:
        """The submission without its text. Raises InvalidField."""
        given = self.metadata or {}
        said = {
            name: value
            for name, header in _HEADERS.items()
            if (value := headers.get(header, given.get(name))) is not None
        }
        audience = {
            name: said.pop(f"audience_{name}")
            for name in ("id", "minor")
            if f"audience_{name}" in said
        }
        places = said.pop("audience_jurisdictions", "")
        try:
            return SubmissionIn.model_validate(
                {
                    **said,
                    "audience": {
                        **audience,
                        "jurisdictions": [one.strip() for one in places.split(",") if one.strip()],
                    },
                    "generator": {"model": self.model[:128]},
                    "human_text": human_text(self.messages),
                    "text": "",
                    "route": ROUTE,
                }
            )
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)[0]
            name = "_".join(str(part) for part in found["loc"] if isinstance(part, str))
            header = _HEADERS.get(name, "")
            raise InvalidField(
                f"metadata.{name}", found["msg"], f"Send it there, or as the header {header}."
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


def parse_chat(document: Any) -> ChatIn:
    """Raises InvalidField naming the field."""
    try:
        return ChatIn.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part)[:64] for part in found["loc"]) or "body"
        known = found["type"] != "extra_forbidden"
        raise InvalidField(
            name,
            found["msg"] if known else "is not supported: it could not be judged",
            "See docs/guides/avatar-services.md.",
        ) from None


def chunk(base: Mapping[str, Any], delta: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One `chat.completion.chunk`. `finish_reason` and `avatar_gateway` may be among `more`."""
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish_reason", None)}
    return {**base, "object": "chat.completion.chunk", "choices": [choice], **more}


def completion(
    base: Mapping[str, Any], text: str, finish_reason: str, **more: Any
) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    return {**base, "object": "chat.completion", "choices": [choice], **more}


def error_of(error: GatewayError) -> tuple[int, dict[str, Any]]:
    """Status and body, in OpenAI's form."""
    status, kind, code = 500, "server_error", "internal"
    param = error.field if isinstance(error, InvalidField) else None
    if isinstance(error, Refusal):
        status, code = error.status, error.slug
        kind = "invalid_request_error"
        if isinstance(error, RateLimited):
            kind = "rate_limit_error"
        if isinstance(error, Unauthenticated):
            kind = "authentication_error"
        if isinstance(error, Forbidden):
            kind = "permission_error"
        if isinstance(error, InvalidField):
            status = 400
    elif isinstance(error, UpstreamFailed):
        status, code = 502, "upstream"
    elif isinstance(error, NotRecorded | DatabaseUnusable):
        status, code = 503, "not-recorded"
    said = {"message": str(error), "type": kind, "param": param, "code": code}
    return status, {"error": said}
