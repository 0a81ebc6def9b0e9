from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "address",
    ["john at gmail dot com", "john (at) gmail (dot) com", "john[at]gmail.com",
     "john{at}gmail[dot]com",
     "jean arobase gmail point com", "jean chez laposte point net", "john @ gmail . com",
     "john AT gmail DOT com", "j o h n @ g m a i l . c o m", "john@gmail,com", "john@gmail dot com",
     "john at gmail.com", "john at the rate gmail dot com", "jean.dupont arobase free point fr",
     "juan arroba gmail punto com", "hans-at-web-dot-de",
     "hans@web-dot-de"],
)  # fmt: skip
def test_dodges(find: Find, address: str) -> None:
    assert find(f"my mail: {address}") == [("EMAIL_ADDRESS", address)]


@pytest.mark.parametrize(
    "text",
    ["look at the dot com", "higher than at any point in history", "à ce point de vue",
     "meet me at example.com", "Thanks @lea. You rock", "at that point it was over",
     "from @lea. Now what", "on est à deux. Point de suspense"],
)  # fmt: skip
def test_plain_sentences(find: Find, text: str) -> None:
    assert find(text) == []
