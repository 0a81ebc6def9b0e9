from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "address",
    ["192.168.0.1", "10.0.0.0/8", "6e40:4041:c617:e898:c11:40d2:c669:2eb4", "fe80::1", "2001:db8::",
     "::ffff:10.0.0.1", "192[.]168[.]0[.]1", "192 dot 168 dot 0 dot 1", "192 . 168 . 0 . 1"],
)  # fmt: skip
def test_addresses(find: Find, address: str) -> None:
    assert find(f"blocked {address} again") == [("IP_ADDRESS", address)]


@pytest.mark.parametrize(
    "text", ["version 1.2.3.4", "v1.2.3.4", "std::vector", "a::b", "::", "12:30:45", "256.1.1.1"]
)
def test_others(find: Find, text: str) -> None:
    assert "IP_ADDRESS" not in [kind for kind, _ in find(text)]
