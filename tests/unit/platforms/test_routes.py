from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.model.route import LengthUnit, Overflow, Route, RouteKind
from gateway.model.submission import Channel
from gateway.model.verdict import Verdict
from gateway.platforms.routes import Routes, load_routes, parse_route

SANDBOX = "http://sandbox:8090/messages"
PLAIN = "name: x\nkind: webhook\nurl: https://x.example/in\n"


def load(directory: Path | None = None) -> Routes:
    return load_routes(sandbox_url=SANDBOX, directory=directory)


def test_the_sandbox_is_shipped() -> None:
    assert load().routes["sandbox"] == Route(
        name="sandbox", kind=RouteKind.SANDBOX, url=SANDBOX, deduplicates=True
    )


def test_the_route_of_streams_is_shipped() -> None:
    assert load().routes["stream"] == Route(
        name="stream",
        kind=RouteKind.STREAM,
        max_length=40_000,
        overflow=Overflow.HOLD,
        on_failure=Verdict.BLOCK,
        on_hold=Verdict.BLOCK,
    )


def test_a_stream_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: s\nkind: stream\nurl: https://x.example/\n")
    with pytest.raises(ConfigurationError, match="a stream has no url"):
        load(tmp_path)


def test_the_example_is_valid() -> None:
    text = (files("gateway.platforms") / "routes" / "webhook.yaml.example").read_text("utf-8")
    route, secret_file = parse_route(text, "example", sandbox_url=SANDBOX)
    assert route == Route(
        name="community",
        kind=RouteKind.WEBHOOK,
        url="https://community.example/avatar-messages",
        channels=(Channel.GROUP, Channel.DM),
        max_length=2_000,
        unit=LengthUnit.GRAPHEMES,
        overflow=Overflow.HOLD,
        on_failure=Verdict.BLOCK,
        deduplicates=True,
        timeout_s=5.0,
    )
    assert secret_file == "community.secret"


def test_own_routes_and_secrets(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN + "secret_file: a.secret\n")
    (tmp_path / "s.yaml").write_text(
        "name: sandbox\nkind: sandbox\nurl: http://127.0.0.1:1/\nmax_length: 9\n"
    )
    (tmp_path / "ignored.txt").write_text("what?")
    secret = tmp_path / "a.secret"
    secret.write_text("s" * 32 + "\n")
    secret.chmod(0o600)
    loaded = load(tmp_path)
    assert sorted(loaded.routes) == ["sandbox", "stream", "x"]
    assert loaded.routes["sandbox"].url == "http://127.0.0.1:1/"
    assert loaded.routes["sandbox"].max_length == 9
    assert loaded.secrets == {"x": b"s" * 32}
    assert "sss" not in repr(loaded)


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("name: x\nkind: telegram\n", "r:2", "telegram"),
        ("name: x\nkind: webhook\n", "r:1", "'url' is a required property"),
        (PLAIN + "channels:\n  - dm\n  - fax\n", "r:6", "fax"),
        (PLAIN + "max_length: 0\n", "r:4", "minimum"),
        (PLAIN + "surprise: 1\n", "r:1", "surprise"),
        (PLAIN + "on_failure: publish\n", "r:4", "publish"),
        (PLAIN + "name: y\n", "r:4", "twice"),
        ("name: [\n", "r:2", "YAML"),
        ("name: X Y\nkind: webhook\nurl: https://x.example/\n", "r:1", "match"),
        ("name: x\nkind: webhook\nurl: http://x.example/in\n", "r:3", "not encrypted"),
        ("name: x\nkind: webhook\nurl: ftp://x.example/\n", "r:3", "plain http(s)"),
        ("name: x\nkind: webhook\nurl: https://u:p@x.example/\n", "r:3", "plain http(s)"),
        ("name: x\nkind: webhook\nurl: https://x:99999/\n", "r:3", "not a URL"),
        ("name: x\nkind: webhook\nurl: https:///in\n", "r:3", "plain http(s)"),
        ("", "r:1", "not of type"),
        ("- 1\n", "r:1", "not of type"),
        ("a: &x [*x]\n", "r", ""),
        ("name: !!python/object:os.system x\n", "r", ""),
        ("a: " + "[" * 50 + "]" * 50, "r:1", "too deep"),
    ],
)
def test_errors_name_file_line_and_mend(text: str, where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_route(text, "r", sandbox_url=SANDBOX)
    assert caught.value.what.startswith(where)
    assert problem in caught.value.problem
    assert caught.value.mend


def test_http_to_this_machine_is_allowed() -> None:
    text = "name: x\nkind: webhook\nurl: http://127.0.0.1:9/in\n"
    assert parse_route(text, "r", sandbox_url=SANDBOX)[0].url == "http://127.0.0.1:9/in"


def test_two_files_with_one_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN)
    (tmp_path / "b.yaml").write_text(PLAIN)
    with pytest.raises(ConfigurationError, match=r"a\.yaml"):
        load(tmp_path)


def test_an_open_or_missing_secret(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PLAIN + "secret_file: a.secret\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "a.secret").write_text("s" * 32)
    (tmp_path / "a.secret").chmod(0o644)
    with pytest.raises(ConfigurationError, match="read by others"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"\xff", b"#" * 70_000])
def test_unreadable_files(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError):
        load(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        load(tmp_path / "nowhere")
