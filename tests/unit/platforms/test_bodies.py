from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.platforms.bodies import ParsedBody, UploadedFile, parse, write
from gateway.platforms.declaration import Content
from gateway.platforms.matching import OperationDenied
from tests.unit.platforms.proxy_files import operation, shipped

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SEND = operation()
POST = shipped("mastodon", "post")


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        (JSON, b'{"text": "a", "text": "b"}'),
        (JSON, b'{"x": {"a": 1, "a": 2}}'),
        (JSON, b'{"text": "a", "TEXT": "b"}'),
        (JSON, b'{"x": "a", "X": "b"}'),
        (JSON, b'{"text": NaN}'),
        (JSON, b'["text"]'),
        (JSON, b"\xff"),
        (JSON, b"[" * 100_000),
        (JSON, b'{"x": ' + b"9" * 5_000 + b"}"),
        (JSON + "; charset=utf-16", b"{}"),
        (FORM, b"text=a&text=b"),
        (FORM, b"text[]=a"),
        (FORM, b"Text=a"),
        (FORM, b"_method=put"),
        (FORM, b"text=%ff"),
        ("text/plain", b"text"),
        ("", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\ny\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="text"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\nx\r\n--b--\r\n",
        ),
    ],
)
def test_what_could_be_read_in_two_ways_is_denied(content_type: str, raw: bytes) -> None:
    with pytest.raises(OperationDenied):
        parse(SEND, content_type, raw, "")


def test_fields_that_are_not_listed() -> None:
    with pytest.raises(OperationDenied, match="not listed"):
        parse(POST, JSON, b'{"status": "a", "other": "b"}', "")


def test_forms_are_nested_as_rails_reads_them() -> None:
    raw = b"status=hi&media_ids[]=1&media_ids[]=2&poll[options][]=a&poll[options][]=b"
    raw += b"&poll[multiple]=1"
    body = parse(POST, FORM, raw, "")
    assert body.document == {
        "status": "hi",
        "media_ids": ["1", "2"],
        "poll": {"options": ["a", "b"], "multiple": "1"},
    }
    assert parse(POST, FORM, write(POST, body).data, "").document == body.document


@pytest.mark.parametrize(
    "raw", [b"poll[=x", b"poll=1&poll[options][]=a", b"poll[a][][b]=1", b"[]=a"]
)
def test_nested_forms_that_nobody_agrees_on(raw: bytes) -> None:
    with pytest.raises(OperationDenied):
        parse(POST, FORM, raw, "")


def test_fields_that_hold_json() -> None:
    send = shipped("telegram", "send")
    body = parse(send, FORM, b'chat_id=1&text=a&entities=[{"offset":0,"length":1}]', "")
    assert body.document["entities"] == [{"offset": 0, "length": 1}]
    assert b"entities=%5B%7B%22offset%22%3A0" in write(send, body).data
    with pytest.raises(OperationDenied):
        parse(send, FORM, b'text=a&entities=[{"offset":0,"offset":1}]', "")


def test_the_query_is_a_body_too() -> None:
    send = shipped("telegram", "send")
    body = parse(send, "", b"", "chat_id=1&text=a+b")
    assert body.content is Content.QUERY
    assert body.document == {"chat_id": "1", "text": "a b"}
    assert write(send, body).query == "chat_id=1&text=a+b"


def test_files_come_out_as_they_went_in() -> None:
    data = bytes(range(256)) + b"\r\n--almost\r\n"
    made = ParsedBody(
        content=Content.MULTIPART,
        document={"text": "héllo\r\nthere", "chat_id": "1"},
        files=(
            UploadedFile(name="photo", filename='a"b.png', content_type="image/png", data=data),
        ),
    )
    send = shipped("telegram", "send_media")
    caption = operation("    fields: [chat_id]\n")
    written = write(caption, made)
    assert written.content_type is not None
    read = parse(caption, written.content_type, written.data, "")
    assert read.document == made.document
    assert read.files[0].data == data
    assert send.content >= {Content.MULTIPART}


def test_an_envelope_is_the_document() -> None:
    send = shipped("discord", "send")
    made = ParsedBody(
        content=Content.MULTIPART, document={"content": "hi", "nonce": 1}, enveloped=True
    )
    written = write(send, made)
    assert written.content_type is not None
    read = parse(send, written.content_type, written.data, "")
    assert read.enveloped
    assert read.document == made.document


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["text", "a", "b"]), _VALUES))
def test_json_comes_out_as_it_went_in(document: dict[str, Any]) -> None:
    body = parse(SEND, JSON, json.dumps(document).encode(), "")
    assert json.loads(write(SEND, body).data) == document


def test_half_a_surrogate_pair_cannot_be_sent_on() -> None:
    body = parse(SEND, JSON, rb'{"text": "a", "other": "\ud800"}', "")
    with pytest.raises(OperationDenied, match="surrogate"):
        write(SEND, body)
