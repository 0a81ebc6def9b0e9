"""The columns of an export in rows: CSV and Parquet. docs/reference/export-columns.md is made
of this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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

    `find` takes the value out of an entry's body; None where the entry has no such thing.
    """

    name: str
    kind: Kind
    about: str
    find: Callable[[Document], Value]


def _at(*path: str) -> Callable[[Document], Value]:
    def find(document: Document) -> Value:
        found: Any = document
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        value: Value = found
        return value

    return find


def _each(path: tuple[str, ...], name: str | None = None) -> Callable[[Document], Value]:
    """The different values of a list, sorted; `name` is the field of its members that counts."""
    inside = _at(*path)

    def find(document: Document) -> Value:
        found: Any = inside(document)
        if found is None:
            return None
        return _sorted(found if name is None else (one[name] for one in found))

    return find


def _sorted(found: Iterable[object]) -> list[str]:
    return sorted({str(one) for one in found})


def _column(name: str, about: str, *path: str, kind: Kind = "text") -> Column:
    return Column(name=name, kind=kind, about=about, find=_at(*(path or (name,))))


def _list(name: str, about: str, path: tuple[str, ...], member: str | None = None) -> Column:
    return Column(name=name, kind="list", about=about, find=_each(path, member))


COLUMNS: tuple[Column, ...] = (
    _column("seq", "Number of the entry, from 0, without gaps in the log.", kind="number"),
    _column("leaf", "sha256(0x00 ‖ body), hex: the entry's leaf in the Merkle tree."),
    _column("timestamp", "When, UTC, with microseconds.", kind="time"),
    _column("kind", "What the entry is about: decision, delivery, review, …"),
    _column("tenant", "Whose it is."),
    _column("message_id", "The message."),
    _column("decision_id", "The judgement of the message that the entry is about."),
    _column("channel", "space, group, dm, comment, live.", "labels", "channel"),
    _column("route", "The platform route it goes out by.", "labels", "route"),
    _column("creator", "The creator.", "labels", "creator"),
    _column("avatar", "The creator's avatar.", "labels", "avatar"),
    _column("conversation", "The conversation.", "labels", "conversation"),
    _column("language", "Language of the text, as read.", "labels", "language"),
    _column("caller", "Id of the API key that submitted it.", "labels", "caller"),
    _column("received_at", "When the message was received.", kind="time"),
    _column("verdict", "publish, hold, block."),
    _column("state", "Where the message stood then."),
    _list("rules", "Rules that gave a reason.", ("reasons",), "rule"),
    _list("obligations", "Kinds of what the verdict obliges to.", ("obligations",), "kind"),
    _list("unavailable", "Stages that gave no answer.", ("unavailable",), "stage"),
    _list("redacted", "Kinds of personal data that were stripped.", ("redacted",), "kind"),
    _list("notices", "Notices that the text was given.", ("disclosure", "notices"), "notice"),
    _list("marks", "Machine-readable marks that it was given.", ("disclosure", "marks")),
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
            _at("disclosure", "content_hash")(document) or _at("content_hash")(document)
        ),
    ),
    _column("submitted_hash", "Salted hash of the text as submitted."),
    _column("policy_digest", "sha256 over the policies that decided.", "policy", "digest"),
    _column("policy_engine", "The engine that evaluated them.", "policy", "engine"),
    _list("models", "Ids of the models that scored the text.", ("models",), "id"),
    _column("receipt_id", "The receipt.", "receipt", "id"),
    _column("receipt_key", "Id of the key that signed it.", "receipt", "kid"),
    _column("review_action", "release, edit, reject.", "review", "action"),
    _column("reviewer", "Who reviewed it.", "review", "reviewer"),
    _column("review_reason", "The reviewer's reason.", "review", "reason"),
    _column("expires_at", "A hold ends then.", kind="time"),
    _column("held_by", "Number of the entry that held what expired.", kind="number"),
    _column("allowed_by", "Number of the entry that allowed a delivery.", kind="number"),
    _column("attempt", "Attempts it took.", kind="number"),
    _column("dispatch_result", "What the platform answered.", "dispatch", "result"),
    _column("dispatch_detail", "The answer, without text.", "dispatch", "detail"),
    _column("platform_id", "The platform's own id of the message.", "dispatch", "platform_id"),
    _column("actor", "Who made a change, or ordered an erasure."),
    _column("what", "What was changed; what an erasure reached."),
    _column("subject", "Id of what was changed; the target of an erasure."),
    _column("before", "sha256 of what it was; the first entry that an erasure does not reach."),
    _column("after", "sha256 of what it became."),
)


def row(entry: Entry) -> list[Value]:
    """The values of one entry, in the order of COLUMNS. Raises LogInvalid for a body that is
    none of ours."""
    try:
        document = {**orjson.loads(entry.body), "leaf": entry.leaf.hex()}
        return [_typed(column, document) for column in COLUMNS]
    except (ValueError, KeyError, TypeError) as error:
        raise LogInvalid(f"cannot be exported ({type(error).__name__})", index=entry.seq) from None


def _typed(column: Column, document: Document) -> Value:
    found = column.find(document)
    return str(found) if column.kind == "text" and found is not None else found


def page() -> str:
    """The reference page, as Markdown."""
    rows = "".join(f"| `{column.name}` | {column.kind} | {column.about} |\n" for column in COLUMNS)
    return _HEAD + rows


_HEAD = """\
# Export columns

What `audit export --format csv` and `--format parquet` write, one row for each entry. A cell is
empty (CSV) or null (Parquet) where the entry has no such thing. The other formats carry the whole
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
