from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "address",
    ["1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
     "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe"],
)  # fmt: skip
def test_wallets(find: Find, address: str) -> None:
    assert find(f"send to {address} please") == [("CRYPTO", address)]


@pytest.mark.parametrize("text", ["1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "0xde0B295669a9FD93"])
def test_others(find: Find, text: str) -> None:
    assert find(text) == []
