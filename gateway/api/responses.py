"""The error answers of a route, as OpenAPI documents them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from gateway.api.problems import MEDIA_TYPE, TYPE_BASE
from gateway.api.schemas import ProblemOut

_MEANINGS: Final = {
    400: ("json", "The body does not parse."),
    401: ("unauthenticated", "No valid API key."),
    403: ("forbidden", "The API key lacks the role."),
    404: ("not-found", "There is no such thing."),
    409: ("idempotency-key-in-progress", "Not in a state that allows this; retry later."),
    410: ("erased", "It was erased for good."),
    413: ("too-large", "The body is too large."),
    415: ("media-type", "The body must be JSON."),
    422: ("invalid-field", "A field is wrong: named, with the mend."),
    429: ("rate-limited", "Too many requests for this key; see Retry-After."),
    502: ("refused", "The platform refused the message for good."),
    503: ("not-recorded", "Nothing was published; retry with the same Idempotency-Key."),
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Make the OpenAPI responses of these statuses: problems, each with an example."""
    return {status: _documented_problem(status, *_MEANINGS[status]) for status in statuses}


def _documented_problem(status: int, slug: str, meaning: str) -> dict[str, Any]:
    example = {
        "type": TYPE_BASE + slug,
        "title": meaning,
        "status": status,
        "detail": "What is wrong here, and how to mend it.",
    }
    return {
        "description": meaning,
        "content": {
            MEDIA_TYPE: {"schema": _problem_schema(), "example": example},
        },
    }


@cache
def _problem_schema() -> dict[str, Any]:
    return ProblemOut.model_json_schema()
