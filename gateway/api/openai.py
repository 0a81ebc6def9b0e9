"""The OpenAI-compatible door: a generator's words are judged before they reach anyone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from gateway.api.doors import Doors, doors_of
from gateway.api.openai_wire import ChatIn, chunk, completion, error_of, parse_chat
from gateway.api.problems import MEDIA_TYPE
from gateway.api.submissions import observe
from gateway.errors import GatewayError, InvalidField, NotFound, NotRecorded, UpstreamFailed
from gateway.model.access import ApiKey, Role
from gateway.model.submission import StreamPart, Submission
from gateway.pipeline.ids import new_id
from gateway.pipeline.stream.session import Output, Over, Said, Session, Studio, TakenBack
from gateway.platforms.generator import GeneratorClient

_PATH = "/chat/completions"
_FINISHED = ("stop", "length", "content_filter")
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


_ANSWERS: Mapping[int | str, tuple[str, ...]] = {
    200: ("A completion, or its chunks as server-sent events.", "text/event-stream"),
    400: ("A field is wrong, or could not be judged (OpenAI's form).", MEDIA_TYPE),
    401: ("No valid API key.",),
    403: ("The API key lacks the role.",),
    404: ("No generator is set here.",),
    408: ("The body did not come in time.", MEDIA_TYPE),
    413: ("The body is too large.", MEDIA_TYPE),
    415: ("The body must be JSON.", MEDIA_TYPE),
    429: ("Too many requests for this key; see Retry-After.",),
    502: ("The generator did not answer as it should.",),
    503: ("Nothing could be recorded, so nothing was released.",),
}
"""What each status means, and the media types it has beside JSON."""


def _documented(meaning: str, *types: str) -> dict[str, Any]:
    content: dict[str, Any] = {one: {} for one in ("application/json", *types)}
    return {"description": meaning, "content": content}


def router() -> APIRouter:
    routes = APIRouter(tags=["streams"])
    wire = ChatIn.model_json_schema()
    routes.add_api_route(
        f"/v1{_PATH}",
        chat,
        methods=["POST"],
        response_model=None,
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": wire}}}},
        responses={status: _documented(*said) for status, said in _ANSWERS.items()},
        summary="Chat completions of the generator behind this gateway, judged",
    )
    return routes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """One request: what it needs, and what is the same in all of its answer."""

    doors: Doors
    studio: Studio
    generator: GeneratorClient
    asked: ChatIn
    opening: Submission
    base: Mapping[str, Any]


async def chat(request: Request) -> Response:
    """Sentence by sentence, each recorded before it is given out. A block ends the stream with
    `finish_reason: content_filter`; what had not been released never leaves."""
    doors = doors_of(request)
    try:
        key = await doors.guard.admit(
            request.headers.get("authorization"), frozenset({Role.SERVICE})
        )
        talk = await _talk(doors, key, request)
        if talk.asked.stream:
            return await _streamed(talk)
        return JSONResponse(await _whole(talk))
    except GatewayError as error:
        status, body = error_of(error)
        retry = {"Retry-After": "1"} if status in (429, 503) else {}
        return JSONResponse(body, status, headers=retry)


async def _talk(doors: Doors, key: ApiKey, request: Request) -> _Talk:
    if doors.generator is None or doors.studio is None:
        raise NotFound("generator", "here", "Set upstream_url: docs/reference/settings.md.")
    asked = parse_chat(await request.json())
    wire = asked.submission(request.headers)
    if await doors.registry.creator(key.tenant, wire.creator) is None:
        raise InvalidField(
            "metadata.creator", "is not registered", "Register it with PUT /v1/creators/{id}."
        )
    now = doors.now()
    opening = wire.to_submission(
        message_id=new_id("msg", now),
        tenant=key.tenant,
        caller=key.id,
        received_at=now,
        idempotency_key=None,
        dry_run=False,
    )
    stream = StreamPart(id=new_id("str", now), number=0)
    base = {
        "id": f"chatcmpl-{stream.id}",
        "created": int(now.timestamp()),
        "model": asked.model,
    }
    return _Talk(
        doors=doors,
        studio=doors.studio,
        generator=doors.generator,
        asked=asked,
        opening=replace(opening, stream=stream),
        base=base,
    )


def _session(talk: _Talk, *, whole: bool = False) -> Session:
    return Session(
        talk.opening, studio=talk.studio, observe=partial(observe, talk.doors), whole=whole
    )


async def _whole(talk: _Talk) -> dict[str, Any]:
    """The answer in one piece, judged as one message."""
    found = await talk.generator.complete(_PATH, talk.asked.for_generator())
    text, finished = _content(found, "message")
    session = _session(talk, whole=True)
    feeding = asyncio.create_task(_feed_text(session, text))
    said, message_id, reason = "", None, "stop"
    try:
        async for output in session.run():
            match output:
                case Said():
                    said, message_id = said + output.text, output.message_id
                case Over():
                    reason = output.reason
    finally:
        feeding.cancel()
    if reason == "error":
        raise session.error or NotRecorded("the answer could not be recorded")
    more = {"usage": found["usage"]} if _is_usage(found.get("usage")) else {}
    return completion(
        talk.base, said, _reason(reason, finished), **more, avatar_gateway=_told(talk, message_id)
    )


async def _feed_text(session: Session, text: str) -> None:
    await session.append(text)
    await session.end()


async def _streamed(talk: _Talk) -> Response:
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


async def _speak(talk: _Talk) -> AsyncGenerator[tuple[Output, _Heard] | _Broken]:
    """What may be given out. The connection to the generator ends with it, and before that when
    nothing more is wanted."""
    session, heard = _session(talk), _Heard()
    feeding = asyncio.create_task(_feed(talk, session, heard))
    try:
        async with aclosing(session.run()) as outputs:
            async for output in outputs:
                if session.is_closed:
                    feeding.cancel()
                if isinstance(output, Over) and output.reason == "error":
                    yield _Broken(session.error or NotRecorded("it could not be recorded"))
                    return
                yield output, heard
    finally:
        session.interrupt()
        feeding.cancel()
        await asyncio.wait({feeding})


async def _feed(talk: _Talk, session: Session, heard: _Heard) -> None:
    asked = talk.asked.for_generator()
    try:
        async with aclosing(talk.generator.stream(_PATH, asked)) as chunks:
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
    talk: _Talk, first: tuple[Output, _Heard], rest: AsyncGenerator[tuple[Output, _Heard] | _Broken]
) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        role: dict[str, Any] = {"role": "assistant"}
        for one in _event(talk, *first, role):
            yield one
        async for found in rest:
            if isinstance(found, _Broken):
                yield _sse(error_of(found.error)[1])
                return
            for one in _event(talk, *found, role):
                yield one


def _event(talk: _Talk, output: Output, heard: _Heard, role: dict[str, Any]) -> list[bytes]:
    """`role` stands in the first delta, and in no other."""
    match output:
        case Said(text=text, message_id=message_id):
            delta = {**role, "content": text}
            role.clear()
            return [_sse(chunk(talk.base, delta, avatar_gateway=_told(talk, message_id)))]
        case TakenBack(message_id=message_id):
            told = {**_told(talk, message_id), "retracted": True}
            return [_sse(chunk(talk.base, {}, avatar_gateway=told))]
        case Over(reason=reason):
            last = [_sse(chunk(talk.base, role, finish_reason=_reason(reason, heard.finished)))]
            if heard.usage is not None and talk.asked.stream_options:
                usage = {"object": "chat.completion.chunk", "choices": [], "usage": heard.usage}
                last.append(_sse({**talk.base, **usage}))
            return [*last, b"data: [DONE]\n\n"]


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


def _told(talk: _Talk, message_id: str | None) -> dict[str, Any]:
    """For whoever wants the receipt: GET /v1/receipts/{message_id}."""
    stream = talk.opening.stream
    return {"stream": stream.id if stream else None, "message_id": message_id}


def _sse(document: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"
