from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("2341 2341 2346 !", "IN", "IN_AADHAAR", "2341 2341 2346"),
        ("aadhaar 234123412346", "en", "IN_AADHAAR", "234123412346"),
        ("ACUPA7085R !", "IN", "IN_PAN", "ACUPA7085R"),
        ("PAN acupa7085r", "en", "IN_PAN", "acupa7085r"),
        ("voter id WKH1186253", "en", "IN_VOTER", "WKH1186253"),
        ("passport J8369854", "IN", "IN_PASSPORT", "J8369854"),
        ("MH 12 DE 1433 !", "IN", "IN_VEHICLE", "MH 12 DE 1433"),
        ("number plate 22 BH 6517 A", "en", "IN_VEHICLE", "22 BH 6517 A"),
        ("driving licence MH14 20110062821", "en", "IN_DRIVER_LICENSE", "MH14 20110062821"),
        ("27AAPFU0939F1ZV !", "en", "IN_GSTIN", "27AAPFU0939F1ZV"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("aadhaar 2341 2341 2347", "IN"),
        ("PAN ACUXA7085R", "IN"),
        ("voter id WKH1186254", "IN"),
        ("27AAPFU0939F1ZA !", "IN"),
        ("ACUPA7085R !", "en"),
        ("J8369854 !", "IN"),
        ("UP 12 or 1433 votes", "en"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
