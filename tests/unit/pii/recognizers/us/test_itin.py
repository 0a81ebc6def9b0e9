from __future__ import annotations

from collections.abc import Callable

Find = Callable[..., list[tuple[str, str]]]


def test_groups_of_the_irs(find: Find) -> None:
    assert find("ITIN 912-70-1234", "en") in (
        [("US_ITIN", "912-70-1234")],
        [("US_SSN", "912-70-1234")],
    )
    assert find("my taxpayer id: 912701234", "en") == [("US_ITIN", "912701234")]
    assert find("912701234", "en") == []
