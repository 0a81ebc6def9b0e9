from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("o meu NIF é 501 964 843", "pt", "PT_NIF", "501 964 843"),
        ("contribuinte n.º 501964843", "pt", "PT_NIF", "501964843"),
        ("cartão de cidadão 12345678 9 ZZ1", "pt", "PT_CITIZEN_CARD", "12345678 9 ZZ1"),
        ("passaporte CA123456", "PT", "PT_PASSPORT", "CA123456"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("NIF 501 964 842", "pt"),
        ("501964843 !", "pt"),
        ("cartão de cidadão 12345678 9 ZZ2", "pt"),
        ("o voo CA123456", "pt"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
