from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo.script import Expectation, read_script
from gateway.errors import ConfigurationError

SCRIPT = """
creators:
  mia: {display_name: Mia}
messages:
  - id: hello
    channel: dm
    creator: mia
    avatar: mia-twin
    conversation: c-1
    text: Hello!
    unheard_of: 7
    expect: {verdict: publish, redacted: [EMAIL_ADDRESS], labelled: true}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "script.yaml").write_text(text, encoding="utf-8")
    return folder / "script.yaml"


def test_a_script_is_read(tmp_path: Path) -> None:
    script = read_script(written(tmp_path, SCRIPT))
    assert script.creators == {"mia": {"display_name": "Mia"}}
    (line,) = script.lines
    assert line.expect == Expectation(verdict="publish", redacted=("EMAIL_ADDRESS",), labelled=True)
    assert line.submission["text"] == "Hello!"
    assert "expect" not in line.submission
    assert "unheard_of" not in line.submission


@pytest.mark.parametrize(
    "text",
    [
        "",
        "creators: {}",
        "creators: [",
        "creators: {}\nmessages: 7",
        "creators: {}\nmessages: [{id: x}]",
        SCRIPT.replace("verdict: publish", "veredict: publish"),
        "!!python/object/apply:os.system [exit]",
    ],
)
def test_what_is_no_script_is_named(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_script(path)
    assert caught.value.what == str(path)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        read_script(tmp_path / "none.yaml")


def test_the_shipped_script_is_whole() -> None:
    script = read_script()
    assert {line.submission["creator"] for line in script.lines} <= script.creators.keys()
    assert len({line.id for line in script.lines}) == len(script.lines)
