"""The wire form of `/v1/responses`: its requests and answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema

from gateway.api.openai.wire import METADATA, Completion, Origin, error_of, opening, sse
from gateway.api.request_model import RequestModel
from gateway.api.schemas import SubmissionIn
from gateway.errors import GatewayError
from gateway.pipeline.stream.session import Released, Retracted

PATH: Final = "/v1/responses"
_INCOMPLETE: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Reasons for which a response is incomplete, and their names in this form."""

_TEXT_OR_LIST: Final = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]
}


class _Part(RequestModel):
    """A part of text. `annotations` and `logprobs` are taken, since clients send parts of earlier
    responses, but not used."""

    type: Literal["input_text", "output_text"]
    text: str
    annotations: list[Any] | None = None
    logprobs: list[Any] | None = None


def _as_parts(content: Any) -> Any:
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else content


class _Item(RequestModel):
    """A message. `id`, `status` and `phase` are taken, but not used."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Annotated[list[_Part], BeforeValidator(_as_parts)]
    id: str | None = None
    status: str | None = None
    phase: str | None = None

    def message(self) -> dict[str, Any]:
        """The message in the form of chat completions."""
        texts = [part.text for part in self.content]
        if len(texts) == 1:
            return {"role": self.role, "content": texts[0]}
        parts = [{"type": "text", "text": text} for text in texts]
        return {"role": self.role, "content": parts}


def _as_items(value: Any) -> Any:
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


class _Reasoning(RequestModel):
    effort: str | None = None


class ResponsesIn(RequestModel):
    """A request for a response. What the gateway could not judge (tools, other forms than text)
    or does not keep (earlier responses, conversations) is refused, and so is any field it does
    not know. The generator is asked by its /chat/completions."""

    model: str = Field(min_length=1, max_length=200)
    input: Annotated[
        list[_Item],
        BeforeValidator(_as_items),
        WithJsonSchema(_TEXT_OR_LIST),
        Field(min_length=1, max_length=1_000, description="A text, or messages of text."),
    ]
    instructions: str | None = Field(None, description="Goes first, as a system message.")
    stream: StrictBool = False
    store: Literal[False] | None = Field(None, description="Nothing is kept to be asked for again.")
    metadata: dict[str, str] | None = Field(None, description=METADATA)
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = Field(None, ge=1)
    reasoning: Annotated[
        _Reasoning | None,
        WithJsonSchema({"type": "object", "properties": {"effort": {"type": "string"}}}),
    ] = None
    user: str | None = Field(None, max_length=512)

    def for_generator(self) -> dict[str, Any]:
        """The chat completion to ask the generator for, without the fields that are the gateway's
        own."""
        passed = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_completion_tokens": self.max_output_tokens,
            "reasoning_effort": self.reasoning.effort if self.reasoning else None,
            "user": self.user,
        }
        options: dict[str, Any] = {k: v for k, v in passed.items() if v is not None}
        if self.stream:
            options |= {"stream": True, "stream_options": {"include_usage": True}}
        return {"model": self.model, "messages": self._messages(), **options}

    def submission(self, headers: Mapping[str, str]) -> SubmissionIn:
        """The submission without its text. Raises InvalidField."""
        return opening(headers, self.metadata, model=self.model, messages=self._messages())

    def form(self, origin: Origin) -> ResponsesForm:
        return ResponsesForm(self, origin)

    def _messages(self) -> list[dict[str, Any]]:
        first = [] if self.instructions is None else [self.instructions]
        return [
            *({"role": "system", "content": text} for text in first),
            *(item.message() for item in self.input),
        ]


class ResponsesForm:
    """The numbered events of one stream, or the response in one piece. Its one item is a message of
    one part; a response without text has no item."""

    def __init__(self, request: ResponsesIn, origin: Origin) -> None:
        self._origin = origin
        self._number = 0
        self._text = ""
        self._message_id: str | None = None
        self._retracted = False
        self._place = {"item_id": f"item-{origin.stream}", "output_index": 0, "content_index": 0}
        self._base: dict[str, Any] = {
            "id": f"resp-{origin.stream}",
            "object": "response",
            "created_at": origin.at,
            "model": request.model,
            "instructions": request.instructions,
            "metadata": request.metadata or {},
            "temperature": request.temperature,
            "top_p": request.top_p,
            "max_output_tokens": request.max_output_tokens,
            "previous_response_id": None,
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            "store": False,
            "error": None,
            "incomplete_details": None,
            "usage": None,
        }

    def release_events(self, released: Released) -> list[bytes]:
        first = [] if self._text else self._begin_item()
        self._text += released.text
        self._message_id = released.message_id
        reference = self._origin.reference(released.message_id)
        place: dict[str, Any] = {**self._place, "logprobs": [], "avatar_gateway": reference}
        return [
            *first,
            self._next_event("response.output_text.delta", **place, delta=released.text),
        ]

    def retract_events(self, retracted: Retracted) -> list[bytes]:
        """No events: the response at the end has an empty text and says `retracted`."""
        self._message_id, self._retracted = retracted.message_id, True
        return []

    def end_events(self, reason: str, usage: Mapping[str, Any] | None) -> list[bytes]:
        status = "incomplete" if reason in _INCOMPLETE else "completed"
        text = "" if self._retracted else self._text
        events = self._end_item(text, status) if self._text else [self._created_event()]
        answer = Completion(text=text, reason=reason, message_id=self._message_id, usage=usage)
        return [*events, self._next_event(f"response.{status}", response=self.whole_answer(answer))]

    def error_events(self, error: GatewayError) -> list[bytes]:
        fields = {name: value for name, value in error_of(error).items() if name != "type"}
        return [self._next_event("error", **fields)]

    def whole_answer(self, answer: Completion) -> dict[str, Any]:
        incomplete = _INCOMPLETE.get(answer.reason)
        status = "completed" if incomplete is None else "incomplete"
        reference = self._origin.reference(answer.message_id)
        return {
            **self._base,
            "status": status,
            "incomplete_details": None if incomplete is None else {"reason": incomplete},
            "output": [self._item(status, _text_part(answer.text))] if answer.text else [],
            "usage": _usage_out(answer.usage),
            "avatar_gateway": {**reference, "retracted": True} if self._retracted else reference,
        }

    def _created_event(self) -> bytes:
        in_progress: dict[str, Any] = {
            "status": "in_progress",
            "incomplete_details": None,
            "output": [],
            "usage": None,
        }
        return self._next_event("response.created", response={**self._base, **in_progress})

    def _begin_item(self) -> list[bytes]:
        item = self._item("in_progress")
        return [
            self._created_event(),
            self._next_event("response.output_item.added", output_index=0, item=item),
            self._next_event("response.content_part.added", **self._place, part=_text_part("")),
        ]

    def _end_item(self, text: str, status: str) -> list[bytes]:
        place: dict[str, Any] = {**self._place, "logprobs": []}
        item = self._item(status, _text_part(text))
        return [
            self._next_event("response.output_text.done", **place, text=text),
            self._next_event("response.content_part.done", **self._place, part=_text_part(text)),
            self._next_event("response.output_item.done", output_index=0, item=item),
        ]

    def _item(self, status: str, *parts: Mapping[str, Any]) -> dict[str, Any]:
        message = {"type": "message", "role": "assistant", "content": list(parts)}
        return {"id": self._place["item_id"], "status": status, **message}

    def _next_event(self, kind: str, **more: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return sse({"type": kind, "sequence_number": number, **more}, event=kind)


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage_out(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The generator's counts of tokens under the names of this form; None where it gave none."""
    if usage is None:
        return None
    read, written = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    of_read = usage.get("prompt_tokens_details") or {}
    of_written = usage.get("completion_tokens_details") or {}
    return {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": of_read.get("cached_tokens") or 0,
            "cache_write_tokens": 0,
        },
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": of_written.get("reasoning_tokens") or 0},
        "total_tokens": usage.get("total_tokens") or read + written,
    }
