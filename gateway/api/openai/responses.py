"""The wire form of `/v1/responses`: what is taken, how it is answered. Pure."""

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
_TEXT_OR_LIST: Final = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]
}


class _Part(RequestModel):
    """Text. `annotations` and `logprobs` stand in what an earlier response put out; unused."""

    type: Literal["input_text", "output_text"]
    text: str
    annotations: list[Any] | None = None
    logprobs: list[Any] | None = None


def _as_parts(content: Any) -> Any:
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else content


class _Item(RequestModel):
    """A message. `id`, `status` and `phase` as for a part."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Annotated[list[_Part], BeforeValidator(_as_parts)]
    id: str | None = None
    status: str | None = None
    phase: str | None = None

    def message(self) -> dict[str, Any]:
        texts = [part.text for part in self.content]
        if len(texts) == 1:
            return {"role": self.role, "content": texts[0]}
        parts = [{"type": "text", "text": text} for text in texts]
        return {"role": self.role, "content": parts}


def _as_items(given: Any) -> Any:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


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
        """What is asked of the generator: nothing of ours."""
        passed = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_completion_tokens": self.max_output_tokens,
            "reasoning_effort": self.reasoning.effort if self.reasoning else None,
            "user": self.user,
        }
        asked: dict[str, Any] = {k: v for k, v in passed.items() if v is not None}
        if self.stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        return {"model": self.model, "messages": self._messages(), **asked}

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
    """The events of one stream, numbered, or the response. Its one item is a message of one part;
    nothing said, no item."""

    def __init__(self, asked: ResponsesIn, origin: Origin) -> None:
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
            "model": asked.model,
            "instructions": asked.instructions,
            "metadata": asked.metadata or {},
            "temperature": asked.temperature,
            "top_p": asked.top_p,
            "max_output_tokens": asked.max_output_tokens,
            "previous_response_id": None,
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            "store": False,
            "error": None,
            "incomplete_details": None,
            "usage": None,
        }

    def said(self, said: Released) -> list[bytes]:
        first = [] if self._text else self._begun()
        self._text += said.text
        self._message_id = said.message_id
        told = self._origin.told(said.message_id)
        place: dict[str, Any] = {**self._place, "logprobs": [], "avatar_gateway": told}
        return [*first, self._event("response.output_text.delta", **place, delta=said.text)]

    def taken_back(self, taken: Retracted) -> list[bytes]:
        """Said with the end, where the text is empty."""
        self._message_id, self._retracted = taken.message_id, True
        return []

    def over(self, reason: str, usage: Mapping[str, Any] | None) -> list[bytes]:
        status = "incomplete" if reason in _INCOMPLETE else "completed"
        text = "" if self._retracted else self._text
        events = self._ended(text, status) if self._text else [self._created()]
        answer = Completion(text=text, reason=reason, message_id=self._message_id, usage=usage)
        return [*events, self._event(f"response.{status}", response=self.whole(answer))]

    def broken(self, error: GatewayError) -> list[bytes]:
        told = {name: value for name, value in error_of(error).items() if name != "type"}
        return [self._event("error", **told)]

    def whole(self, answer: Completion) -> dict[str, Any]:
        incomplete = _INCOMPLETE.get(answer.reason)
        status = "completed" if incomplete is None else "incomplete"
        told = self._origin.told(answer.message_id)
        return {
            **self._base,
            "status": status,
            "incomplete_details": None if incomplete is None else {"reason": incomplete},
            "output": [self._item(status, _part(answer.text))] if answer.text else [],
            "usage": _usage_out(answer.usage),
            "avatar_gateway": {**told, "retracted": True} if self._retracted else told,
        }

    def _created(self) -> bytes:
        begun: dict[str, Any] = {
            "status": "in_progress",
            "incomplete_details": None,
            "output": [],
            "usage": None,
        }
        return self._event("response.created", response={**self._base, **begun})

    def _begun(self) -> list[bytes]:
        item = self._item("in_progress")
        return [
            self._created(),
            self._event("response.output_item.added", output_index=0, item=item),
            self._event("response.content_part.added", **self._place, part=_part("")),
        ]

    def _ended(self, text: str, status: str) -> list[bytes]:
        place: dict[str, Any] = {**self._place, "logprobs": []}
        item = self._item(status, _part(text))
        return [
            self._event("response.output_text.done", **place, text=text),
            self._event("response.content_part.done", **self._place, part=_part(text)),
            self._event("response.output_item.done", output_index=0, item=item),
        ]

    def _item(self, status: str, *parts: Mapping[str, Any]) -> dict[str, Any]:
        said = {"type": "message", "role": "assistant", "content": list(parts)}
        return {"id": self._place["item_id"], "status": status, **said}

    def _event(self, kind: str, **more: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return sse({"type": kind, "sequence_number": number, **more}, event=kind)


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage_out(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Tokens under the names of this form; None where the generator told none."""
    if told is None:
        return None
    read, written = told.get("prompt_tokens") or 0, told.get("completion_tokens") or 0
    of_read = told.get("prompt_tokens_details") or {}
    of_written = told.get("completion_tokens_details") or {}
    return {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": of_read.get("cached_tokens") or 0,
            "cache_write_tokens": 0,
        },
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": of_written.get("reasoning_tokens") or 0},
        "total_tokens": told.get("total_tokens") or read + written,
    }
