"""Every error that the gateway raises on purpose, in one tree.

GatewayError
├── Refusal                 the caller can correct the request (RFC 9457 problem, 4xx)
│   ├── InvalidField        a field is not valid (422)
│   ├── NotFound            there is no such message, creator, route, receipt or review (404)
│   ├── IdempotencyReused   the Idempotency-Key was used with another request (422)
│   ├── IdempotencyBusy     the first request with this key is still in progress (409)
│   ├── StateConflict       the thing is no longer in a state that allows this (409)
│   ├── OnLegalHold         a legal hold forbids the erasure (409)
│   ├── Erased              the texts were erased (410)
│   ├── Unauthenticated     no API key, an unknown or an expired one (401)
│   ├── Forbidden           the API key lacks the role or belongs to another tenant (403)
│   └── RateLimited         too many requests with this API key (429)
├── StageFailure            a stage of the pipeline failed: the message is held or blocked
│   ├── StageTimeout        the stage passed its deadline
│   └── StageUndefined      the stage answered with nothing usable
├── UpstreamFailed          the generator cannot be reached or answers nothing usable (502)
├── NotRecorded             no entry became durable, so that nothing was sent (503)
├── ConfigurationError      the gateway refuses to start, or to load a file
│   ├── PolicyInvalid       a policy is not valid; with file, line and column
│   ├── ModelInvalid        a weight file is missing, corrupt or not the expected one
│   ├── KeysInvalid         a key file is missing, unreadable or open to others
│   └── DatabaseUnusable    the database is unreachable, full or from a newer version
├── LogInvalid              the audit log does not verify; with the first bad entry
└── ReceiptInvalid          a receipt does not verify; with the part that does not match
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath


class GatewayError(Exception):
    """Root of the tree. `str(error)` is safe to show and to log: it holds no texts of messages and
    no credentials."""


class Refusal(GatewayError):
    """The request is refused, and its caller can correct it. `slug` names the problem type,
    `title` says it in words, `status` is the HTTP status."""

    slug = "refused"
    title = "The request was refused"
    status = 400


class InvalidField(Refusal):
    """A field of the request is not valid: which, what is wrong with it, and how to mend it."""

    slug = "invalid-field"
    title = "A field of the request is not valid"
    status = 422

    def __init__(self, field: str, problem: str, mend: str) -> None:
        super().__init__(f"{field}: {problem}. {mend}")
        self.field = field
        self.problem = problem
        self.mend = mend


class NotFound(Refusal):
    """There is no thing of this kind and name, at least none that the caller may see."""

    slug = "not-found"
    title = "There is no such thing"
    status = 404

    def __init__(self, kind: str, name: str, mend: str = "") -> None:
        super().__init__(f"no {kind} {name!r}" + (f". {mend}" if mend else ""))
        self.kind = kind
        self.name = name


class IdempotencyReused(Refusal):
    """The Idempotency-Key was used before, with a request that says something else."""

    slug = "idempotency-key-reused"
    title = "The Idempotency-Key was used with another request"
    status = 422


class IdempotencyBusy(Refusal):
    """The first request with this Idempotency-Key is still in progress: repeat it later."""

    slug = "idempotency-key-in-progress"
    title = "The first request with this Idempotency-Key is still in progress"
    status = 409


class StateConflict(Refusal):
    """The thing changed meanwhile, for instance a message that was already reviewed."""

    slug = "state-conflict"
    title = "It is no longer in a state that allows this"
    status = 409


class OnLegalHold(Refusal):
    """Legal holds forbid the erasure; `legal_holds` are their ids. Nothing was erased."""

    slug = "legal-hold"
    title = "A legal hold keeps it"
    status = 409

    def __init__(self, legal_holds: tuple[str, ...]) -> None:
        named = ", ".join(legal_holds[:5]) + (" and others" if len(legal_holds) > 5 else "")
        super().__init__(f"kept by the legal hold {named}. Nothing was erased; lift it first.")
        self.legal_holds = legal_holds


class Erased(Refusal):
    """The texts that the request needs were erased, at the time `at`."""

    slug = "erased"
    title = "It was erased"
    status = 410

    def __init__(self, what: str, at: datetime) -> None:
        super().__init__(f"{what} was erased at {at.isoformat(timespec='seconds')}")
        self.at = at


class Unauthenticated(Refusal):
    """The request has no API key, or one that is unknown, expired or revoked."""

    slug = "unauthenticated"
    title = "A valid API key is needed"
    status = 401


class Forbidden(Refusal):
    """The API key lacks the role that the request needs, or belongs to another tenant."""

    slug = "forbidden"
    title = "The API key does not allow this"
    status = 403


class RateLimited(Refusal):
    """The API key has used up its requests; the next one is allowed after `retry_after_s`."""

    slug = "rate-limited"
    title = "Too many requests for this API key"
    status = 429

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"retry after {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class StageFailure(GatewayError):
    """A stage of the pipeline failed, so that the message is held or blocked, never published.
    `reason` is safe to write into an entry of the log."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class StageTimeout(StageFailure):
    """The stage did not answer within its deadline."""

    def __init__(self, stage: str, deadline_ms: float) -> None:
        super().__init__(stage, f"no answer within {deadline_ms:.0f} ms")
        self.deadline_ms = deadline_ms


class StageUndefined(StageFailure):
    """The stage answered, but with nothing that can be used."""


class NotRecorded(GatewayError):
    """A change could not be written durably to the log, so that nothing was sent."""


class UpstreamFailed(GatewayError):
    """The generator behind this gateway failed. Its own words are never quoted, since they may
    contain anything."""


class ConfigurationError(GatewayError):
    """The gateway refuses to start, or to load a file. `what` names the setting or file, `problem`
    what is wrong with it, `mend` what to do."""

    def __init__(self, what: str, problem: str, mend: str) -> None:
        super().__init__(f"{what}: {problem}. {mend}")
        self.what = what
        self.problem = problem
        self.mend = mend


class PolicyInvalid(ConfigurationError):
    """A policy does not parse or compile, or uses what the allowed subset of Rego lacks."""

    def __init__(
        self,
        file: str,
        problem: str,
        mend: str,
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        where = (
            file if line is None else f"{file}:{line}" + ("" if column is None else f":{column}")
        )
        super().__init__(where, problem, mend)
        self.file = file
        self.line = line
        self.column = column


class ModelInvalid(ConfigurationError):
    """A weight file is missing or corrupt, or is not the expected one."""


class KeysInvalid(ConfigurationError):
    """A key file is missing or cannot be read, can be read by others, or belongs to another
    database."""


class DatabaseUnusable(ConfigurationError):
    """A database cannot be reached or written, is full, or was made by a newer version."""


class LogInvalid(GatewayError):
    """The audit log, or a proof or checkpoint of it, does not verify. `index` is the number of the
    first bad entry, when one can be named."""

    def __init__(self, problem: str, *, index: int | None = None) -> None:
        super().__init__(problem if index is None else f"entry {index}: {problem}")
        self.problem = problem
        self.index = index


class ReceiptInvalid(GatewayError):
    """A receipt does not verify. `what` names the part that does not match."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(f"receipt: {what} {problem}")
        self.what = what
        self.problem = problem


def place_of(error: BaseException) -> str:
    """The place where `error` was raised, as "folder/file.py:12", for logs. The message of a
    foreign error is not logged, since it may quote a text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    path = PurePath(trace.tb_frame.f_code.co_filename)
    return f"{path.parent.name}/{path.name}:{trace.tb_lineno}"
