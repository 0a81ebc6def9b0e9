"""Live streams: words over a WebSocket, released to it and to readers of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Path, Request, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.websockets import WebSocketDisconnect

from gateway.api.access import needs
from gateway.api.responses import documented
from gateway.api.schemas import SubmissionIn
from gateway.api.services import ApiServices, services_of
from gateway.api.stream.hub import LiveStream
from gateway.api.stream.wire import (
    FIRST,
    FRAME,
    AppendIn,
    EndIn,
    ErrorOut,
    HeldBackOut,
    OpenedOut,
    OpenIn,
    ResumeIn,
)
from gateway.api.submissions import observe
from gateway.errors import GatewayError, InvalidField, NotFound
from gateway.model.access import ApiKey, Role
from gateway.model.submission import StreamPart
from gateway.pipeline.ids import new_id
from gateway.pipeline.stream.session import StreamSession

WINDOW = 64
"""How many appends may wait for their acknowledgement."""

_FIRST_FRAME_S = 10.0  # for the first frame to come
_SILENCE_S = 3_600.0  # without a word or an event, before a stream is given up
_HEARTBEAT_S = 15.0  # between comments to readers: proxies close what is silent for a minute
_REFUSED = 1008  # WebSocket close code: policy violation
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
StreamId = Annotated[str, Path(max_length=64, pattern=r"^str_[0-9a-f]{32}$")]
Reader = Annotated[ApiKey, Depends(needs(Role.SERVICE))]
LastEventId = Annotated[str | None, Header(max_length=16, pattern=r"^[0-9]+$")]


def router() -> APIRouter:
    routes = APIRouter(tags=["streams"])
    routes.add_api_websocket_route("/v1/stream", stream)
    routes.add_api_route(
        "/v1/streams/{stream_id}/events",
        events,
        methods=["GET"],
        response_class=StreamingResponse,
        responses={
            200: {"description": "release, retract, end.", "content": {"text/event-stream": {}}},
            **documented(401, 403, 404, 422, 429),
        },
        summary="What is released of a stream, as server-sent events",
    )
    return routes


async def events(
    request: Request, stream_id: StreamId, key: Reader, last_event_id: LastEventId = None
) -> StreamingResponse:
    """All that was released, or what came after `Last-Event-ID`, until the stream ends. Frames as
    in docs/reference/asyncapi.yaml; a comment every 15 seconds while nothing comes."""
    live = services_of(request).hub.get(key.tenant, stream_id)

    async def event_bytes() -> AsyncGenerator[bytes]:
        async for event in live.after(int(last_event_id or 0), patience_s=_HEARTBEAT_S):
            if event is None:
                yield b": waiting\n\n"
            else:
                data = event.model_dump_json()
                yield f"id: {event.seq}\nevent: {event.type}\ndata: {data}\n\n".encode()

    return StreamingResponse(event_bytes(), media_type="text/event-stream", headers=_HEADERS)


async def stream(socket: WebSocket) -> None:
    """One connection of a writer; docs/reference/asyncapi.yaml describes its frames."""
    services: ApiServices = socket.app.state.services
    await socket.accept()
    try:
        key = await services.guard.admit(
            socket.headers.get("authorization"), frozenset({Role.SERVICE})
        )
        async with asyncio.timeout(_FIRST_FRAME_S):
            first = FIRST.validate_python(await _receive_frame(socket))
        live = await _open_or_resume(services, key, first)
        writer = live.new_writer()
        try:
            await _exchange_frames(socket, live, writer, first)
        finally:
            services.hub.writer_left(live, writer)
    except WebSocketDisconnect:
        return
    except GatewayError as error:
        code = getattr(error, "slug", "internal")
        await _refuse_frame(socket, code, str(error))
    except (ValidationError, ValueError, TimeoutError):
        await _refuse_frame(socket, "invalid-frame", "See docs/reference/asyncapi.yaml.")


async def _open_or_resume(
    services: ApiServices, key: ApiKey, first: OpenIn | ResumeIn
) -> LiveStream:
    if services.streaming is None:
        raise NotFound("endpoint", "/v1/stream")
    if isinstance(first, ResumeIn):
        live = services.hub.get(key.tenant, first.stream)
        if live.caller != key.id or first.received > len(live.events):
            raise NotFound("stream", first.stream)
        return live
    if await services.registry.creator(key.tenant, first.creator) is None:
        raise InvalidField(
            "creator", "is not registered", "Register it with PUT /v1/creators/{id}."
        )
    now = services.now()
    fields = first.model_dump(exclude={"type"}) | {"text": "", "route": "stream"}
    opening = SubmissionIn.model_validate(fields).to_submission(
        message_id=new_id("msg", now),
        tenant=key.tenant,
        caller=key.id,
        received_at=now,
        idempotency_key=None,
        dry_run=False,
    )
    part = StreamPart(id=new_id("str", now), number=0)
    session = StreamSession(
        replace(opening, stream=part),
        streaming=replace(services.streaming, quiet_s=_SILENCE_S),
        observe=partial(observe, services),
    )
    live = LiveStream(id=part.id, tenant=key.tenant, caller=key.id, session=session)
    services.hub.add(live)
    return live


async def _exchange_frames(
    socket: WebSocket, live: LiveStream, writer: int, first: OpenIn | ResumeIn
) -> None:
    """Exchange frames and events until the stream ends, the connection does, or another
    connection takes over."""
    received = first.received if isinstance(first, ResumeIn) else 0
    await _send_message(socket, OpenedOut(stream=live.id, taken=live.taken, window=WINDOW))
    sending = asyncio.create_task(_send_events(socket, live, writer, received))
    taking = asyncio.create_task(_take_frames(socket, live, writer))
    try:
        await asyncio.wait({sending, taking}, return_when=asyncio.FIRST_COMPLETED)
        if taking.done() and not sending.done():
            taking.result()
        if sending.done():
            sending.result()
    finally:
        for task in (sending, taking):
            task.cancel()
        await asyncio.gather(sending, taking, return_exceptions=True)
    await socket.close()


async def _send_events(socket: WebSocket, live: LiveStream, writer: int, received: int) -> None:
    async for event in live.after(received, patience_s=_SILENCE_S):
        if live.writer != writer:
            return
        if event is not None:
            await _send_message(socket, event)


async def _take_frames(socket: WebSocket, live: LiveStream, writer: int) -> None:
    """Take frames in their order. While the session holds much back, no frame is read: the
    connection fills up and slows the writer down."""
    while True:
        frame = FRAME.validate_python(await _receive_frame(socket))
        async with live.taking:  # an earlier connection may still wait to hand its frame over
            if live.writer != writer:
                return
            if isinstance(frame, AppendIn | EndIn):
                await _take_frame(live, frame)
            else:
                live.session.interrupt()
        await _send_message(socket, HeldBackOut(taken=live.taken, held=live.session.held))


async def _take_frame(live: LiveStream, frame: AppendIn | EndIn) -> None:
    """Hand a frame over to the session, once and in order. Raises ValueError for a gap. A frame is
    counted only then: one that a dropped connection cut off will be sent again."""
    if frame.seq <= live.taken:
        return
    if frame.seq != live.taken + 1:
        raise ValueError("a frame is missing")
    if isinstance(frame, AppendIn):
        await live.session.append(frame.text)
    else:
        await live.session.end()
    live.taken = frame.seq


async def _receive_frame(socket: WebSocket) -> Any:
    return orjson.loads(await socket.receive_text())


async def _send_message(socket: WebSocket, message: BaseModel) -> None:
    await socket.send_text(message.model_dump_json())


async def _refuse_frame(socket: WebSocket, code: str, message: str) -> None:
    try:
        await _send_message(socket, ErrorOut(code=code, message=message))
        await socket.close(_REFUSED)
    except (WebSocketDisconnect, RuntimeError):
        return
