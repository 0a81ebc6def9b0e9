"""Matches a request with the declared operations: it is a read, a listed write, or denied. Pure.

Paths are matched decoded, so that no spelling of a path is overlooked; a path that two servers
could decode in two ways is denied. The path that is sent on is encoded anew from the matched one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from gateway.platforms.declaration import Action, Declaration, Operation

READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PLAIN = "!$&'()*+,;=:@~"
_WRITTEN_OUT = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.!$&'()*+,;=:@~-]*)+")
"""Paths as most are: nothing in them is encoded or needs to be, and no step is "." or ".."."""
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
_MOST_FIELDS = 1_000  # fields of one form or query string


class OperationDenied(ValueError):
    """The proxy does not let the request through. `status` is the HTTP status to answer with."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationMatch:
    """The declared operation that a request matches.

    `operation` is None for a read that is not listed. `path` is encoded, as it is sent on;
    `decoded` is what was matched; `params` are its named steps.
    """

    operation: Operation | None
    path: str
    decoded: str
    params: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def path_with(self, name: str, value: str) -> str:
        """`path` with another value for one of its named steps."""
        if name not in self.spans:
            return self.path
        start, end = self.spans[name]
        before, after = (
            quote(part, safe=_PLAIN + "/") for part in (self.decoded[:start], self.decoded[end:])
        )
        return before + quote(value, safe=_PLAIN) + after


def match(
    declaration: Declaration, method: str, raw_path: str, headers: Mapping[str, str]
) -> OperationMatch:
    """The operation that a request matches. `raw_path` begins with a slash and is as it was sent;
    `headers` are by lower-case name. Raises OperationDenied."""
    for name in _OVERRIDES:
        if name in headers:
            raise OperationDenied(f"the header {name} would change what the request means")
    path, decoded, clear = _read_path(raw_path)
    if clear:
        for operation in declaration.operations:
            if method not in operation.methods:
                continue
            for pattern in operation.paths:
                if matched := pattern.fullmatch(decoded):
                    return _listed_match(operation, path, decoded, matched)
    if method in READS and declaration.reads is Action.PASS:
        return OperationMatch(operation=None, path=path, decoded=decoded)
    if not clear:
        raise OperationDenied("the path can be decoded in two ways")
    raise OperationDenied(f"{method} is not listed for this path, and what is not listed is denied")


def _read_path(raw_path: str) -> tuple[str, str, bool]:
    """The path encoded anew, the path decoded, and whether every server decodes it alike. Raises
    OperationDenied."""
    if _WRITTEN_OUT.fullmatch(raw_path):
        return raw_path, raw_path, True
    steps = _decoded_steps(raw_path)
    clear = not any("/" in step or "\\" in step or _ENCODED.search(step) for step in steps)
    return _encoded_path(steps), "/" + "/".join(steps), clear


def _listed_match(
    operation: Operation, path: str, decoded: str, matched: re.Match[str]
) -> OperationMatch:
    if operation.action is Action.DENY:
        raise OperationDenied(f"{operation.name} is denied on this platform")
    return OperationMatch(
        operation=operation,
        path=path,
        decoded=decoded,
        params=matched.groupdict(),
        spans={name: matched.span(name) for name in matched.groupdict()},
    )


def _encoded_path(steps: Iterable[str]) -> str:
    return "/" + "/".join(quote(step, safe=_PLAIN) for step in steps)


def _decoded_steps(raw_path: str) -> list[str]:
    steps = []
    for part in raw_path[1:].split("/"):
        try:
            step = unquote_to_bytes(part).decode("utf-8")
        except UnicodeDecodeError:
            raise OperationDenied("the path is not UTF-8", 400) from None
        if step in (".", "..") or any(character < " " or character == "\x7f" for character in step):
            raise OperationDenied("the path holds dots or control characters", 400)
        steps.append(step)
    return steps


def pairs(text: str) -> list[tuple[str, str]]:
    """The fields of a query string or a form. Raises OperationDenied for one that cannot be
    read."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except (ValueError, UnicodeDecodeError):
        raise OperationDenied("the fields cannot be read", 400) from None


def check_query(
    declaration: Declaration, operation: Operation | None, query: str, *, body: bool
) -> None:
    """Raises OperationDenied for parameters that change what the request means, and for those
    that a judged request whose fields are in its `body` need not have."""
    if not query:
        return
    judged = operation is not None and operation.action is Action.JUDGE
    seen: set[str] = set()
    for name, _ in pairs(query):
        if name == "_method" or name in declaration.forbidden_query:
            raise OperationDenied(f"the parameter {name[:40]} would change what the request means")
        if not judged or operation is None:
            continue
        if name in seen:
            raise OperationDenied(f"the parameter {name[:40]} is there twice", 400)
        seen.add(name)
        if body and name not in operation.query:
            raise OperationDenied(f"the parameter {name[:40]} is not listed for {operation.name}")
