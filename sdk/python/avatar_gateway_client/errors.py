"""The errors that a call may raise. A message that was judged is no error, whatever the verdict.

GatewayError
├── Unreachable         no answer: the network failed, or the time-out passed
├── UnexpectedAnswer    an answer that this client cannot read
├── ProofInvalid        a receipt or proof does not prove what it should: see `proof`
└── Problem             the gateway refused the request (RFC 9457)
    ├── Invalid             a field or the body is wrong (400, 413, 415, 422): see `errors`
    ├── Unauthenticated     no key, an unknown or an expired one (401)
    ├── Forbidden           the key lacks the role (403)
    ├── NotFound            (404)
    ├── Conflict            not in a state that allows this (409)
    ├── Erased              (410)
    ├── RateLimited         too many requests for this key (429)
    └── Unavailable         nothing was recorded, so nothing was sent (5xx)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class GatewayError(Exception):
    """Root of the tree. `str(error)` holds no credentials and no texts of messages."""


class Unreachable(GatewayError):
    """The gateway did not answer. Repeating the call with the same Idempotency-Key is safe."""


class UnexpectedAnswer(GatewayError):
    """The answer cannot be read: something other than this gateway may have sent it."""


class ProofInvalid(GatewayError):
    """A receipt or proof does not verify. `what` names the part: receipt, kid, signature, salt,
    text, proof, checkpoint, key or entry."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(f"{what}: {problem}")
        self.what = what


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that is not valid, what is wrong with it, and how to mend it."""

    field: str
    problem: str
    mend: str


class Problem(GatewayError):
    """The gateway refused the request. `slug` is the last part of the problem's `type`."""

    def __init__(
        self,
        *,
        status: int,
        slug: str,
        title: str,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{title} ({status} {slug}): {detail}")
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s


class Invalid(Problem):
    """A field or the body is not valid; `errors` names the fields."""


class Unauthenticated(Problem):
    """The API key is missing, unknown or expired."""


class Forbidden(Problem):
    """The API key lacks the role for this."""


class NotFound(Problem):
    """There is no such thing, at least none that the API key may see."""


class Conflict(Problem):
    """The thing is not in a state that allows this."""


class Erased(Problem):
    """The texts were erased."""


class RateLimited(Problem):
    """Too many requests with this API key; see `retry_after_s`."""


class Unavailable(Problem):
    """The gateway could not record the message, so that nothing was sent."""


_KINDS: Mapping[int, type[Problem]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Erased,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
}


def problem_of(status: int, body: Any, retry_after_s: float | None) -> Problem:
    """Build the exception for a refused request from its body: an RFC 9457 problem, or an error in
    OpenAI's format."""
    problem = body if isinstance(body, Mapping) else {}
    if isinstance(openai := problem.get("error"), Mapping):
        problem = {
            "type": str(openai.get("code", "")).replace("_", "-"),
            "title": "The request was refused",
            "detail": openai.get("message", ""),
        }
    kind = _KINDS.get(status, Unavailable if status >= 500 else Problem)
    fields = problem.get("errors")
    return kind(
        status=status,
        slug=str(problem.get("type", "")).rpartition("/")[2] or "unknown",
        title=str(problem.get("title", "The request was refused")),
        detail=str(problem.get("detail", "")),
        errors=tuple(
            FieldError(
                field=str(error.get("field", "")),
                problem=str(error.get("problem", "")),
                mend=str(error.get("mend", "")),
            )
            for error in (fields if isinstance(fields, list) else ())
            if isinstance(error, Mapping)
        ),
        retry_after_s=retry_after_s,
    )
