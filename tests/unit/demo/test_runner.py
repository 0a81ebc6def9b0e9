from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gateway.demo import runner
from gateway.demo.processes import SANDBOX_LOG
from gateway.demo.runner import ScriptResult, run_demo
from gateway.demo.script import Expectation, ScriptLine
from gateway.errors import ConfigurationError

LINE = ScriptLine(
    id="one",
    submission={"text": "[bold]Write[/] to me@example.com!", "channel": "dm"},
    expect=Expectation(verdict="publish", redacted=("EMAIL_ADDRESS",), labelled=True),
)
OUTCOME: dict[str, Any] = {
    "message_id": "msg_1",
    "verdict": "publish",
    "language": "en",
    "reasons": [{"rule": "baseline.pii", "verdict": "publish"}],
    "redacted": ["EMAIL_ADDRESS"],
    "text": "[AI] Write to [email]!",
    "disclosure": {
        "notices": [{"notice": "ai", "text": "[AI]"}],
        "replaced_by": None,
        "shortened": True,
    },
}


def result(received: dict[str, Any] | None = None, **outcome: Any) -> ScriptResult:
    return ScriptResult(line=LINE, outcome={**OUTCOME, **outcome}, received=received, ms=12.3)


@pytest.mark.parametrize("holds", ["a database", "a folder"])
def test_only_an_earlier_demo_is_emptied(tmp_path: Path, holds: str) -> None:
    if holds == "a database":
        (tmp_path / "gateway.db").write_text("years of work", encoding="utf-8")
    else:
        (tmp_path / "keys").mkdir()
    with pytest.raises(ConfigurationError, match=r"--into: .* no earlier demo"):
        run_demo(tmp_path, Console(file=StringIO()))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a letter", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="--into"):
        run_demo(tmp_path / "file", Console(file=StringIO()))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "a letter"


def test_a_new_an_empty_and_an_earlier_folder_will_do(tmp_path: Path) -> None:
    for folder in (tmp_path / "new" / "er", tmp_path / "empty", tmp_path / "earlier"):
        if folder.name != "er":
            folder.mkdir()
        if folder.name == "earlier":
            (folder / SANDBOX_LOG).touch()
            (folder / "gateway.db").touch()
        runner._make_fresh(folder)
        assert list(folder.iterdir()) == []


def test_the_table_shows_texts_as_they_are() -> None:
    """Markup in a text is a text."""
    file = StringIO()
    console = Console(file=file, width=200, force_terminal=False)
    console.print(runner._results_table([result(received={"text": OUTCOME["text"]}), result()]))
    shown = file.getvalue()
    assert "[bold]Write[/] to me@example.com!" in shown
    assert "−EMAIL_ADDRESS, +ai, shortened" in shown
    assert ("✓" in shown, "✗" in shown) == (True, True)


def test_all_results_are_written_as_json() -> None:
    (written,) = json.loads(runner._results_json([result()]))
    assert written["id"] == "one"
    assert written["faults"] == ["the platform received nothing"]
    assert written["outcome"] == OUTCOME
