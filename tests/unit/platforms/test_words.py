from __future__ import annotations

from typing import Any

import pytest

from gateway.model.disclosure import Disclosure
from gateway.platforms.declaration import Operation
from gateway.platforms.matching import OperationDenied
from gateway.platforms.words import CannotPutBack, put_back, words_of
from tests.unit.platforms.proxy_files import operation, shipped

FILLING = {"receipt": "r.e.c", "message_id": "msg_1"}


def published(words: str, *, start: str = "[AI] ", end: str = "", **more: Any) -> Disclosure:
    return Disclosure(text=start + words + end, language="en", start=start, end=end, **more)


def through(
    what: Operation, document: dict[str, Any], change: tuple[str, str] = ("", ""), **more: Any
) -> dict[str, Any]:
    """`document` as it is published when `change` was made to its words."""
    words = words_of(what, document)
    assert words is not None
    return put_back(what, document, words, published(words.text.replace(*change), **more), FILLING)


def test_one_text_is_judged_as_it_is() -> None:
    words = words_of(operation(), {"text": "hello"})
    assert words is not None
    assert words.text == "hello"
    assert through(operation(), {"text": "hello", "id": 1}) == {"text": "[AI] hello", "id": 1}


def test_several_texts_are_judged_together() -> None:
    post = shipped("mastodon", "post")
    document = {"status": "hi", "spoiler_text": "x@y.z", "poll": {"options": ["a", "b"]}}
    assert through(post, document, ("x@y.z", "[email]"), end=" [end]") == {
        "status": "[AI] hi [end]",
        "spoiler_text": "[email]",
        "poll": {"options": ["a", "b"]},
    }


def test_the_same_words_are_judged_once() -> None:
    words = words_of(shipped("matrix", "send"), {"body": "hi", "formatted_body": "<b>hi</b>"})
    assert words is not None
    assert words.text == "hi"


def test_a_text_with_the_separator_in_it() -> None:
    words = words_of(shipped("mastodon", "post"), {"status": "␞", "spoiler_text": "x"})
    assert words is not None
    assert words.separator not in "␞x"
    with pytest.raises(OperationDenied):
        words_of(shipped("mastodon", "post"), {"status": "␞␝", "spoiler_text": "␟␜"})


def test_other_forms_of_a_text_are_labelled_too() -> None:
    made = through(
        shipped("matrix", "send"),
        {
            "body": "* a < b",
            "formatted_body": "<i>a &lt; b</i>",
            "m.new_content": {"body": "a < b"},
        },
        start="🤖 AI & so\n",
    )
    assert made["body"] == "🤖 AI & so\n* a < b"
    assert made["formatted_body"] == "🤖 AI &amp; so<br><i>a &lt; b</i>"
    assert made["m.new_content"]["body"] == "🤖 AI & so\na < b"
    assert made["org.avatar-gateway.disclosure"] == {"ai_generated": True, "receipt": "r.e.c"}


@pytest.mark.parametrize(
    ("platform", "document", "at", "start", "moved"),
    [
        (
            "bluesky",
            {"record": {"text": "é @x", "facets": [{"index": {"byteStart": 3, "byteEnd": 5}}]}},
            ("record", "facets", 0, "index"),
            "🤖 ",
            {"byteStart": 8, "byteEnd": 10},
        ),
        (
            "telegram",
            {"text": "hi", "entities": [{"offset": 0, "length": 2}]},
            ("entities", 0),
            "🤖 ",
            {"offset": 3, "length": 2},
        ),
    ],
)
def test_offsets_move_with_the_label(
    platform: str, document: dict[str, Any], at: tuple[Any, ...], start: str, moved: dict[str, int]
) -> None:
    name = "post" if platform == "bluesky" else "send"
    made: Any = through(shipped(platform, name), document, start=start)
    for key in at:
        made = made[key]
    assert made == moved


def test_offsets_into_other_words_are_dropped() -> None:
    document = {"text": "hi x@y.z", "entities": [{"offset": 3, "length": 5, "type": "email"}]}
    made = through(shipped("telegram", "send"), document, ("x@y.z", "[email]"))
    assert made == {"text": "[AI] hi [email]"}


def test_the_format_is_told_by_another_field() -> None:
    send = shipped("telegram", "send")
    made = through(send, {"text": "<b>hi</b>", "parse_mode": "HTML"}, start="<AI>\n")
    assert made["text"] == "&lt;AI&gt;\n<b>hi</b>"
    made = through(send, {"text": r"a\.b", "parse_mode": "MarkdownV2"})
    assert made["text"] == r"\[AI\] a\.b"
    with pytest.raises(OperationDenied, match="format"):
        words_of(send, {"text": "x", "parse_mode": "new"})


def test_marks_are_added_to_what_is_there() -> None:
    record = {"text": "hi", "labels": {"$type": "x", "values": [{"val": "porn"}]}}
    made = through(shipped("bluesky", "post"), {"record": record})
    assert made["record"]["labels"]["values"] == [{"val": "porn"}, {"val": "ai-generated"}]
    made = through(shipped("bluesky", "post"), {"record": {"text": "hi"}})
    assert made["record"]["labels"]["values"] == [{"val": "ai-generated"}]


def test_a_text_that_replaces_all_others() -> None:
    post = shipped("mastodon", "post")
    document = {"status": "a", "spoiler_text": "b", "visibility": "direct"}
    words = words_of(post, document)
    assert words is not None
    told = published("Call 3114", replaced_by="crisis")
    assert put_back(post, document, words, told, FILLING) == {
        "status": "[AI] Call 3114",
        "visibility": "direct",
    }


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"status": "a", "spoiler_text": "b"}, published("a", shortened=True)),
        ({"poll": {"options": ["a"]}}, published("a")),
    ],
)
def test_what_cannot_be_put_back_is_not_sent(document: dict[str, Any], told: Disclosure) -> None:
    post = shipped("mastodon", "post")
    words = words_of(post, document)
    assert words is not None
    with pytest.raises(CannotPutBack):
        put_back(post, document, words, told, FILLING)


@pytest.mark.parametrize(
    "document",
    [
        {"body": "x", "ciphertext": "y"},
        {"body": "x", "file": {"url": "mxc://"}},
        {"body": ["x"]},
        {"body": 7},
    ],
)
def test_denied(document: dict[str, Any]) -> None:
    with pytest.raises(OperationDenied):
        words_of(shipped("matrix", "send"), document)


@pytest.mark.parametrize("document", [{}, {"text": ""}, {"text": None}, {"text": " \n"}])
def test_without_words(document: dict[str, Any]) -> None:
    assert words_of(operation(), document) is None


def test_blocks_are_looked_through() -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "x@y.z"}},
        {"type": "actions", "elements": [{"type": "button", "text": {"text": "go"}, "value": "v"}]},
    ]
    made = through(shipped("slack", "post"), {"text": "hi", "blocks": blocks}, ("x@y.z", "[email]"))
    assert made["text"] == "[AI] hi"
    assert made["blocks"][0]["text"]["text"] == "[email]"
    assert made["blocks"][1] == blocks[1]
