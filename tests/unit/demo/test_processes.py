from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo import processes
from gateway.demo.processes import NotStarted, command, environment


def test_the_settings_of_others_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a demo would write into the database of a real gateway."""
    monkeypatch.setenv("AVATAR_GATEWAY_DATABASE_URL", "postgresql+psycopg://production/gateway")
    monkeypatch.setenv("PATH_TO_SOMETHING", "kept")
    given = environment(port="1")
    assert {name for name in given if name.startswith("AVATAR_")} == {"AVATAR_GATEWAY_PORT"}
    assert given["PATH_TO_SOMETHING"] == "kept"


@pytest.mark.programs
def test_it_runs_this_very_program() -> None:
    ran = subprocess.run(command("--version"), capture_output=True, text=True, check=True)
    assert ran.stdout.strip()


@pytest.mark.programs
def test_a_process_that_ends_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    words = "print('too bad'); raise SystemExit(3)"
    with (
        processes._running_process(
            "gateway", [sys.executable, "-c", words], tmp_path, {}
        ) as process,
        pytest.raises(NotStarted, match="too bad"),
    ):
        processes._wait_until_ready(
            "http://127.0.0.1:1/readyz", process, tmp_path / "gateway.log", 30
        )
    assert process.returncode == 3


@pytest.mark.programs
def test_a_process_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    words = "import time; time.sleep(600)"
    with (
        processes._running_process(
            "gateway", [sys.executable, "-c", words], tmp_path, {}
        ) as process,
        pytest.raises(NotStarted, match="did not become ready"),
    ):
        processes._wait_until_ready(
            "http://127.0.0.1:1/readyz", process, tmp_path / "gateway.log", 0.2
        )
    assert process.returncode is not None
