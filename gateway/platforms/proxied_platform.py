"""Sends a proxied client's own request to the platform, with the text that may be published.

A request waits here, only in memory, while its message is judged and recorded. When the courier
delivers that message, its request is sent once. When the request is gone (the process ended, the
client gave up), nothing is sent: the message ends REFUSED, or UNKNOWN where an attempt may have
been under way.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.model.disclosure import Disclosure
from gateway.model.receipt import Receipt
from gateway.model.record import Delivery, Dispatch, DispatchResult
from gateway.model.route import Route
from gateway.platforms.answers import ProxyResponse, dispatch_of, error_answer, read_start, unknown
from gateway.platforms.bodies import ParsedBody, with_document, write
from gateway.platforms.declaration import Operation
from gateway.platforms.matching import OperationDenied, OperationMatch
from gateway.platforms.proxies import ProxyRoute
from gateway.platforms.upstream import NOT_SENT, Outgoing, Upstream, outgoing, returned
from gateway.platforms.words import CannotPutBack, JudgedText, put_back

_MAX_ANSWER = 1_048_576  # bytes kept of one answer
_REMEMBERED_BYTES = 16_777_216  # of all answers that are kept for clients that ask again
_OVERHEAD = 1_024  # bytes counted for an answer beside its body
_HELD = 1_000  # most requests that are kept while their messages are held for review


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRequest:
    """A judged request as the client sent it, and its words. Holds credentials and raw text: never
    logged."""

    proxy: ProxyRoute = field(repr=False)
    match: OperationMatch = field(repr=False)
    operation: Operation
    method: str
    query: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: ParsedBody = field(repr=False)
    words: JudgedText = field(repr=False)


@dataclass(slots=True)
class PendingAnswer:
    """A request that waits for its message. `started` is set when sending begins; `answer` is the
    answer for the client, None when the platform's never came."""

    request: PlatformRequest
    started: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Future[ProxyResponse | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def tell(self, answer: ProxyResponse | None) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


class ProxiedPlatform:
    """Implements ports.Platform for routes of the kind "proxy"."""

    def __init__(self, *, proxies: Mapping[str, ProxyRoute]) -> None:
        self.proxies = proxies
        self.upstream = Upstream()
        self._waiting: dict[str, PendingAnswer] = {}
        self._under_way: dict[str, PendingAnswer] = {}
        self._held: OrderedDict[str, PlatformRequest] = OrderedDict()
        self._answers: OrderedDict[str, ProxyResponse] = OrderedDict()
        self._answers_bytes = 0

    @property
    def routes(self) -> Mapping[str, Route]:
        return {name: proxy.route for name, proxy in self.proxies.items()}

    def wait(self, message_id: str, request: PlatformRequest) -> PendingAnswer:
        """Keep `request` until the courier comes for its message."""
        pending = self._waiting[message_id] = PendingAnswer(request)
        return pending

    def give_up(self, message_id: str) -> bool:
        """Forget a request; return False when it is being sent or has been sent."""
        return self._waiting.pop(message_id, None) is not None

    def hold(self, message_id: str, request: PlatformRequest) -> bool:
        """Keep the request of a held message for a release, if the credential is the gateway's own;
        return whether it is kept. Above _HELD requests the oldest is lost; so are all when the
        process ends."""
        if request.proxy.credential is None:
            return False
        self._held[message_id] = request
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return True

    def under_way(self, message_id: str) -> PendingAnswer | None:
        return self._waiting.get(message_id) or self._under_way.get(message_id)

    def answered(self, message_id: str) -> ProxyResponse | None:
        """The platform's answer to a recent message, for a client that asks again."""
        return self._answers.get(message_id)

    async def send(self, delivery: Delivery) -> Dispatch:
        """See ports.Platform. A request that could not be sent is REFUSED, never RETRY: its client
        is told, and may repeat it."""
        message_id = delivery.message_id
        pending = self._waiting.pop(message_id, None)
        if pending is None and (held := self._held.pop(message_id, None)) is not None:
            pending = PendingAnswer(held)
        if pending is None:
            gone = "the client's request is gone, and nothing else holds its credentials"
            result = DispatchResult.UNKNOWN if delivery.uncertain else DispatchResult.REFUSED
            return Dispatch(result=result, detail=gone)
        pending.started.set()
        self._under_way[message_id] = pending
        try:
            dispatch, answer = await self.post(
                pending.request, message_id, delivery.disclosure, delivery.receipt
            )
            if dispatch.result is DispatchResult.DELIVERED and answer is not None:
                self._remember_answer(message_id, answer)
            pending.tell(answer)
            return dispatch
        finally:
            self._under_way.pop(message_id, None)
            pending.tell(None)

    async def post(
        self, request: PlatformRequest, message_id: str, disclosure: Disclosure, receipt: Receipt
    ) -> tuple[Dispatch, ProxyResponse | None]:
        """Send `request` once, with the text that may be published."""
        form = request.proxy.declaration.error
        filling = {"receipt": receipt.jws, "message_id": message_id}
        try:
            to, data = self._request_to_send(request, disclosure, filling)
        except (CannotPutBack, OperationDenied) as error:
            answer = error_answer(form, f"Not published: {error}.", status=422)
            return Dispatch(result=DispatchResult.REFUSED, detail=str(error)), answer
        timeout_s = request.proxy.route.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._send_once(request.operation, to, data)
        except TimeoutError:
            return unknown(f"no answer within {timeout_s:g} s"), None
        except NOT_SENT as error:
            detail = f"not connected: {type(error).__name__}"
            answer = error_answer(
                form, "Not published: the platform cannot be reached.", status=502, code="upstream"
            )
            return Dispatch(result=DispatchResult.REFUSED, detail=detail), answer
        except aiohttp.ClientError as error:
            return unknown(f"the connection broke: {type(error).__name__}"), None

    async def close(self) -> None:
        await self.upstream.close()

    def _request_to_send(
        self, request: PlatformRequest, disclosure: Disclosure, filling: Mapping[str, str]
    ) -> tuple[Outgoing, bytes | None]:
        operation = request.operation
        document: dict[str, Any] = put_back(
            operation, request.body.document, request.words, disclosure, filling
        )
        written = write(operation, with_document(request.body, document))
        query = request.query if written.query is None else written.query
        left = ("content-type", "content-encoding", "accept-encoding")
        headers = tuple(header for header in request.headers if header[0].lower() not in left)
        headers += (("Accept-Encoding", "identity"),)
        if written.content_type is not None:
            headers += (("Content-Type", written.content_type),)
        to = outgoing(request.proxy, request.match, request.method, query, headers)
        return to, None if written.query is not None else written.data

    async def _send_once(
        self, operation: Operation, to: Outgoing, data: bytes | None
    ) -> tuple[Dispatch, ProxyResponse]:
        async with self.upstream.request(to, data=data, write=True) as response:
            body = await read_start(response.content, _MAX_ANSWER)
            headers = returned(response.raw_headers, whole=False)
            answer = ProxyResponse(
                status=response.status,
                headers=tuple((a.decode("latin-1"), b.decode("latin-1")) for a, b in headers),
                body=body,
            )
        return dispatch_of(operation, answer.status, body), answer

    def _remember_answer(self, message_id: str, answer: ProxyResponse) -> None:
        self._answers[message_id] = answer
        self._answers_bytes += len(answer.body) + _OVERHEAD
        while self._answers_bytes > _REMEMBERED_BYTES:
            _, oldest = self._answers.popitem(last=False)
            self._answers_bytes -= len(oldest.body) + _OVERHEAD
