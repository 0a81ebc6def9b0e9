from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "link",
    ["https://example.com", "http://a.b/c?d=e#f", "hxxps://example.com/a", "HTTPS://EXAMPLE.COM/A",
     "www.example.com", "www.example.com/a", "t.me/lea", "example.co.uk:8080/a",
     "discord.gg/abc123",
     "https://exemple.fr/é"],
)  # fmt: skip
@pytest.mark.parametrize("sentence", ["{}", "Voir {}.", "({})", "voir {}, merci"])
def test_links(find: Find, sentence: str, link: str) -> None:
    assert find(sentence.format(link)) == [("URL", link)]


@pytest.mark.parametrize(
    "text", ["lol.so", "merci.be", "example.com", "and/or", "he.she/they", "1/2", "www", "c/o"]
)
def test_others(find: Find, text: str) -> None:
    assert find(text) == []
