from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("960121-1234567 !", "ko", "KR_RRN", "960121-1234567"),
        ("resident registration 960121-1234567", "en", "KR_RRN", "960121-1234567"),
        ("외국인등록번호 960121-5234567", "ko", "KR_RRN", "960121-5234567"),
        ("사업자등록번호는 116-82-00276입니다", "ko", "KR_BRN", "116-82-00276"),
        ("여권 번호 M12345678", "ko", "KR_PASSPORT", "M12345678"),
        ("운전면허 11-02-123456-01", "ko", "KR_DRIVER_LICENSE", "11-02-123456-01"),
        ("운전면허 서울 02-123456-01", "ko", "KR_DRIVER_LICENSE", "서울 02-123456-01"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("961321-1234567 !", "ko"),
        ("사업자등록번호는 116-82-00277입니다", "ko"),
        ("M12345678 !", "ko"),
        ("960121-1234567 !", "en"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
