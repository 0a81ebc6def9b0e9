"""Route files of the kind proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.model.route import LengthUnit
from gateway.model.submission import Channel, Minor
from gateway.platforms.routes import load_routes

ROUTE = """
name: {name}
kind: proxy
platform: webhook
url: {url}
creator: lea
avatar: lea-twin
"""


def test_all_that_a_file_says(tmp_path: Path) -> None:
    more = """
platform: bluesky
channel_by_conversation: {"at://x": dm}
channel: group
language: fr
audience: {minor: "no", jurisdictions: [FR, US-CA]}
max_length: 200
credential_file: x.token
"""
    text = ROUTE.format(name="x", url="https://x.example/base/").replace("platform: webhook\n", "")
    (tmp_path / "x.yaml").write_text(text + more)
    (tmp_path / "x.token").write_text("token-1\n")
    (tmp_path / "x.token").chmod(0o600)
    loaded = load_routes(sandbox_url="http://127.0.0.1:1/", directory=tmp_path)
    proxy = loaded.proxies["x"]
    assert proxy.base == "https://x.example/base"
    assert proxy.route is loaded.routes["x"]
    assert (proxy.route.max_length, proxy.route.unit) == (200, LengthUnit.GRAPHEMES)
    assert not proxy.route.deduplicates
    assert proxy.channels == {"at://x": Channel.DM}
    assert proxy.channel is Channel.GROUP
    assert proxy.audience.minor is Minor.NO
    assert proxy.credential == "token-1"
    assert "token-1" not in repr(loaded)


def test_files_that_are_wrong(tmp_path: Path) -> None:
    good = ROUTE.format(name="x", url="https://x.example")
    for text, said in (
        (good.replace("platform: webhook", "platform: nothing"), "no platform 'nothing'"),
        (good.replace("https:", "http:"), "not encrypted"),
        (good.replace("creator: lea\n", ""), "'creator' is a required property"),
        (good + "secret_file: y\n", "x.yaml"),
        (good + "credential_file: none\n", "cannot be read"),
        (good.replace("kind: proxy", "kind: webhook"), "x.yaml"),
    ):
        (tmp_path / "x.yaml").write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            load_routes(sandbox_url="http://127.0.0.1:1/", directory=tmp_path)
        assert said in str(caught.value)
