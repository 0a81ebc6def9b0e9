"""The columns of CSV and Parquet exports, from which docs/reference/export-columns.md is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from gateway.errors import LogInvalid
from gateway.model.record import Entry

Document = Mapping[str, Any]
Value = str | int | bool | list[str] | None
Kind = Literal["text", "number", "time", "yes or no", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an export.

    `find` returns the value from an entry's body, None when the body has no such member.
    """

    name: str
    kind: Kind
    about: str
    find: Callable[[Document], Value]


def _value_at(*path: str) -> Callable[[Document], Value]:
    def find(document: Document) -> Value:
        part: Any = document
        for name in path:
            part = part.get(name) if isinstance(part, Mapping) else None
        value: Value = part
        return value

    return find


def _values_of_list(
    path: tuple[str, ...], member: str | None = None
) -> Callable[[Document], Value]:
    """The different items of the list at `path`, sorted. With `member`, the items are objects and
    their values of this name are taken."""
    list_at = _value_at(*path)

    def find(document: Document) -> Value:
        items: Any = list_at(document)
        if items is None:
            return None
        return sorted({str(item if member is None else item[member]) for item in items})

    return find


def _column(name: str, about: str, *path: str, kind: Kind = "text") -> Column:
    return Column(name=name, kind=kind, about=about, find=_value_at(*(path or (name,))))


def _list_column(name: str, about: str, path: tuple[str, ...], member: str | None = None) -> Column:
    return Column(name=name, kind="list", about=about, find=_values_of_list(path, member))


COLUMNS: tuple[Column, ...] = (
    _column("seq", "Number of the entry, from 0, without gaps in the log.", kind="number"),
    _column("leaf", "sha256(0x00 ‖ body), hex: the entry's leaf in the Merkle tree."),
    _column("timestamp", "When it was recorded, UTC, with microseconds.", kind="time"),
    _column("kind", "What the entry is about: decision, delivery, review, …"),
    _column("tenant", "The tenant."),
    _column("message_id", "Id of the message."),
    _column("decision_id", "Id of the judgement that the entry is about."),
    _column("channel", "space, group, dm, comment, live.", "labels", "channel"),
    _column("route", "The platform route of the message.", "labels", "route"),
    _column("creator", "The creator.", "labels", "creator"),
    _column("avatar", "The creator's avatar.", "labels", "avatar"),
    _column("conversation", "The conversation.", "labels", "conversation"),
    _column("language", "Language of the text, as detected.", "labels", "language"),
    _column("caller", "Id of the API key that submitted the message.", "labels", "caller"),
    _column("received_at", "When the message was received.", kind="time"),
    _column("verdict", "publish, hold, block."),
    _column("state", "State of the message after the entry."),
    _list_column("rules", "Rules that gave a reason.", ("reasons",), "rule"),
    _list_column("obligations", "Kinds of the obligations.", ("obligations",), "kind"),
    _list_column("unavailable", "Stages that gave no answer.", ("unavailable",), "stage"),
    _list_column("redacted", "Kinds of personal data that were stripped.", ("redacted",), "kind"),
    _list_column(
        "notices", "Notices that were added to the text.", ("disclosure", "notices"), "notice"
    ),
    _list_column("marks", "Machine-readable marks that were added.", ("disclosure", "marks")),
    _column("replaced_by", "The template that replaced the text.", "disclosure", "replaced_by"),
    _column(
        "shortened",
        "Whether the text was cut to fit.",
        "disclosure",
        "shortened",
        kind="yes or no",
    ),
    Column(
        name="content_hash",
        kind="text",
        about="Salted hash of the published text.",
        find=lambda document: (
            _value_at("disclosure", "content_hash")(document) or _value_at("content_hash")(document)
        ),
    ),
    _column("submitted_hash", "Salted hash of the text as submitted."),
    _column("policy_digest", "sha256 over the policies that decided.", "policy", "digest"),
    _column("policy_engine", "The engine that evaluated them.", "policy", "engine"),
    _list_column("models", "Ids of the models that scored the text.", ("models",), "id"),
    _column("receipt_id", "Id of the receipt.", "receipt", "id"),
    _column("receipt_key", "Id of the key that signed the receipt.", "receipt", "kid"),
    _column("review_action", "release, edit, reject.", "review", "action"),
    _column("reviewer", "Who reviewed the message.", "review", "reviewer"),
    _column("review_reason", "The reviewer's reason.", "review", "reason"),
    _column("expires_at", "When a held message expires.", kind="time"),
    _column("held_by", "Number of the entry that held the expired message.", kind="number"),
    _column("allowed_by", "Number of the entry that allowed the delivery.", kind="number"),
    _column("attempt", "Number of the delivery attempt, from 1.", kind="number"),
    _column("dispatch_result", "Result of the delivery attempt.", "dispatch", "result"),
    _column("dispatch_detail", "Detail of the result, without text.", "dispatch", "detail"),
    _column("platform_id", "The platform's own id of the message.", "dispatch", "platform_id"),
    _column("actor", "Who made the change, or ordered the erasure."),
    _column("what", "Kind of thing that was changed; scope of the erasure."),
    _column("subject", "Id of what was changed; target of the erasure."),
    _column("before", "sha256 before the change; the first entry that the erasure does not reach."),
    _column("after", "sha256 after the change."),
)


def row(entry: Entry) -> list[Value]:
    """The values of one entry, in the order of COLUMNS. Raises LogInvalid for a body that is not
    in the format of an entry."""
    try:
        document = {**orjson.loads(entry.body), "leaf": entry.leaf.hex()}
        return [_value_of(column, document) for column in COLUMNS]
    except (ValueError, KeyError, TypeError) as error:
        raise LogInvalid(f"cannot be exported ({type(error).__name__})", index=entry.seq) from None


def _value_of(column: Column, document: Document) -> Value:
    value = column.find(document)
    return str(value) if column.kind == "text" and value is not None else value


def page() -> str:
    """The page docs/reference/export-columns.md, as Markdown."""
    rows = "".join(f"| `{column.name}` | {column.kind} | {column.about} |\n" for column in COLUMNS)
    return _PAGE_HEAD + rows


_PAGE_HEAD = """\
# Export columns

What `audit export --format csv` and `--format parquet` write, one row for each entry. A cell is
empty (CSV) or null (Parquet) where the entry has no such member. The other formats carry the whole
body of each entry: [log-format.md](log-format.md).

| | CSV | Parquet |
|---|---|---|
| text | as it is, see below | string |
| number | decimal | int64 |
| time | `2026-11-22T20:00:00.000000Z` | timestamp, microseconds, UTC |
| yes or no | `true`, `false` | bool |
| list | sorted, a space between | list of strings |

CSV follows RFC 4180: UTF-8, every cell in double quotes, CRLF. A cell that a spreadsheet could take
for a formula gets an apostrophe before it: one whose first character, white space and control
characters aside, is `=`, `+`, `-`, `@` or a full-width form of them, and one that begins with a tab
or a line break. Control characters become spaces. Nothing in an entry needs them, but ids come from
callers. The other formats change nothing.

| column | type | what |
|---|---|---|
"""
