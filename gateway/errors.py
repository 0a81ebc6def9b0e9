"""Every error the gateway raises on purpose, one tree.

GatewayError
├── Refusal                 the caller can mend it (RFC 9457 problem, 4xx)
│   ├── InvalidField        a field is wrong: names the field and the mend
│   ├── NotFound            no such message, creator, route, receipt, review
│   ├── IdempotencyReused   same key, another request (422)
│   ├── IdempotencyBusy     same key, first request still in progress (409)
│   ├── StateConflict       the thing is no longer in the state this needs (409)
│   ├── OnLegalHold         a legal hold keeps what should be erased (409)
│   ├── Erased              its texts are gone for good (410)
│   ├── Unauthenticated     no key, unknown key, expired key (401)
│   ├── Forbidden           the key lacks the role or the tenant (403)
│   └── RateLimited         too many requests for this key (429)
├── StageFailure            a stage of the pipeline failed: hold or block, never publish
│   ├── StageTimeout        it passed its deadline
│   └── StageUndefined      it answered nothing usable
├── UpstreamFailed          the generator cannot be reached, or answers nothing usable (502)
├── NotRecorded             no durable audit commit: nothing was sent (503)
├── ConfigurationError      refuses to start or to load: names what and the mend
│   ├── PolicyInvalid       with file, line, column
│   ├── ModelInvalid        a weight file is missing, corrupt or not the expected one
│   ├── KeysInvalid         a key file is missing, unreadable or open to others
│   └── DatabaseUnusable    unreachable, full, or from a newer version
├── LogInvalid              the audit log does not verify: names the first bad entry
└── ReceiptInvalid          a receipt does not verify: names what does not match
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath


class GatewayError(Exception):
    """Root. `str(error)` is safe to show and to log: no raw text, no credentials."""


class Refusal(GatewayError):
    """The caller can mend it. `slug` names the problem type, `status` is the HTTP status."""

    slug = "refused"
    title = "The request was refused"
    status = 400


class InvalidField(Refusal):
    slug = "invalid-field"
    title = "A field of the request is not valid"
    status = 422

    def __init__(self, field: str, problem: str, mend: str) -> None:
        super().__init__(f"{field}: {problem}. {mend}")
        self.field = field
        self.problem = problem
        self.mend = mend


class NotFound(Refusal):
    slug = "not-found"
    title = "There is no such thing"
    status = 404

    def __init__(self, kind: str, name: str, mend: str = "") -> None:
        super().__init__(f"no {kind} {name!r}" + (f". {mend}" if mend else ""))
        self.kind = kind
        self.name = name


class IdempotencyReused(Refusal):
    slug = "idempotency-key-reused"
    title = "The Idempotency-Key was used with another request"
    status = 422


class IdempotencyBusy(Refusal):
    slug = "idempotency-key-in-progress"
    title = "The first request with this Idempotency-Key is still in progress"
    status = 409


class StateConflict(Refusal):
    slug = "state-conflict"
    title = "It is no longer in a state that allows this"
    status = 409


class OnLegalHold(Refusal):
    """`holds` are the ids of those in the way."""

    slug = "legal-hold"
    title = "A legal hold keeps it"
    status = 409

    def __init__(self, holds: tuple[str, ...]) -> None:
        named = ", ".join(holds[:5]) + (" and others" if len(holds) > 5 else "")
        super().__init__(f"kept by the legal hold {named}. Nothing was erased; lift it first.")
        self.holds = holds


class Erased(Refusal):
    slug = "erased"
    title = "It was erased"
    status = 410

    def __init__(self, what: str, at: datetime) -> None:
        super().__init__(f"{what} was erased at {at.isoformat(timespec='seconds')}")
        self.at = at


class Unauthenticated(Refusal):
    slug = "unauthenticated"
    title = "A valid API key is needed"
    status = 401


class Forbidden(Refusal):
    slug = "forbidden"
    title = "The API key does not allow this"
    status = 403


class RateLimited(Refusal):
    slug = "rate-limited"
    title = "Too many requests for this API key"
    status = 429

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"retry after {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class StageFailure(GatewayError):
    """A stage of the pipeline failed. `reason` is fit for an audit entry."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class StageTimeout(StageFailure):
    def __init__(self, stage: str, deadline_ms: float) -> None:
        super().__init__(stage, f"no answer within {deadline_ms:.0f} ms")
        self.deadline_ms = deadline_ms


class StageUndefined(StageFailure):
    """The stage answered, but with nothing that can be used."""


class NotRecorded(GatewayError):
    """The audit entry could not be made durable, so nothing was sent."""


class UpstreamFailed(GatewayError):
    """The generator in front of which this gateway stands did not do its part. Its own words are
    never quoted: they may hold anything."""


class ConfigurationError(GatewayError):
    """Refuses to start or to load. `what` names the setting or file, `mend` what to do."""

    def __init__(self, what: str, problem: str, mend: str) -> None:
        super().__init__(f"{what}: {problem}. {mend}")
        self.what = what
        self.problem = problem
        self.mend = mend


class PolicyInvalid(ConfigurationError):
    """A policy does not parse, compile or keep to the allowed subset."""

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
    """A weight file is missing, corrupt, or not the one expected."""


class KeysInvalid(ConfigurationError):
    """A key file is missing, unreadable, or readable by others."""


class DatabaseUnusable(ConfigurationError):
    """The database cannot be reached, is full, or was made by a newer version."""


class LogInvalid(GatewayError):
    """The audit log does not verify."""

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
    """Where it was raised, as "folder/file.py:12". For logs, where its message must not go: that
    may quote a text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    path = PurePath(trace.tb_frame.f_code.co_filename)
    return f"{path.parent.name}/{path.name}:{trace.tb_lineno}"
