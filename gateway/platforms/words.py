"""Takes the words out of a request to be judged, and puts back those that may be published. Pure.

Several texts of one request are judged as one message, joined by a separator that none of them
contains: one verdict counts for all, and each text gets its own words back.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.disclosure import Disclosure
from gateway.model.route import LengthUnit
from gateway.platforms.declaration import Mark, Offsets, Operation, Text, TextFormat
from gateway.platforms.markup import plain, restored, views
from gateway.platforms.matching import OperationDenied
from gateway.platforms.pointers import Place, TooManyPlaces, first, get, places, put

_SEPARATORS = ("␞", "␝", "␟", "␜")


class CannotPutBack(ValueError):
    """The text that may be published does not fit into the request, which is then not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """One text of a request, with its views that are judged."""

    text: Text
    place: Place
    original: str
    format: TextFormat
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedText:
    """All texts of a request as one text.

    `text` is what is judged; `pieces` are the different views that it was made of.
    """

    found: tuple[FoundText, ...]
    pieces: tuple[str, ...]
    separator: str

    @property
    def text(self) -> str:
        return self.separator.join(self.pieces)


def words_of(operation: Operation, document: Mapping[str, Any]) -> JudgedText | None:
    """The words in `document`, None when there are none. Raises OperationDenied for ciphertext,
    for a text that is not a string, and for texts that no separator can keep apart."""
    try:
        for pattern in operation.refuse:
            if any(get(document, place) is not None for place in places(document, pattern)):
                raise OperationDenied("it holds a field that is refused here, such as ciphertext")
        found = [
            found_text
            for text in operation.texts
            for place in places(document, text.pattern)
            if (found_text := _find_text(text, place, document)) is not None
        ]
    except TooManyPlaces:
        raise OperationDenied("it holds too many texts", 413) from None
    if not found:
        return None
    pieces = tuple(dict.fromkeys(view for found_text in found for view in found_text.views))
    for sign in _SEPARATORS:
        if not any(sign in piece for piece in pieces):
            return JudgedText(found=tuple(found), pieces=pieces, separator=f"\n{sign}\n")
    raise OperationDenied("it holds all signs that could separate its texts", 400)


def _find_text(text: Text, place: Place, document: Mapping[str, Any]) -> FoundText | None:
    value = get(document, place)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        if "**" in text.pattern:
            return None  # texts below it are found by themselves
        raise OperationDenied("a text is not a string", 400)
    form = text.format
    if text.format_from:
        name = first(document, text.format_from)
        if name is not None:
            if name not in text.formats:
                raise OperationDenied("the format of the text is not known here", 400)
            form = text.formats[name]
    seen = views(value, form, text.escape)
    if not any(view.strip() for view in seen):
        return None
    return FoundText(
        text=text,
        place=place,
        original=value,
        format=form,
        views=tuple(view for view in seen if view.strip()),
    )


def put_back(
    operation: Operation,
    document: dict[str, Any],
    words: JudgedText,
    disclosure: Disclosure,
    filling: Mapping[str, str],
) -> dict[str, Any]:
    """`document` with the text that may be published. `filling` is for the mark. Raises
    CannotPutBack."""
    made = copy.deepcopy(document)
    slot = next(
        (
            pointer
            for pointer in operation.label
            if any(found.text.pointer == pointer for found in words.found)
        ),
        None,
    )
    if slot is None and (disclosure.start or disclosure.end or disclosure.replaced_by):
        raise CannotPutBack("no text of it can carry the label")
    shown = _published_pieces(words, disclosure)
    for found in reversed(words.found):
        carries = slot in (found.text.pointer, found.text.renders)
        if shown is None and not carries:
            _remove_at(made, found.place)
            continue
        put(made, found.place, _text_to_send(found, shown, disclosure, carries=carries))
    for offsets in operation.offsets:
        _shift_offsets(made, offsets, words, shown, disclosure.start if offsets.of == slot else "")
    if operation.mark is not None:
        _set_mark(made, operation.mark, filling)
    return made


def _published_pieces(words: JudgedText, disclosure: Disclosure) -> Mapping[str, str] | None:
    """The published text of each piece; None when another text replaces them all."""
    if disclosure.replaced_by is not None:
        return None
    pieces = spoken(disclosure).split(words.separator)
    if len(pieces) != len(words.pieces):
        raise CannotPutBack(
            "its texts are longer than the platform takes with the label"
            if disclosure.shortened
            else "what may be published cannot be told apart"
        )
    return dict(zip(words.pieces, pieces, strict=True))


def spoken(disclosure: Disclosure) -> str:
    """The words between the labels."""
    text = disclosure.text
    return text[len(disclosure.start) : len(text) - len(disclosure.end)]


def _text_to_send(
    found: FoundText, shown: Mapping[str, str] | None, disclosure: Disclosure, *, carries: bool
) -> str:
    escape = found.text.escape
    if shown is None:
        said = plain(spoken(disclosure), found.format, escape)
    else:
        published = [shown[view] for view in found.views]
        said, _ = restored(found.original, found.format, found.views, published, escape)
    if not carries:
        return said
    start, end = (
        plain(label, found.format, escape) for label in (disclosure.start, disclosure.end)
    )
    return start + said + end


def _remove_at(document: Any, place: Place) -> None:
    del get(document, place[:-1])[place[-1]]


def _shift_offsets(
    document: dict[str, Any],
    offsets: Offsets,
    words: JudgedText,
    shown: Mapping[str, str] | None,
    start: str,
) -> None:
    """Move the offsets that point into a text by the length of its label; drop them where the text
    has changed."""
    texts = [found for found in words.found if found.text.pointer == offsets.of]
    same = shown is not None and all(
        restored(found.original, found.format, found.views, [shown[view] for view in found.views])[
            1
        ]
        for found in texts
    )
    by = _length_in(start, offsets.unit)
    for place in places(document, offsets.array):
        if not same:
            _remove_at(document, place)
            continue
        for item in get(document, place) or ():
            for pattern in (offsets.start, offsets.end):
                for at in places(item, pattern) if pattern is not None else ():
                    number = get(item, at)
                    if not isinstance(number, int) or isinstance(number, bool):
                        raise CannotPutBack("an offset is no number")
                    put(item, at, number + by)


def _length_in(text: str, unit: LengthUnit) -> int:
    if unit is LengthUnit.BYTES:
        return len(text.encode())
    return len(text.encode("utf-16-le")) // 2 if unit is LengthUnit.UTF16 else len(text)


def _set_mark(document: dict[str, Any], mark: Mark, filling: Mapping[str, str]) -> None:
    name = mark.at[-1]
    for parent in places(document, mark.at[:-1]):
        node = get(document, parent)
        if not isinstance(node, dict) or not isinstance(name, str):
            continue
        value = filled(mark.value, filling)
        there = node.get(name)
        if mark.append is not None and isinstance(there, dict):
            listed = there.get(mark.append)
            more: Sequence[Any] = value[mark.append]
            if isinstance(listed, list):
                there[mark.append] = [*listed, *(item for item in more if item not in listed)]
                continue
        node[name] = value


def filled(value: Any, filling: Mapping[str, str]) -> Any:
    """`value` with {names} in its strings filled in."""
    if isinstance(value, dict):
        return {key: filled(inner, filling) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, filling) for inner in value]
    if isinstance(value, str):
        for name, text in filling.items():
            value = value.replace("{" + name + "}", text)
    return value
