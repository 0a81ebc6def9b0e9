"""Entries as lines of text: JSON Lines, CSV, CloudEvents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import orjson

from gateway.model.record import Entry
from gateway.reporting.columns import COLUMNS, Value, row

SCHEMA = "https://avatar-gateway.invalid/schemas/entry/1"
"""The `$id` of trail/entry.schema.json."""

_FORMULA = re.compile(r"[\x00-\x20\x7f\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""Matches a cell that a spreadsheet could take for a formula; full-width signs count as well."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""Control characters and line breaks, which CSV cells must not hold."""


class ExportFormat(StrEnum):
    """The shape of an export.

    JSONL: the bodies as stored, one on each line: sha256(0x00 ‖ line) is the entry's leaf.
    CSV, PARQUET: one row for each entry, with the columns of columns.py.
    CLOUDEVENTS: CloudEvents 1.0 in JSON, one event on each line; its `data` is the body
        as stored.
    CLOUDEVENTS_BATCH: the same as one JSON array (application/cloudevents-batch+json).
    """

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    CLOUDEVENTS = "cloudevents"
    CLOUDEVENTS_BATCH = "cloudevents-batch"


MEDIA_TYPES: Mapping[ExportFormat, str] = {
    ExportFormat.JSONL: "application/jsonl",
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.CLOUDEVENTS: "application/jsonl",
    ExportFormat.CLOUDEVENTS_BATCH: "application/cloudevents-batch+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The layout of a text export: `head`, then `lines(entries, first)` for each page of entries,
    then `foot`. `first` says that no page with entries came before."""

    head: bytes
    lines: Callable[[Iterable[Entry], bool], bytes]
    foot: bytes


def shape(format: ExportFormat, *, origin: str) -> Shape:  # noqa: A002 - its name in the API
    """The layout of a text format. `origin` is the name of the log. Raises ValueError for Parquet,
    which is not text."""
    match format:
        case ExportFormat.JSONL:
            return Shape(head=b"", lines=_body_lines, foot=b"")
        case ExportFormat.CSV:
            head = _csv_line([column.name for column in COLUMNS])
            return Shape(head=head, lines=_csv_lines, foot=b"")
        case ExportFormat.CLOUDEVENTS:
            return Shape(head=b"", lines=lambda entries, _: _event_lines(entries, origin), foot=b"")
        case ExportFormat.CLOUDEVENTS_BATCH:
            return Shape(
                head=b"[",
                lines=lambda entries, first: _batch_items(entries, origin, first),
                foot=b"]\n",
            )
        case ExportFormat.PARQUET:
            raise ValueError("Parquet is no text")


def _body_lines(entries: Iterable[Entry], _: bool) -> bytes:
    return b"".join(entry.body + b"\n" for entry in entries)


def _csv_lines(entries: Iterable[Entry], _: bool) -> bytes:
    return b"".join(_csv_line(row(entry)) for entry in entries)


def _event_lines(entries: Iterable[Entry], origin: str) -> bytes:
    return b"".join(event(entry, origin=origin) + b"\n" for entry in entries)


def _batch_items(entries: Iterable[Entry], origin: str, first: bool) -> bytes:
    joined = b",\n".join(event(entry, origin=origin) for entry in entries)
    return joined if first or not joined else b",\n" + joined


def event(entry: Entry, *, origin: str) -> bytes:
    """One CloudEvent (https://github.com/cloudevents/spec, 1.0.2, JSON format). `source`
    (`origin`, the name of the log) and `id` (the number of the entry) identify it. The extension
    attribute `leaf` is the hex of sha256(0x00 ‖ body); the body is `data`, byte for byte."""
    context = {
        "specversion": "1.0",
        "id": str(entry.seq),
        "source": origin,
        "type": f"avatar-gateway.audit.{entry.kind.value}",
        "time": entry.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": SCHEMA,
        "tenant": entry.tenant,
        "leaf": entry.leaf.hex(),
    }
    if entry.message_id is not None:
        context["subject"] = entry.message_id
    return orjson.dumps(context)[:-1] + b',"data":' + entry.body + b"}"


def _csv_line(cells: Iterable[Value]) -> bytes:
    return (",".join(f'"{cell(value)}"' for value in cells) + "\r\n").encode()


def cell(value: Value) -> str:
    """The text between the quotes of a CSV cell. An apostrophe keeps spreadsheets from taking it
    for a formula (https://owasp.org/www-community/attacks/CSV_Injection), also after white space,
    which some programs skip."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else " ".join(value)
    apostrophe = "'" if _FORMULA.match(text) else ""
    return apostrophe + _CONTROL.sub(" ", text).replace('"', '""')
