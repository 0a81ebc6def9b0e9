from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("numéro fiscal 30 23 217 600 053", "fr", "FR_TAX_ID", "30 23 217 600 053"),
        ("ma carte d\x27identité : X4RTBPFW4", "fr", "FR_ID_CARD", "X4RTBPFW4"),
        ("CNI 880692310285", "fr", "FR_ID_CARD", "880692310285"),
        ("mon permis de conduire 911091204318", "fr", "FR_DRIVER_LICENSE", "911091204318"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("numéro fiscal 30 23 217 600 054", "fr"),
        ("X4RTBPFW4 !", "fr"),
        ("880692310285 vues", "fr"),
        ("carte d\x27identité perdue hier", "fr"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
