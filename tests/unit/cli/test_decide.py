"""`decide`, run as a program would be: readable, as JSON, with its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.programs


def decide(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "--data-dir", str(tmp_path), "decide", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize(
    ("text", "code", "verdict"),
    [
        ("Super stream hier soir, merci à tous !", 0, "publish"),
        ("Promis, je t'appelle ce soir à 20 h !", 3, "hold"),
    ],
)
def test_the_exit_code_tells_the_verdict(
    tmp_path: Path, text: str, code: int, verdict: str
) -> None:
    ran = decide(tmp_path, text, "--json", "--jurisdiction", "FR", "--minor", "no")
    assert ran.returncode == code, ran.stderr
    outcome = json.loads(ran.stdout)
    assert outcome["verdict"] == verdict
    assert (outcome["text"] is None) == (verdict != "publish")


def test_it_reads_well(tmp_path: Path) -> None:
    ran = decide(tmp_path, "Écris à lea.perso@example.org", "--jurisdiction", "FR")
    assert ran.returncode == 0, ran.stderr
    assert "PUBLISH" in ran.stdout
    assert "stripped: EMAIL_ADDRESS" in ran.stdout
    assert "lea.perso" not in ran.stdout
    assert "eu.aia.50.1" in ran.stdout


def test_a_creator_that_nobody_registered_is_refused(tmp_path: Path) -> None:
    ran = decide(tmp_path, "Hello", "--creator", "nobody")
    assert ran.returncode == 2
    assert "creator: is not registered" in ran.stderr
    assert "Traceback" not in ran.stderr
