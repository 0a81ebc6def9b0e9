"""The OpenAI-compatible doors: a generator's words are judged before they reach anyone.

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
_FINISHED: Final = ("stop", "length", "content_filter")
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


def _documented(meaning: str, *types: str) -> dict[str, Any]:
    content: dict[str, Any] = {one: {} for one in ("application/json", *types)}
    return {"description": meaning, "content": content}


def router() -> APIRouter:
    routes = APIRouter(tags=["streams"], route_class=ParsedJsonRoute)
    for path, door, schema, what in (
        (CHAT, chat, ChatIn.model_json_schema(), "Chat completions"),
        (RESPONSES, responses, ResponsesIn.model_json_schema(), "Responses"),
    ):
        routes.add_api_route(
            path,
            door,
            methods=["POST"],
            response_model=None,
            openapi_extra={"requestBody": {"content": {"application/json": {"schema": schema}}}},
            responses={status: _documented(*said) for status, said in _ANSWERS.items()},
            summary=f"{what} of the generator behind this gateway, judged",
        )
    return routes


async def chat(request: Request, key: Service) -> Response:
    """Sentence by sentence, each recorded before it is given out. A block ends the stream with
    `finish_reason: content_filter`; what had not been released never leaves."""
    return await _answer(request, key, ChatIn)


async def responses(request: Request, key: Service) -> Response:
    """As chat completions, in the form of OpenAI's Responses. A block ends the stream with
    `response.incomplete`, its reason `content_filter`. The generator is asked by its
    /chat/completions."""
    return await _answer(request, key, ResponsesIn)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One request: what it needs, and the form of its answer."""

    services: ApiServices
    streaming: StreamSessions
    generator: GeneratorClient
    asked: GenerationRequest
    opening: Submission
    form: WireForm


async def _answer(request: Request, key: ApiKey, wire: type[GenerationRequest]) -> Response:
    talk = await _talk(request, key, wire)
    return await _streamed(talk) if talk.asked.stream else JSONResponse(await _whole(talk))


async def _talk(request: Request, key: ApiKey, wire: type[GenerationRequest]) -> _Exchange:
    services = services_of(request)
    if services.generator is None or services.streaming is None:
        raise NotFound("generator", "here", "Set upstream_url: docs/reference/settings.md.")
    asked = parse(wire, await request.json())
    about = asked.submission(request.headers)
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
        asked=asked,
        opening=replace(opening, stream=stream),
        form=asked.form(Origin(stream=stream.id, at=int(now.timestamp()))),
    )


def _session(talk: _Exchange, *, whole: bool = False) -> StreamSession:
    return StreamSession(
        talk.opening, streaming=talk.streaming, observe=partial(observe, talk.services), whole=whole
    )


async def _whole(talk: _Exchange) -> dict[str, Any]:
    """The answer in one piece, judged as one message."""
    found = await talk.generator.complete(_UPSTREAM, talk.asked.for_generator())
    text, finished = _content(found, "message")
    session = _session(talk, whole=True)
    feeding = asyncio.create_task(_feed_text(session, text))
    said, reason = "", "stop"
    message_id: str | None = None
    try:
        async for output in session.run():
            match output:
                case Released():
                    said, message_id = said + output.text, output.message_id
                case StreamEnded():
                    reason = output.reason
    finally:
        feeding.cancel()
    if reason == "error":
        raise session.error or NotRecorded("the answer could not be recorded")
    usage = found["usage"] if _is_usage(found.get("usage")) else None
    return talk.form.whole(
        Completion(text=said, reason=_reason(reason, finished), message_id=message_id, usage=usage)
    )


async def _feed_text(session: StreamSession, text: str) -> None:
    await session.append(text)
    await session.end()


async def _streamed(talk: _Exchange) -> Response:
    """Waits for the first words: what fails before them is told by the status."""
    outputs = _speak(talk)
    first = await anext(outputs)
    if isinstance(first, _Broken):
        await outputs.aclose()
        raise first.error
    return StreamingResponse(
        _events(talk, first, outputs), media_type="text/event-stream", headers=_HEADERS
    )


@dataclass(frozen=True, slots=True)
class _Broken:
    error: GatewayError


@dataclass(slots=True)
class _Heard:
    """What the generator told beside its words."""

    finished: str = "stop"
    usage: Mapping[str, Any] | None = None


async def _speak(talk: _Exchange) -> AsyncGenerator[tuple[Output, _Heard] | _Broken]:
    """What may be given out. The connection to the generator ends with it, and before that when
    nothing more is wanted."""
    session, heard = _session(talk), _Heard()
    feeding = asyncio.create_task(_feed(talk, session, heard))
    try:
        async with aclosing(session.run()) as outputs:
            async for output in outputs:
                if session.is_closed:
                    feeding.cancel()
                if isinstance(output, StreamEnded) and output.reason == "error":
                    yield _Broken(session.error or NotRecorded("it could not be recorded"))
                    return
                yield output, heard
    finally:
        session.interrupt()
        feeding.cancel()
        await asyncio.wait({feeding})


async def _feed(talk: _Exchange, session: StreamSession, heard: _Heard) -> None:
    asked = talk.asked.for_generator()
    try:
        async with aclosing(talk.generator.stream(_UPSTREAM, asked)) as chunks:
            async for found in chunks:
                if _is_usage(found.get("usage")):
                    heard.usage = found["usage"]
                if not found.get("choices"):
                    continue
                text, finished = _content(found, "delta")
                heard.finished = finished or heard.finished
                await session.append(text)
        await session.end()
    except UpstreamFailed as error:
        await session.fail(error)


async def _events(
    talk: _Exchange,
    first: tuple[Output, _Heard],
    rest: AsyncGenerator[tuple[Output, _Heard] | _Broken],
) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        for one in _event(talk.form, *first):
            yield one
        async for found in rest:
            if isinstance(found, _Broken):
                events = talk.form.broken(found.error)
            else:
                events = _event(talk.form, *found)
            for one in events:
                yield one


def _event(form: WireForm, output: Output, heard: _Heard) -> list[bytes]:
    match output:
        case Released():
            return form.said(output)
        case Retracted():
            return form.taken_back(output)
        case StreamEnded(reason=reason):
            return form.over(_reason(reason, heard.finished), heard.usage)


def _content(found: Mapping[str, Any], where: str) -> tuple[str, str | None]:
    """The words of the first choice, and why it ended. A refusal is said to people too."""
    try:
        choice = found["choices"][0]
        said, finished = choice.get(where) or {}, choice.get("finish_reason")
        words = [said.get("content"), said.get("refusal")]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise UpstreamFailed("the generator's answer is no chat completion") from None
    if said.get("tool_calls") or said.get("function_call"):
        raise UpstreamFailed("the generator calls tools, which nobody asked for")
    text = "".join(one for one in words if isinstance(one, str))
    return text, finished if finished in _FINISHED else None


def _reason(ours: str, theirs: str | None) -> str:
    """The stricter one: the generator may have ended for a reason of its own."""
    if ours == "interrupted":
        return "content_filter"
    return (theirs or ours) if ours == "stop" else ours


def _is_usage(found: object) -> bool:
    """Numbers alone: nothing that could carry words."""
    return isinstance(found, dict) and all(
        value is None
        or isinstance(value, int | float)
        or (isinstance(value, dict) and all(isinstance(one, int | float) for one in value.values()))
        for value in found.values()
    )
