"""The platform proxy: /p/{route}/… is the platform's own API, with the gateway in between.

Reads pass; listed writes are judged, recorded and only then sent on; everything else is denied,
in the platform's own error form. The platform's file (gateway/platforms) says what a write is,
which words it has and what its answers mean; this module only passes them on.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope, Send

from gateway.api.access import PREFIX as KEY_PREFIX
from gateway.api.problems import problem
from gateway.api.proxy.message import ProxyRequest, submit_request
from gateway.api.proxy.stream import pass_on
from gateway.api.services import ApiServices, services_of
from gateway.errors import DatabaseUnusable, NotRecorded, Refusal, StageFailure
from gateway.model.access import ApiKey, Role
from gateway.model.record import PassedWrite
from gateway.platforms.answers import ProxyResponse, error_answer
from gateway.platforms.bodies import parse, write
from gateway.platforms.declaration import Action, Content, Operation
from gateway.platforms.matching import (
    READS,
    OperationDenied,
    OperationMatch,
    check_query,
    match,
    pairs,
)
from gateway.platforms.proxied_platform import PlatformRequest, ProxiedPlatform
from gateway.platforms.proxies import ProxyRoute
from gateway.platforms.templates import in_words_of
from gateway.platforms.upstream import KEY_HEADER, outgoing, with_header
from gateway.platforms.words import words_of

PREFIX: Final = "/p/"
_ROLES = frozenset({Role.SERVICE})
_PATIENCE_S = 30.0  # for a whole body to arrive
_OUR_KEY = f" {KEY_PREFIX}_".encode()
_FORM = "application/x-www-form-urlencoded"


class ProxyEndpoint:
    """An ASGI endpoint. `public_url` is where clients reach this gateway."""

    def __init__(self, *, max_body_bytes: int, public_url: str) -> None:
        self._max_body_bytes = max_body_bytes
        self._public_url = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        services = services_of(http)
        platform = services.proxied
        proxy = platform.proxies.get(scope["path_params"]["route"]) if platform else None
        if proxy is None or platform is None:
            missing = problem(
                404, "not-found", "There is no such proxy", "Routes of the kind proxy."
            )
            await missing(scope, receive, send)
            return
        form = proxy.declaration.error
        try:
            answer = await self._answer_request(http, send, services, platform, proxy)
        except OperationDenied as error:
            answer = error_answer(form, f"Not published: {error}.", status=error.status)
        except Refusal as error:
            code = error.slug.replace("-", "_")
            answer = error_answer(form, f"{error.title}: {error}", status=error.status, code=code)
        except (NotRecorded, DatabaseUnusable, StageFailure):
            answer = error_answer(
                form,
                "Not published: it could not be recorded. Send it again.",
                status=503,
                code="not_recorded",
            )
        if answer is not None:
            await _send_answer(send, answer, head=scope["method"] == "HEAD")

    async def _answer_request(
        self,
        http: HttpRequest,
        send: Send,
        services: ApiServices,
        platform: ProxiedPlatform,
        proxy: ProxyRoute,
    ) -> ProxyResponse | None:
        """Return the answer, or None when it was streamed."""
        # 1. Who asks, and for what.
        key = await _caller_key(http, services, proxy)
        method = http.scope["method"]
        matched = match(proxy.declaration, method, _platform_path(http, proxy), http.headers)
        operation, query = matched.operation, http.scope["query_string"].decode("latin-1")
        if http.headers.get("content-encoding", "identity") != "identity":
            raise OperationDenied("the body is compressed", 415)
        headers = _request_headers(http.scope)
        # 2. What is to be judged.
        if operation is not None and operation.action is Action.JUDGE:
            raw = await read_body(http, operation.max_bytes or self._max_body_bytes)
            judged = _judged_request(http, proxy, matched, operation, raw)
            if isinstance(judged, PlatformRequest):
                return await submit_request(
                    services, platform, ProxyRequest(key=key, request=judged)
                )
            data: bytes | None
            query, content_type, data = judged
            to = outgoing(proxy, matched, method, query, headers)
            to = with_header(to, "Content-Type", content_type)
        # 3. What passes.
        else:
            check_query(proxy.declaration, operation, query, body=False)
            data = await self._passing_body(http, matched)
            to = outgoing(proxy, matched, method, query, headers)
        # 4. What changes something there is on record before it is sent.
        if operation is not None and operation.writes:
            unjudged = PassedWrite(
                tenant=key.tenant,
                caller=key.id,
                route=proxy.name,
                operation=operation.name,
                listed=f"{method} {in_words_of(operation.templates, matched.decoded)}",
                target=f"{method} {matched.decoded}?{query}",
                body=data or b"",
                at=services.now(),
            )
            await services.changes.note_passed(unjudged)
        return await pass_on(
            http,
            send,
            platform.upstream,
            proxy=proxy,
            match=matched,
            to=to,
            data=data,
            here=f"{self._public_url}{PREFIX}{proxy.name}",
        )

    async def _passing_body(self, http: HttpRequest, matched: OperationMatch) -> bytes | None:
        """Read the body of a request that is not judged; None for reads."""
        headers = http.headers
        if http.scope["method"] in READS:
            if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
                raise OperationDenied("a read has no body", 400)
            return None
        most = (matched.operation and matched.operation.max_bytes) or self._max_body_bytes
        raw = await read_body(http, most)
        if headers.get("content-type", "").split(";")[0].strip().lower() == _FORM and any(
            name == "_method" for name, _ in pairs(raw.decode("utf-8", "replace"))
        ):
            raise OperationDenied("the field _method would change what the request means")
        return raw


def _judged_request(
    http: HttpRequest, proxy: ProxyRoute, matched: OperationMatch, operation: Operation, raw: bytes
) -> PlatformRequest | tuple[str, str | None, bytes | None]:
    """Return the request to judge; or for one without words that may pass, its query, content type
    and body as they are sent on. Raises OperationDenied."""
    query = http.scope["query_string"].decode("latin-1")
    body = parse(operation, http.headers.get("content-type", ""), raw, query)
    in_body = body.content is not Content.QUERY
    check_query(proxy.declaration, operation, query, body=in_body)
    words = words_of(operation, body.document)
    if words is None:
        if operation.when_empty is not Action.PASS:
            raise OperationDenied("it has no text that could be judged and labelled")
        written = write(operation, body)
        sent_on = query if written.query is None else written.query
        return sent_on, written.content_type, written.data
    return PlatformRequest(
        proxy=proxy,
        match=matched,
        operation=operation,
        method=http.scope["method"],
        query=query if in_body else "",
        headers=_request_headers(http.scope),
        body=body,
        words=words,
    )


async def _caller_key(http: HttpRequest, services: ApiServices, proxy: ProxyRoute) -> ApiKey:
    """Admit the caller by the API key in its own header; or in place of the platform's credential,
    where the gateway adds that credential itself."""
    own_header = http.headers.get(KEY_HEADER)
    if own_header is not None:
        return await services.guard.admit(f"Bearer {own_header}", _ROLES)
    injected = proxy.credential is not None
    authorization = _key_in_credential(http, proxy) if injected else None
    return await services.guard.admit(authorization, _ROLES)


def _key_in_credential(http: HttpRequest, proxy: ProxyRoute) -> str | None:
    """The API key in the header of the platform's credential, in the form clients write it."""
    slot = proxy.declaration.credential
    value = http.headers.get(slot.name) if slot.source == "header" else None
    if value is not None and slot.prefix and value.startswith(slot.prefix):
        return f"Bearer {value.removeprefix(slot.prefix)}"
    return http.headers.get("authorization")


def _platform_path(http: HttpRequest, proxy: ProxyRoute) -> str:
    """The platform's part of the path, as it was sent."""
    raw = bytes(http.scope["raw_path"]).decode("latin-1")
    rest = raw.removeprefix(f"{PREFIX}{proxy.name}")
    if rest == raw or not rest.startswith("/"):
        raise OperationDenied("the gateway's part of the path is encoded", 400)
    return rest


def _request_headers(scope: Scope) -> tuple[tuple[str, str], ...]:
    """The headers as they came, without a gateway's key in place of the platform's credential."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name != b"authorization" or _OUR_KEY not in value
    )


async def read_body(http: HttpRequest, most: int) -> bytes:
    """Read the whole body. Raises OperationDenied for more than `most` bytes, and for a body that
    does not come in time."""
    too_large = OperationDenied(f"the body is larger than {most} bytes", 413)
    declared = http.headers.get("content-length", "0")
    if not declared.isdigit() or len(declared) > 18 or int(declared) > most:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_PATIENCE_S):
            async for chunk in http.stream():
                size += len(chunk)
                if size > most:
                    raise too_large
                chunks.append(chunk)
    except TimeoutError:
        raise OperationDenied("the body did not come in time", 408) from None
    return b"".join(chunks)


async def _send_answer(send: Send, answer: ProxyResponse, *, head: bool) -> None:
    names = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers
    ]
    names.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": names})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
