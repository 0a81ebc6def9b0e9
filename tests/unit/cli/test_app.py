from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from gateway.assembly.commands import command_services
from gateway.cli.app import build
from gateway.cli.lazy import LazyGroup

HEAVY = {"numpy", "fastapi", "sqlalchemy", "rich", "httpx", "presidio_analyzer", "re2"}
OURS = {"gateway.settings", "gateway.opened", "gateway.pipeline", "gateway.storage"}
FEW = 450
"""Modules that typer and the standard library need; all of the gateway are 2,000 more."""

ASK = """
import sys
sys.argv = ["avatar-gateway", *sys.argv[1:]]
from gateway.__main__ import main
try:
    main()
finally:
    print("\\nmodules:", *sys.modules)
"""


def _imported(*arguments: str, **environment: str) -> set[str]:
    """Names of all modules that are imported once the command has answered."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode in {0, 2}, done.stderr
    return set(done.stdout.rpartition("\nmodules: ")[2].split())


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), (), ("no-such-command",)])
def test_what_needs_no_command_imports_none(arguments: tuple[str, ...]) -> None:
    modules = _imported(*arguments)
    assert "typer" in modules
    assert modules & (HEAVY | OURS) == set()
    assert len(modules) < FEW


def test_shell_completion_of_commands_imports_none() -> None:
    asked = {"_AVATAR_GATEWAY_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    modules = _imported(COMP_WORDS="avatar-gateway ", **asked)
    assert modules & (HEAVY | OURS) == set()


def test_a_command_imports_what_it_needs() -> None:
    modules = _imported("routes", "check")
    assert "gateway.cli.routes" in modules
    assert modules & {"numpy", "fastapi", "sqlalchemy", "gateway.cli.audit.group"} == set()


def test_the_listed_lines_are_the_commands_own() -> None:
    group = typer.main.get_command(build(command_services()))
    assert isinstance(group, LazyGroup)
    for name, listed in group.commands.items():
        command = group.load_command(name)
        assert command.name == name
        for limit in (45, 60, 90):
            assert listed.get_short_help_str(limit) == command.get_short_help_str(limit)


def test_a_command_that_is_not_there_is_named() -> None:
    found = CliRunner().invoke(build(command_services()), ["routs"])
    assert found.exit_code == 2
    assert "routes" in found.output or "No such command" in found.output
