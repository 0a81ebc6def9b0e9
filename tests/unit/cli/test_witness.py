from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import witness
from gateway.errors import ConfigurationError, InvalidField
from gateway.keyring import Keyring
from gateway.trail.checkpoint import note_keys
from gateway.trail.note import NoteKey

KEY = str(note_keys("log.example/l", Keyring.generate())[0])
Ask = Callable[..., BaseException | None]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """What the command fails with."""
    app = typer.Typer()
    witness.add(app)

    def run(*arguments: str) -> BaseException | None:
        state = ("--state", str(tmp_path / "state"))
        return CliRunner().invoke(app, [*arguments, *state]).exception

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("--key", "nonsense", "--name", "w.example"),
        ("--key", KEY[:-4], "--name", "w.example"),
        ("--key", KEY, "--name", "with space"),
        ("--key", KEY, "--name", "w.example", "--listen", "8500"),
        ("--key", KEY, "--name", "w.example", "--listen", "127.0.0.1:port"),
        ("--key", KEY, "--name", "w.example", "--listen", "127.0.0.1:70000"),
    ],
)
def test_wrong_options_are_named(ask: Ask, arguments: tuple[str, ...]) -> None:
    assert isinstance(ask(*arguments), InvalidField)


def test_an_address_that_is_not_ours(ask: Ask) -> None:
    problem = ask("--key", KEY, "--name", "w.example", "--listen", "192.0.2.1:8500")
    assert isinstance(problem, ConfigurationError)


def test_several_logs_and_several_keys_of_one() -> None:
    other = str(note_keys("other.example/l", Keyring.generate())[0])
    assert witness._watched_logs([KEY, other], None) == {
        "log.example/l": [NoteKey.parse(KEY)],
        "other.example/l": [NoteKey.parse(other)],
    }
    assert list(witness._watched_logs([KEY, other], "o")) == ["o"]
