from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.platforms.declaration import Action
from gateway.platforms.loading import load_declarations, parse_declaration
from gateway.platforms.matching import OperationDenied, match
from gateway.platforms.proxies import declaration_for
from tests.unit.platforms.proxy_files import HEAD, SEND

SHIPPED = load_declarations()


PROMISED = frozenset(
    {
        "bluesky",
        "discord",
        "mastodon",
        "matrix",
        "messenger",
        "slack",
        "telegram",
        "tiktok",
        "twitch",
        "webhook",
        "youtube-comments",
        "youtube-live",
    }
)
"""What the README and the guides promise."""
WITHOUT_EDITS = frozenset(
    {
        "messenger",
        "tiktok",
        "twitch",
        "youtube-live",
        "bluesky",
        "matrix",  # they are sent like messages
    }
)


def test_every_promised_platform_is_shipped() -> None:
    assert set(SHIPPED) >= PROMISED


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_platforms_are_sound(name: str) -> None:
    declaration = declaration_for(name, SHIPPED, "here")
    judged = [one for one in declaration.operations if one.action is Action.JUDGE]
    assert judged
    assert "{message}" in str(declaration.error.body)
    for one in judged:
        assert one.label, one.name
        assert one.channels, one.name
        assert one.channels[-1].when is None, one.name  # there is always a channel
    edits = any(one.edits for one in judged)
    if name in PROMISED:
        assert edits is (name not in WITHOUT_EDITS)
    assert edits or not any("PATCH" in one.methods for one in judged)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
def test_shipped_platforms_deny_what_they_do_not_list(name: str, method: str) -> None:
    declaration = declaration_for(name, SHIPPED, "here")
    with pytest.raises(OperationDenied):
        match(declaration, method, "/not-listed/anywhere", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + SEND + "    colour: red\n", "x.yaml:10"),
        (HEAD + SEND.replace("/text}", "text}"), "x.yaml:15"),
        (HEAD + SEND.replace("[/text]", "[/other]"), "x.yaml:10: /other is none of the texts"),
        (HEAD + SEND.replace("/send", "/se(nd"), "stray '('"),
        (HEAD + SEND + SEND, "names send twice"),
        (HEAD + SEND + "    edits: nothing\n", "nothing is none of the operations"),
        (HEAD.replace("header: Authorization", "header: A, path: b") + SEND, "x.yaml:5"),
        (HEAD + "  - {name: a, methods: [POST], paths: [/a], action: judge}\n", "x.yaml:9"),
        ("platform: [", "is not YAML"),
    ],
)
def test_errors_name_the_line(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_declaration(text, "x.yaml")
    assert said in str(caught.value)


def test_own_files_replace_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(HEAD.replace("platform: x", "platform: matrix") + SEND)
    found = load_declarations(tmp_path)
    assert found["matrix"].title == "X"
    assert len(found) == len(SHIPPED)


def test_what_posts_by_reading_must_deny_reads() -> None:
    made = parse_declaration(HEAD + SEND.replace("[POST]", "[GET]"), "x.yaml")
    with pytest.raises(ConfigurationError, match="reads: deny"):
        declaration_for("x", {"x": made}, "here")
    with pytest.raises(ConfigurationError, match="no platform"):
        declaration_for("y", {"x": made}, "here")
