from __future__ import annotations

import socket

import pytest

from gateway.pii.domains import Domains


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("example.com", True),
        ("a.b.example.co.uk", True),
        ("co.uk", False),
        ("localhost", False),
        ("foo.invalidtld", False),
        ("exemple.рф", True),
    ],
)
def test_a_public_host_stands_below_a_public_suffix(
    domains: Domains, host: str, public: bool
) -> None:
    assert domains.is_public(host) is public


def test_the_list_comes_from_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert Domains().is_public("example.org")
