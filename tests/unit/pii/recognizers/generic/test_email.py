from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "address",
    ["a@b.fr", "jean.dupont+tag@mail.example.co.uk", "o'neil@example.com",
     "x_y-z@xn--80ak6aa92e.com",
     "prénom@exemple.fr", "user@host.local", "JOHN@GMAIL.COM"],
)  # fmt: skip
def test_addresses(find: Find, address: str) -> None:
    assert find(f"Écris à {address}, merci.") == [("EMAIL_ADDRESS", address)]


@pytest.mark.parametrize("text", ["@lea", "a@b", "a@1.2", "3@4.5", "@a.b", "a @b.c"])
def test_others(find: Find, text: str) -> None:
    assert find(text) == []
