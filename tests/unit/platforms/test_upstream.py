from __future__ import annotations

import pytest

from gateway.model.route import Route, RouteKind
from gateway.platforms.loading import load_declarations, parse_declaration
from gateway.platforms.matching import match
from gateway.platforms.proxies import ProxyRoute
from gateway.platforms.upstream import outgoing, returned, with_header
from tests.unit.platforms.proxy_files import HEAD, SEND, declared

SHIPPED = load_declarations()


def route(platform: str, credential: str | None) -> ProxyRoute:
    declaration = declared() if platform == "x" else SHIPPED[platform]
    made = Route(name="r", kind=RouteKind.PROXY, url="https://p.example/base/")
    return ProxyRoute(
        route=made, declaration=declaration, creator="c", avatar="a", credential=credential
    )


def test_what_belongs_to_a_connection_is_not_sent_on() -> None:
    proxy = route("mastodon", None)
    headers = (
        ("host", "gateway"),
        ("authorization", "Bearer theirs"),
        ("connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("content-length", "3"),
        ("x-avatar-gateway-key", "agk_1"),
        ("x-forwarded-for", "1.2.3.4"),
        ("accept", "a"),
        ("accept", "b"),
    )
    found = match(proxy.declaration, "GET", "/api/v1/x", {})
    to = outgoing(proxy, found, "GET", "a=b", headers)
    assert to.headers == (("authorization", "Bearer theirs"), ("accept", "a"), ("accept", "b"))
    assert to.url == "https://p.example/base/api/v1/x?a=b"
    assert "theirs" not in repr(to)


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
def test_a_credential_in_a_header(name: str) -> None:
    proxy = route("mastodon", "ours")
    found = match(proxy.declaration, "GET", "/api/v1/x", {})
    to = outgoing(proxy, found, "GET", "", ((name, "Bearer theirs"), ("Cookie", "x=y")))
    assert to.headers == (("Authorization", "Bearer ours"),)


def test_a_credential_in_the_path() -> None:
    proxy = route("telegram", "12:ours")
    found = match(proxy.declaration, "GET", "/bot1:x/getMe", {})
    assert outgoing(proxy, found, "GET", "", ()).url == "https://p.example/base/bot12:ours/getMe"


def test_a_credential_in_the_query() -> None:
    head = HEAD.replace('{header: Authorization, prefix: "Bearer "}', "{query: token}")
    made = Route(name="r", kind=RouteKind.PROXY, url="https://p.example")
    proxy = ProxyRoute(
        route=made,
        declaration=parse_declaration(head + SEND, "x"),
        creator="c",
        avatar="a",
        credential="o&s",
    )
    found = match(proxy.declaration, "POST", "/send", {})
    to = outgoing(proxy, found, "POST", "token=theirs&x=1", ())
    assert to.url == "https://p.example/send?x=1&token=o%26s"


def test_headers_of_answers() -> None:
    raw = ((b"Content-Length", b"3"), (b"Content-Encoding", b"gzip"), (b"Connection", b"close"))
    assert returned(raw, whole=True) == [(b"content-length", b"3"), (b"content-encoding", b"gzip")]
    assert returned(raw, whole=False) == []


def test_one_header() -> None:
    proxy = route("x", None)
    found = match(proxy.declaration, "GET", "/", {})
    to = outgoing(proxy, found, "GET", "", (("accept", "a"),))
    assert with_header(to, "Accept", "b").headers == (("Accept", "b"),)
    assert with_header(to, "Accept", None).headers == ()
