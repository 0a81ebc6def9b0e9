"""Reads data files so that every engine and every tool sees the same values.

YAML has two versions that disagree on unquoted words, and parsers disagree on dates and numbers.
OPA's reading is the reference. Values that tools are known to read differently are refused, with
advice.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from gateway.errors import PolicyInvalid

MAX_DEPTH = 32  # collections inside each other: reading is recursive
MAX_INTEGER = 2**53 - 1  # integers up to it are exact in a double

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_AMBIGUOUS = frozenset({"y", "n", "yes", "no", "on", "off"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,15})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,15})?\.[0-9]{1,17}")
_NUMBER_LIKE = re.compile(r"[-+]?\.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = frozenset({".inf", "-.inf", "+.inf", ".nan"})
_OTHER_BASE = re.compile(r"[-+]?0[xXoObB][0-9a-fA-F_]+")
_TEXT_KEY = "Use plain text as a key; quote it if it looks like something else."


def parse(file: str, text: str) -> Any:
    """The value of a YAML or JSON file, chosen by `file`'s ending: dict, list, str, int, float,
    bool or None. Raises PolicyInvalid."""
    return _parse_json(file, text) if file.endswith(".json") else _parse_yaml(file, text)


def _parse_json(file: str, text: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(items)
        if len(table) != len(items):
            seen: set[str] = set()
            twice = next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value] # None, on purpose
            raise PolicyInvalid(file, f"the key {twice!r} is there twice", "Keep one of them.")
        return table

    def constant(name: str) -> NoReturn:
        raise PolicyInvalid(file, f"{name} is not JSON", "Write a number.")

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
        _check_numbers(file, value, 0)
    except json.JSONDecodeError as error:
        raise PolicyInvalid(
            file, error.msg, "Mend the JSON.", line=error.lineno, column=error.colno
        ) from None
    except (RecursionError, ValueError):
        raise PolicyInvalid(file, "it cannot be read", "Nest less, use smaller numbers.") from None
    return value


def _check_numbers(file: str, value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise PolicyInvalid(file, f"it is nested deeper than {MAX_DEPTH}", "Nest less.")
    if isinstance(value, dict):
        for item in value.values():
            _check_numbers(file, item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_numbers(file, item, depth + 1)
    elif (isinstance(value, int) and abs(value) > MAX_INTEGER) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise PolicyInvalid(file, "a number is too large", f"Stay within ±{MAX_INTEGER}.")


def _parse_yaml(file: str, text: str) -> Any:
    try:
        return _Builder(file, text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise PolicyInvalid(
            file,
            error.problem or "it is not YAML",
            "Mend the YAML.",
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
        ) from None
    except yaml.YAMLError:
        raise PolicyInvalid(
            file, "it holds characters that YAML does not allow", "Remove them."
        ) from None


class _Builder:
    """Builds the value straight from the parser's events: no tags, no aliases."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Any:
        event = self._next_event()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next_event()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        value = self._build_node(event, 0)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._refuse_event(
                    event, "there is a second document", "Keep one document in a file."
                )
        return value

    def _next_event(self) -> Any:
        return next(self._events)

    def _build_node(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse_event(event, "anchors and aliases are not allowed", "Write the value out.")
        if depth > MAX_DEPTH:
            self._refuse_event(event, f"it is nested deeper than {MAX_DEPTH}", "Nest less.")
        if isinstance(event, yaml.MappingStartEvent):
            return self._build_mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event)
            items = []
            while not isinstance(item := self._next_event(), yaml.SequenceEndEvent):
                items.append(self._build_node(item, depth + 1))
            return items
        return self._build_scalar(event)

    def _build_mapping(self, event: Any, depth: int) -> dict[str, Any]:
        self._check_tag(event)
        table: dict[str, Any] = {}
        while not isinstance(key_event := self._next_event(), yaml.MappingEndEvent):
            if not isinstance(key_event, yaml.ScalarEvent):
                self._refuse_event(key_event, "a key is not plain text", _TEXT_KEY)
            key = self._build_node(key_event, depth + 1)
            if not isinstance(key, str) or key == "<<":
                self._refuse_event(key_event, f"the key {key!r} is not plain text", _TEXT_KEY)
            if key in table:
                self._refuse_event(
                    key_event, f"the key {key!r} is there twice", "Keep one of them."
                )
            table[key] = self._build_node(self._next_event(), depth + 1)
        return table

    def _check_tag(self, event: Any) -> None:
        if event.tag not in (None, "!"):
            self._refuse_event(event, f"the tag {event.tag} is not allowed", "Remove the tag.")

    def _build_scalar(self, event: Any) -> str | int | float | bool | None:
        self._check_tag(event)
        text: str = event.value
        if not event.implicit[0] or event.style:
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text.lower() in _AMBIGUOUS:
            self._refuse_event(
                event,
                f"tools disagree on whether {text} means true, false or text",
                f'Write "{text}" in quotes, or true or false.',
            )
        if _INTEGER.fullmatch(text) and abs(int(text)) <= MAX_INTEGER:
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if (
            _NUMBER_LIKE.fullmatch(text)
            or _OTHER_BASE.fullmatch(text)
            or text.lower() in _NO_NUMBER
        ):
            self._refuse_event(
                event,
                f"tools read the number {text} differently",
                "Write plain decimals, or quote it.",
            )
        return text

    def _refuse_event(self, event: Any, problem: str, mend: str) -> NoReturn:
        mark = event.start_mark
        raise PolicyInvalid(self._file, problem, mend, line=mark.line + 1, column=mark.column + 1)
