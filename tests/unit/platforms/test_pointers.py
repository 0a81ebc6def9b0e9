from __future__ import annotations

from typing import Any

import pytest

from gateway.platforms.pointers import MOST_PLACES, TooManyPlaces, compiled, first, get, places, put

DOCUMENT: dict[str, Any] = {
    "a": [{"text": "1"}, {"text": "2", "deep": {"text": {"text": "3"}}}],
    "b/c": {"~": "4"},
    "e": None,
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/a/*/text", ["1", "2"]),
        ("/a/1/text", ["2"]),
        ("/a/7/text", []),
        ("/a/**/text", ["1", "2", {"text": "3"}, "3"]),
        ("/a/*/{text,deep}", ["1", "2", {"text": {"text": "3"}}]),
        ("/b~1c/~0", ["4"]),
        ("/nowhere/*", []),
        ("/a/*/text/*", []),
    ],
)
def test_places(pointer: str, found: list[Any]) -> None:
    pattern = compiled(pointer)
    assert [get(DOCUMENT, place) for place in places(DOCUMENT, pattern)] == found


def test_first_is_never_null() -> None:
    assert first({"a": [None, "x"]}, compiled("/a/*")) == "x"
    assert first(DOCUMENT, compiled("/e")) is None


def test_put() -> None:
    document = {"a": [{"b": 1}]}
    put(document, ("a", 0, "b"), 2)
    assert document == {"a": [{"b": 2}]}


def test_what_is_no_pointer() -> None:
    with pytest.raises(ValueError, match="slash"):
        compiled("a")


def test_too_much() -> None:
    with pytest.raises(TooManyPlaces):
        places({"a": list(range(MOST_PLACES + 1))}, compiled("/a/*"))
    deep: Any = "x"
    for _ in range(100):
        deep = {"a": deep}
    with pytest.raises(TooManyPlaces):
        places(deep, compiled("/**/text"))
