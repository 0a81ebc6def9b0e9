"""Writes docs/reference/policy-input.md from the schema of the input document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SCHEMA = "input.schema.json"

_HEAD = """\
# The input document

{description}

Policies read it as `input`. Both engines get the same document. An entry of the audit log keeps
its masked form: the fields marked *masked* are null there. Times are UTC, offsets and lengths are
code points. A field that is not marked *optional* is always there.

| field | type | meaning |
|---|---|---|
"""
_MASKED = frozenset(
    {"text.submitted", "text.normalised", "text.folded", "text.lower", "human.text"}
)


def render(schema: Mapping[str, Any]) -> str:
    """The page, as Markdown."""
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _field_rows(schema, ""))
    return _HEAD.format(description=schema["description"]) + rows


def _field_rows(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        full = f"{path}{name}"
        marks = [] if name in required else ["optional"]
        marks += ["masked"] if full in _MASKED else []
        meaning = " ".join(
            [*(f"*{mark}.*" for mark in marks), _escape_markdown(field.get("description", ""))]
        )
        yield f"`{full}`", _type_name(field), meaning
        yield from _nested_rows(field, full)


def _nested_rows(field: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    yield from _field_rows(field, f"{path}.")
    items = field.get("items")
    if isinstance(items, dict):
        yield from _field_rows(items, f"{path}[].")
    further = field.get("additionalProperties")
    if isinstance(further, dict):
        yield f"`{path}.*`", _type_name(further), _escape_markdown(further.get("description", ""))


def _type_name(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return " \\| ".join(f"`{value}`" for value in field["enum"])
    given = field.get("type", "any")
    kinds = [given] if isinstance(given, str) else list(given)
    items = field.get("items")
    if "array" in kinds and isinstance(items, dict):
        kinds[kinds.index("array")] = f"list of {_type_name(items)}"
    text = " or ".join(kinds)
    if "minimum" in field and "maximum" in field:
        text += f", {field['minimum']} to {field['maximum']}"
    return text


def _escape_markdown(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
