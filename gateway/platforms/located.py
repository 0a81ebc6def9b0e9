"""Reads YAML together with the line of every part, so that errors can name the line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from gateway.errors import ConfigurationError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""In C where PyYAML was built with it: ten times as quick."""
Lines = Mapping[tuple[str | int, ...], int]

_MAX_BYTES = 65_536  # of one route or platform file
_DEEPEST = 12  # levels of nesting, more than the schemas have


def read_checked(text: str, where: str, *, schema: str, page: str) -> tuple[Any, Lines]:
    """The document in `text` and the line of each part by its path, valid against the JSON Schema
    of that name beside this file. Raises ConfigurationError with file, line and mend; `page`
    documents the format."""
    document, lines = _parse_yaml(text, where)
    validator = Draft202012Validator(
        json.loads((files("gateway.platforms") / schema).read_text("utf-8"))
    )
    error = best_match(validator.iter_errors(document))
    if error is not None:
        raise ConfigurationError(
            f"{where}:{line_of(lines, error.absolute_path)}", error.message, f"See {page}."
        )
    return document, lines


def line_of(lines: Lines, path: Sequence[str | int]) -> int:
    """The line of `path`, or of the nearest part around it."""
    whole = tuple(path)
    return next(
        (lines[whole[:end]] for end in range(len(whole), -1, -1) if whole[:end] in lines), 1
    )


def read_file(path: Path) -> str:
    """The text of a file, UTF-8 and at most 64 KiB. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read ({error.strerror})", "Name a readable file."
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(str(path), "is not UTF-8", "Save it in UTF-8.") from None
    if len(raw) > _MAX_BYTES:
        raise ConfigurationError(str(path), "is too large for a route", "Mend it.")
    return text


def _parse_yaml(text: str, where: str) -> tuple[Any, Lines]:
    try:
        node = yaml.compose(text, Loader=_LOADER)
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(
            f"{where}:{line}", f"is not YAML: {error.problem}", "Mend it."
        ) from None
    except yaml.YAMLError:
        raise ConfigurationError(where, "is not YAML", "Mend it.") from None
    lines: dict[tuple[str | int, ...], int] = {}
    if node is not None:
        _note_lines(node, (), lines, where, depth=0)
    return document, lines


def _note_lines(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    where: str,
    *,
    depth: int,
) -> None:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if depth > _DEEPEST:
        raise ConfigurationError(f"{where}:{line}", "is nested too deep", "A route is flat.")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*path, str(key.value))
            if name in lines:
                raise ConfigurationError(
                    f"{where}:{key.start_mark.line + 1}",
                    f"gives {key.value!r} twice",
                    "Give it once.",
                )
            lines[name] = key.start_mark.line + 1
            _note_lines(value, name, lines, where, depth=depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, (*path, index), lines, where, depth=depth + 1)
