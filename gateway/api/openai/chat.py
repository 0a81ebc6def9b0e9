"""The wire form of `/v1/chat/completions`: its requests and answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, StrictBool

from gateway.api.openai.wire import METADATA, Completion, Origin, error_of, opening, sse
from gateway.api.request_model import RequestModel
from gateway.api.schemas import SubmissionIn
from gateway.errors import GatewayError
from gateway.pipeline.stream.session import Released, Retracted

PATH: Final = "/v1/chat/completions"
_PASSED: Final = (
    "model", "messages", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop",
    "seed", "presence_penalty", "frequency_penalty", "logit_bias", "response_format",
    "reasoning_effort", "user",
)  # fmt: skip
"""Fields that are passed on to the generator as they are."""


class ChatIn(RequestModel):
    """A request for a chat completion. What the gateway could not judge (tools, audio, several
    choices, log probabilities) is refused, and so is any field it does not know."""

    model: str = Field(min_length=1, max_length=200)
    messages: list[dict[str, Any]] = Field(min_length=1, max_length=1_000)
    stream: StrictBool = False
    stream_options: dict[str, Any] | None = None
    n: int | None = Field(None, ge=1, le=1, description="One choice only.")
    metadata: dict[str, str] | None = Field(None, description=METADATA)
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
        """The request for the generator, without the fields that are the gateway's own."""
        request = {name: value for name in _PASSED if (value := getattr(self, name)) is not None}
        if self.stream:
            request["stream"] = True
            if self.stream_options and self.stream_options.get("include_usage") is True:
                request["stream_options"] = {"include_usage": True}
        return request

    def submission(self, headers: Mapping[str, str]) -> SubmissionIn:
        """The submission without its text. Raises InvalidField."""
        return opening(headers, self.metadata, model=self.model, messages=self.messages)

    def form(self, origin: Origin) -> ChatForm:
        return ChatForm(self, origin)


class ChatForm:
    """The chunks of one stream, or the completion. The role stands in the first delta alone."""

    def __init__(self, request: ChatIn, origin: Origin) -> None:
        self._origin = origin
        self._wants_usage = bool(request.stream_options)
        self._base = {
            "id": f"chatcmpl-{origin.stream}",
            "created": origin.at,
            "model": request.model,
        }
        self._role = {"role": "assistant"}

    def release_events(self, released: Released) -> list[bytes]:
        delta = {**self._role, "content": released.text}
        self._role = {}
        reference = self._origin.reference(released.message_id)
        return [self._chunk(delta, avatar_gateway=reference)]

    def retract_events(self, retracted: Retracted) -> list[bytes]:
        reference = self._origin.reference(retracted.message_id)
        return [self._chunk({}, avatar_gateway={**reference, "retracted": True})]

    def end_events(self, reason: str, usage: Mapping[str, Any] | None) -> list[bytes]:
        last = [self._chunk(self._role, finish_reason=reason)]
        if usage is not None and self._wants_usage:
            chunk = {"object": "chat.completion.chunk", "choices": [], "usage": usage}
            last.append(sse({**self._base, **chunk}))
        return [*last, b"data: [DONE]\n\n"]

    def error_events(self, error: GatewayError) -> list[bytes]:
        return [sse({"error": error_of(error)})]

    def whole_answer(self, answer: Completion) -> dict[str, Any]:
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": answer.reason,
            "logprobs": None,
        }
        return {
            **self._base,
            "object": "chat.completion",
            "choices": [choice],
            **({} if answer.usage is None else {"usage": answer.usage}),
            "avatar_gateway": self._origin.reference(answer.message_id),
        }

    def _chunk(
        self, delta: Mapping[str, Any], *, finish_reason: str | None = None, **more: Any
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return sse({**self._base, "object": "chat.completion.chunk", "choices": [choice], **more})
