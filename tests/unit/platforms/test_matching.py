from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.platforms.loading import load_declarations, parse_declaration
from gateway.platforms.matching import OperationDenied, check_query, match
from tests.unit.platforms.proxy_files import HEAD, SEND, declared

SHIPPED = load_declarations()
MATRIX, TELEGRAM = SHIPPED["matrix"], SHIPPED["telegram"]


@pytest.mark.parametrize(
    "path",
    [
        "/_matrix/client/v3/rooms/!r:hs/send/m.room.message/1",
        "/_matrix/client/r0/rooms/%21r%3Ahs/send/m.room.message/1",
        "/%5Fmatrix/client/v3/rooms/!r:hs/s%65nd/m%2Eroom.message/1",
    ],
)
def test_paths_are_matched_decoded(path: str) -> None:
    found = match(MATRIX, "PUT", path, {})
    assert found.operation is not None
    assert found.operation.name == "send"
    assert found.params == {"room": "!r:hs", "txn": "1"}
    assert found.path.endswith("/rooms/!r:hs/send/m.room.message/1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/send/"),
        ("POST", "//send"),
        ("POST", "/SEND"),
        ("POST", "/send%2F"),
        ("POST", "/x%2F..%2Fsend"),
        ("POST", "/./send"),
        ("POST", "/x/../send"),
        ("POST", "/x/%2e%2E/send"),
        ("GET", "/x/%2e%2E/send"),
        ("POST", "/s%2565nd"),
        ("POST", "/send\\"),
        ("POST", "/send%00"),
        ("POST", "/send%ff"),
        ("PUT", "/send"),
        ("PROPFIND", "/send"),
        ("DELETE", "/anything"),
    ],
)
def test_what_is_not_listed_is_denied(method: str, path: str) -> None:
    with pytest.raises(OperationDenied):
        match(declared(), method, path, {})


def test_reads_pass_encoded_as_they_were_read() -> None:
    found = match(declared(), "GET", "/a%2Fb/c%20d", {})
    assert found.operation is None
    assert found.path == "/a%2Fb/c%20d"


def test_reads_are_denied_where_they_can_post() -> None:
    found = match(TELEGRAM, "GET", "/bot1:x/sendMessage", {})
    assert found.operation is not None
    assert found.operation.name == "send"
    for path in ("/bot1:x/SendMessage", "/bot1:x/forwardMessage", "/bot1:x%2FsendMessage"):
        with pytest.raises(OperationDenied):
            match(TELEGRAM, "GET", path, {})


def test_a_step_gets_another_value() -> None:
    found = match(TELEGRAM, "POST", "/botbot/sendMessage", {})
    assert found.params == {"token": "bot"}
    assert found.path_with("token", "1:a/b") == "/bot1:a%2Fb/sendMessage"
    assert found.path_with("other", "x") == found.path


def test_denied_operations() -> None:
    denying = SEND + "  - {name: never, methods: [GET], paths: [/secret], action: deny}\n"
    with pytest.raises(OperationDenied, match="never is denied"):
        match(parse_declaration(HEAD + denying, "x"), "GET", "/secret", {})


def test_a_method_override_is_denied() -> None:
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        with pytest.raises(OperationDenied, match=name):
            match(declared(), "GET", "/", {name: "POST"})


@pytest.mark.parametrize("query", ["_method=put", "method=post&x=1", "a=%ff"])
def test_parameters_that_change_the_meaning(query: str) -> None:
    with pytest.raises(OperationDenied):
        check_query(SHIPPED["messenger"], None, query, body=False)


def test_parameters_of_judged_requests_are_listed() -> None:
    send = MATRIX.operations[0]
    check_query(MATRIX, send, "access_token=x", body=True)
    for query in ("body=x", "ts=1&ts=2"):
        with pytest.raises(OperationDenied):
            check_query(MATRIX, send, query, body=True)


@given(
    st.lists(st.text("aB9._~!$&'()*+,;=:@-", max_size=4), min_size=1, max_size=4),
    st.sampled_from(("GET", "PUT")),
)
def test_a_path_that_is_written_out_is_read_as_one_that_is_encoded(
    steps: list[str], method: str
) -> None:
    """Both ways of reading agree: the second path differs in the encoding of one letter alone."""
    found: list[tuple[object, object]] = []
    for first in ("x", "%78"):
        try:
            one = match(MATRIX, method, f"/{first}/" + "/".join(steps), {})
        except OperationDenied as error:
            found.append((error.status, str(error)))
        else:
            found.append((one.path, one.decoded))
    assert found[0] == found[1]
