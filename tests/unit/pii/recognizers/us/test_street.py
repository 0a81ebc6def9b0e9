from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "street",
    ["742 Evergreen Terrace, Springfield, OR 97403", "1600 Pennsylvania Ave", "12 W Elm St. Apt 4",
     "1820 24th St", "10 Downing Street, London SW1A 2AA",
     "221B Baker Street, Marylebone, London NW1 6XE",
     "3 Elm Road, Ottawa, ON K1A 0B1"],
)  # fmt: skip
def test_streets(find: Find, street: str) -> None:
    assert find(f"I live at {street}", "en") == [("STREET_ADDRESS", street)]


@pytest.mark.parametrize("text", ["5 Big Drive-ins", "3 People On The Way", "100 Years Ago"])
def test_others(find: Find, text: str) -> None:
    assert find(text, "en") == []
