"""What a platform file declares: the parts of a platform's HTTP API that carry messages.

Frozen values. loading.py makes them from YAML, docs/reference/routes.md describes each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.model.route import LengthUnit
from gateway.model.submission import Channel
from gateway.platforms.pointers import Pattern


class TextFormat(StrEnum):
    """How the readers' client reads a text."""

    PLAIN = "plain"
    HTML = "html"
    HTML_LINES = "html-lines"  # a line break is a line break, as in Telegram
    MARKDOWN = "markdown"


class Action(StrEnum):
    JUDGE = "judge"
    PASS = "pass"  # noqa: S105 - a write without words, such as a read marker
    DENY = "deny"


class Content(StrEnum):
    """Where the fields of a request are."""

    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    QUERY = "query"


class Source(StrEnum):
    PATH = "path"
    BODY = "body"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Where a value comes from: a name in the path or the header, a pointer into the body."""

    source: Source
    name: str
    pattern: Pattern = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that people read. `format_from` is a field whose value says the format. `escape` are
    the characters that markdown wants escaped with a backslash. `renders` is the pointer of the
    text of which this one is another form: both get the label."""

    pointer: str
    pattern: Pattern
    format: TextFormat = TextFormat.PLAIN
    format_from: Pattern = ()
    formats: Mapping[str, TextFormat] = field(default_factory=dict)
    escape: str = ""
    renders: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets:
    """An array of objects that point into the text at `of`: `start` counts in `unit`, `end` too
    where there is one."""

    of: str
    array: Pattern
    start: Pattern
    end: Pattern | None
    unit: LengthUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRule:
    """When a request belongs to a channel: when the value of `when` is there and, if `equals` is
    given, equal to it; always without `when`."""

    channel: Channel
    when: Fetch | None = None
    equals: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """Where the platform's own key of a request comes from; `deduplicates`: the platform takes
    a request with the same key only once."""

    source: Fetch
    deduplicates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A machine-readable mark: `value` is put at `at`, `{receipt}` and the like filled in.
    `append`: the name of an array whose items are added to one that is there already."""

    at: Pattern
    value: Any
    append: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """What a 2xx answer must hold to be a success."""

    at: Pattern
    equals: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One kind of write. `query` are the names of the query parameters that are allowed, `fields`
    the top-level fields of the body (empty: any). `refuse`: pointers at which nothing may be
    (ciphertext, texts of other kinds). `when_empty`: the action for a request without text.
    `writes`: whether it changes anything on the platform, and is noted when it passes."""

    name: str
    methods: frozenset[str]
    paths: tuple[re.Pattern[str], ...]
    templates: tuple[str, ...]
    action: Action
    content: frozenset[Content] = frozenset()
    query: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    texts: tuple[Text, ...] = ()
    label: tuple[str, ...] = ()
    offsets: tuple[Offsets, ...] = ()
    refuse: tuple[Pattern, ...] = ()
    json_fields: frozenset[str] = frozenset()
    envelope: str | None = None
    brackets: bool = False
    channels: tuple[ChannelRule, ...] = ()
    conversation: Fetch | None = None
    audience: Fetch | None = None
    idempotency: Idempotency | None = None
    mark: Mark | None = None
    success: Success | None = None
    answer_id: Pattern | None = None
    edits: str | None = None  # the operation whose messages this one edits
    deletes: str | None = None  # the same for deleting
    when_empty: Action = Action.DENY
    writes: bool = True
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorForm:
    """The platform's own error. `{message}`, `{status}` and `{code}` in `body` are filled in.
    `fixed`: the status is the same for all errors, because clients read the body."""

    status: int
    body: Any
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A URL in an answer that would lead the client past the gateway."""

    path: re.Pattern[str]
    at: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSlot:
    """Where the platform wants its credential: a header (after `prefix`), a name in the path or
    a query parameter."""

    source: str  # "header" | "path" | "query"
    name: str
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One platform. `verified` says what it was checked against; empty: documentation only.
    `reads`: whether requests that are not listed and only read pass. `forbidden_query`: parameters
    that change what a request means, such as a method override."""

    name: str
    title: str
    verified: str
    sources: tuple[str, ...]
    credential: CredentialSlot
    max_length: int
    unit: LengthUnit
    error: ErrorForm
    operations: tuple[Operation, ...]
    reads: Action = Action.PASS
    rewrites: tuple[Rewrite, ...] = ()
    forbidden_query: frozenset[str] = frozenset()
    notes: str = ""
