"""Hand the JSON body that StrictBody parsed to the endpoint, so that nothing parses it again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

PARSED_JSON: Final = "avatar_gateway.parsed_json"
"""Key of the ASGI scope: the value of the body, set for JSON bodies alone."""


class ParsedJsonRequest(Request):
    """A request whose JSON body was parsed before."""

    async def json(self) -> Any:
        return self.scope[PARSED_JSON]


class ParsedJsonRoute(APIRoute):
    """A route whose endpoint gets the value that StrictBody parsed. Where StrictBody did not run,
    FastAPI parses the body itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_parsed(request: Request) -> Response:
            if PARSED_JSON in request.scope:
                request = ParsedJsonRequest(request.scope, request.receive)
            return await handle(request)

        return handle_parsed
