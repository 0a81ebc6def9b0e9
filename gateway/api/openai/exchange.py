"""The OpenAI-compatible endpoints: a generator's words are judged before they reach anyone.

One engine, two wire forms: chat.py and responses.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from gateway.api.access import needs
from gateway.api.openai.chat import PATH as CHAT
from gateway.api.openai.chat import ChatIn
from gateway.api.openai.responses import PATH as RESPONSES
from gateway.api.openai.responses import ResponsesIn
from gateway.api.openai.wire import Completion, GenerationRequest, Origin, WireForm, parse
from gateway.api.parsed_json import ParsedJsonRoute
from gateway.api.services import ApiServices, services_of
from gateway.api.submissions import observe
from gateway.errors import GatewayError, InvalidField, NotFound, NotRecorded, UpstreamFailed
from gateway.model.access import ApiKey, Role
from gateway.model.submission import StreamPart, Submission
from gateway.pipeline.ids import new_id
from gateway.pipeline.stream.session import (
    Output,
    Released,
    Retracted,
    StreamEnded,
    StreamSession,
    StreamSessions,
)
from gateway.platforms.generator import GeneratorClient

_UPSTREAM: Final = "/chat/completions"
_FINISH_REASONS: Final = ("stop", "length", "content_filter")
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_ANSWERS: Final[Mapping[int | str, tuple[str, ...]]] = {
    200: ("The answer, or its events as server-sent events.", "text/event-stream"),
    400: ("A field is wrong, or could not be judged.",),
    401: ("No valid API key.",),
    403: ("The API key lacks the role.",),
    404: ("No generator is set here.",),
    408: ("The body did not come in time.",),
    413: ("The body is too large.",),
    415: ("The body must be JSON.",),
    429: ("Too many requests for this key; see Retry-After.",),
    502: ("The generator did not answer as it should.",),
    503: ("Nothing could be recorded, so nothing was released.",),
}
"""What each status means, and the media types it has beside JSON."""

Service = Annotated[ApiKey, Depends(needs(Role.SERVICE))]


def _documented_answer(meaning: str, *types: str) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in ("application/json", *types)}
    return {"description": meaning, "content": content}


def router() -> APIRouter:
    routes = APIRouter(tags=["streams"], route_class=ParsedJsonRoute)
    for path, endpoint, schema, what in (
        (CHAT, chat, ChatIn.model_json_schema(), "Chat completions"),
        (RESPONSES, responses, ResponsesIn.model_json_schema(), "Responses"),
    ):
        routes.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_model=None,
            openapi_extra={"requestBody": {"content": {"application/json": {"schema": schema}}}},
            responses={status: _documented_answer(*answer) for status, answer in _ANSWERS.items()},
            summary=f"{what} of the generator behind this gateway, judged",
        )
    return routes


async def chat(request: Request, key: Service) -> Response:
    """Sentence by sentence, each recorded before it is given out. A block ends the stream with
    `finish_reason: content_filter`; what had not been released never leaves."""
    return await _answer_request(request, key, ChatIn)


async def responses(request: Request, key: Service) -> Response:
    """As chat completions, in the form of OpenAI's Responses. A block ends the stream with
    `response.incomplete`, its reason `content_filter`. The generator is asked by its
    /chat/completions."""
    return await _answer_request(request, key, ResponsesIn)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One request with the services it needs and the form of its answer."""

    services: ApiServices
    streaming: StreamSessions
    generator: GeneratorClient
    request: GenerationRequest
    opening: Submission
    form: WireForm


async def _answer_request(request: Request, key: ApiKey, wire: type[GenerationRequest]) -> Response:
    exchange = await _open_exchange(request, key, wire)
    return (
        await _streamed_answer(exchange)
        if exchange.request.stream
        else JSONResponse(await _whole_answer(exchange))
    )


async def _open_exchange(request: Request, key: ApiKey, wire: type[GenerationRequest]) -> _Exchange:
    services = services_of(request)
    if services.generator is None or services.streaming is None:
        raise NotFound("generator", "here", "Set upstream_url: docs/reference/settings.md.")
    parsed = parse(wire, await request.json())
    about = parsed.submission(request.headers)
    if await services.registry.creator(key.tenant, about.creator) is None:
        raise InvalidField(
            "metadata.creator", "is not registered", "Register it with PUT /v1/creators/{id}."
        )
    now = services.now()
    opening = about.to_submission(
        message_id=new_id("msg", now),
        tenant=key.tenant,
        caller=key.id,
        received_at=now,
        idempotency_key=None,
        dry_run=False,
    )
    stream = StreamPart(id=new_id("str", now), number=0)
    return _Exchange(
        services=services,
        streaming=services.streaming,
        generator=services.generator,
        request=parsed,
        opening=replace(opening, stream=stream),
        form=parsed.form(Origin(stream=stream.id, at=int(now.timestamp()))),
    )


def _stream_session(exchange: _Exchange, *, whole: bool = False) -> StreamSession:
    return StreamSession(
        exchange.opening,
        streaming=exchange.streaming,
        observe=partial(observe, exchange.services),
        whole=whole,
    )


async def _whole_answer(exchange: _Exchange) -> dict[str, Any]:
    """The answer in one piece, judged as one message."""
    completion = await exchange.generator.complete(_UPSTREAM, exchange.request.for_generator())
    text, finished = _first_choice(completion, "message")
    session = _stream_session(exchange, whole=True)
    feeding = asyncio.create_task(_feed_text(session, text))
    released, reason = "", "stop"
    message_id: str | None = None
    try:
        async for output in session.run():
            match output:
                case Released():
                    released, message_id = released + output.text, output.message_id
                case StreamEnded():
                    reason = output.reason
    finally:
        feeding.cancel()
    if reason == "error":
        raise session.error or NotRecorded("the answer could not be recorded")
    usage = completion["usage"] if _is_usage(completion.get("usage")) else None
    return exchange.form.whole_answer(
        Completion(
            text=released,
            reason=_stricter_reason(reason, finished),
            message_id=message_id,
            usage=usage,
        )
    )


async def _feed_text(session: StreamSession, text: str) -> None:
    await session.append(text)
    await session.end()


async def _streamed_answer(exchange: _Exchange) -> Response:
    """Wait for the first output, so that a failure before it sets the HTTP status."""
    outputs = _judged_outputs(exchange)
    first = await anext(outputs)
    if isinstance(first, _BrokenOff):
        await outputs.aclose()
        raise first.error
    return StreamingResponse(
        _event_bytes(exchange, first, outputs), media_type="text/event-stream", headers=_HEADERS
    )


@dataclass(frozen=True, slots=True)
class _BrokenOff:
    """The stream ended with an error."""

    error: GatewayError


@dataclass(slots=True)
class _GeneratorNotes:
    """Why the generator ended, and the usage it counts."""

    finished: str = "stop"
    usage: Mapping[str, Any] | None = None


async def _judged_outputs(
    exchange: _Exchange,
) -> AsyncGenerator[tuple[Output, _GeneratorNotes] | _BrokenOff]:
    """Yield the outputs that may be sent, then _BrokenOff if the stream ended with an error. The
    connection to the generator closes with this iterator, or when the session is closed."""
    session, notes = _stream_session(exchange), _GeneratorNotes()
    feeding = asyncio.create_task(_feed_session(exchange, session, notes))
    try:
        async with aclosing(session.run()) as outputs:
            async for output in outputs:
                if session.is_closed:
                    feeding.cancel()
                if isinstance(output, StreamEnded) and output.reason == "error":
                    yield _BrokenOff(session.error or NotRecorded("it could not be recorded"))
                    return
                yield output, notes
    finally:
        session.interrupt()
        feeding.cancel()
        await asyncio.wait({feeding})


async def _feed_session(
    exchange: _Exchange, session: StreamSession, notes: _GeneratorNotes
) -> None:
    """Feed the generator's words to the session, and note how they end."""
    request = exchange.request.for_generator()
    try:
        async with aclosing(exchange.generator.stream(_UPSTREAM, request)) as chunks:
            async for chunk in chunks:
                if _is_usage(chunk.get("usage")):
                    notes.usage = chunk["usage"]
                if not chunk.get("choices"):
                    continue
                text, finished = _first_choice(chunk, "delta")
                notes.finished = finished or notes.finished
                await session.append(text)
        await session.end()
    except UpstreamFailed as error:
        await session.fail(error)


async def _event_bytes(
    exchange: _Exchange,
    first: tuple[Output, _GeneratorNotes],
    rest: AsyncGenerator[tuple[Output, _GeneratorNotes] | _BrokenOff],
) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        for event in _events_of(exchange.form, *first):
            yield event
        async for output in rest:
            if isinstance(output, _BrokenOff):
                events = exchange.form.error_events(output.error)
            else:
                events = _events_of(exchange.form, *output)
            for event in events:
                yield event


def _events_of(form: WireForm, output: Output, notes: _GeneratorNotes) -> list[bytes]:
    match output:
        case Released():
            return form.release_events(output)
        case Retracted():
            return form.retract_events(output)
        case StreamEnded(reason=reason):
            return form.end_events(_stricter_reason(reason, notes.finished), notes.usage)


def _first_choice(completion: Mapping[str, Any], where: str) -> tuple[str, str | None]:
    """The words of the first choice, and why it ended. People are shown a refusal too, so its words
    count. Raises UpstreamFailed."""
    try:
        choice = completion["choices"][0]
        message, finished = choice.get(where) or {}, choice.get("finish_reason")
        words = [message.get("content"), message.get("refusal")]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise UpstreamFailed("the generator's answer is no chat completion") from None
    if message.get("tool_calls") or message.get("function_call"):
        raise UpstreamFailed("the generator calls tools, which nobody asked for")
    text = "".join(part for part in words if isinstance(part, str))
    return text, finished if finished in _FINISH_REASONS else None


def _stricter_reason(ours: str, theirs: str | None) -> str:
    """The stricter of two finish reasons, the session's and the generator's."""
    if ours == "interrupted":
        return "content_filter"
    return (theirs or ours) if ours == "stop" else ours


def _is_usage(value: object) -> bool:
    """Whether a value is a usage of numbers alone, which cannot carry words past the gateway."""
    return isinstance(value, dict) and all(
        count is None
        or isinstance(count, int | float)
        or (
            isinstance(count, dict)
            and all(isinstance(part, int | float) for part in count.values())
        )
        for count in value.values()
    )
