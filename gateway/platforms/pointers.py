"""JSON pointers (RFC 6901) with patterns: `*` is any one step, `**` any number of them, and
`{a,b}` one of several names. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""One concrete place in a document."""

Pattern: TypeAlias = tuple[str | tuple[str, ...], ...]

MOST_PLACES = 1_000
"""Most places that a pattern may match: more texts than any platform takes in one message."""

_DEEPEST = 64  # steps of a place: deeper than any platform nests


class TooManyPlaces(ValueError):
    """A document has more than MOST_PLACES places, or deeper ones than any platform's."""


def compiled(pointer: str) -> Pattern:
    """The steps of `pointer`. Raises ValueError for what is no pointer."""
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no pointer: it starts with a slash")
    return tuple(_compiled_step(part) for part in pointer[1:].split("/"))


def _compiled_step(part: str) -> str | tuple[str, ...]:
    if part.startswith("{") and part.endswith("}"):
        return tuple(_unescape(name) for name in part[1:-1].split(","))
    return _unescape(part)


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def places(document: Any, pattern: Pattern) -> list[Place]:
    """The places of `document` that `pattern` matches, in document order, each once. Raises
    TooManyPlaces."""
    unique: dict[Place, None] = {}
    for place in _matching_places(document, pattern, ()):
        unique[place] = None
        if len(unique) > MOST_PLACES:
            raise TooManyPlaces
    return list(unique)


def _matching_places(node: Any, pattern: Pattern, at: Place) -> Iterator[Place]:
    if len(at) > _DEEPEST:
        raise TooManyPlaces
    if not pattern:
        yield at
        return
    step, rest = pattern[0], pattern[1:]
    if step == "**":
        yield from _matching_places(node, rest, at)
        for key, child in _children_of(node):
            yield from _matching_places(child, pattern, (*at, key))
    elif step == "*":
        for key, child in _children_of(node):
            yield from _matching_places(child, rest, (*at, key))
    else:
        for name in step if isinstance(step, tuple) else (step,):
            if (named := _key_in(node, name)) is not None:
                yield from _matching_places(node[named], rest, (*at, named))


def _children_of(node: Any) -> list[tuple[str | int, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def _key_in(node: Any, name: str) -> str | int | None:
    if isinstance(node, dict):
        return name if name in node else None
    if isinstance(node, list) and name.isdecimal() and int(name[:9]) < len(node):
        return int(name[:9])
    return None


def get(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def put(document: Any, place: Place, value: Any) -> None:
    """Set what is at `place`; its parent must be there."""
    get(document, place[:-1])[place[-1]] = value


def first(document: Any, pattern: Pattern) -> Any:
    """The first value at `pattern` that is not null; None without one."""
    for place in places(document, pattern):
        if (value := get(document, place)) is not None:
            return value
    return None
