"""The README runs as written, in a fresh copy of the project, in an environment of its own that
borrows its libraries. Their installation is what continuous integration begins with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.patience import PATIENCE_S, PATIENT
from tests.processes import free_port

BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def block(containing: str) -> str:
    (found,) = (one for one in BLOCKS if containing in one)
    return str(found)


def shell(script: str, where: Path, environment: Mapping[str, str]) -> str:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=where,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr[-3_000:]
    return ran.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone would hold: the files that git has or would take."""
    there = tmp_path_factory.mktemp("fresh") / "avatar-gateway"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, there / name)
    _make_environment(there)
    return there


def _make_environment(there: Path) -> None:
    """What `make` would install in the copy: its sources, the command, and the libraries."""
    venv.create(there / ".venv", symlinks=True, with_pip=False)
    (packages,) = there.glob(".venv/lib/*/site-packages")
    borrowed = sysconfig.get_path("purelib")
    (packages / "borrowed.pth").write_text(f"{there}\n{borrowed}\n", encoding="utf-8")
    command = there / ".venv" / "bin" / "avatar-gateway"
    start = "from gateway.__main__ import main\n\nmain()\n"
    command.write_text(f"#!{there}/.venv/bin/python\n{start}", encoding="utf-8")
    command.chmod(0o755)
    (there / ".venv" / "ready").touch()


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """As a new user's: no active environment, no settings, but for patience and a free port
    instead of 8080."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AVATAR_")}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VENV"):
        kept.pop(name, None)
    given = {**PATIENT, "port": free_port()}
    return kept | {f"AVATAR_GATEWAY_{name.upper()}": str(value) for name, value in given.items()}


@pytest.fixture(scope="module")
def server(copy: Path, environment: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        ["bash", "-c", f"exec {block('make run').strip()}"],
        cwd=copy,
        env=environment,
        start_new_session=True,
    )
    base = f"http://127.0.0.1:{environment['AVATAR_GATEWAY_PORT']}"
    try:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            assert process.poll() is None
            try:
                with urllib.request.urlopen(f"{base}/readyz", timeout=60):  # noqa: S310 - loopback
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield base
    finally:
        os.killpg(process.pid, 15)
        process.wait(PATIENCE_S)


def test_the_demo_runs(copy: Path, environment: dict[str, str]) -> None:
    said = shell(block("make demo"), copy, environment)
    assert "as expected" in said
    assert "verified with the public key alone" in said


def test_the_requests_work(copy: Path, environment: dict[str, str], server: str) -> None:
    script = block("curl").replace("http://127.0.0.1:8080", server)
    said = shell(script, copy, environment)
    created, decided = said[: said.index('{"message_id"')], said[said.index('{"message_id"') :]
    assert json.loads(created)["version"] == 1
    outcome = json.loads(decided)
    assert outcome["redacted"] == ["EMAIL_ADDRESS"]
    assert "lea.perso@example.org" not in outcome["text"]
    assert "ai" in {notice["notice"] for notice in outcome["disclosure"]["notices"]}


def test_the_commands_work(copy: Path, environment: dict[str, str], server: str) -> None:
    """While the server runs. `decide` exits with 3 for a held message: said in its help."""
    decide, *others = block("avatar-gateway decide").strip().splitlines()
    said = shell(f"{decide} || test $? = 3", copy, environment)
    assert "HOLD" in said
    assert "creator.promise" in said
    for command in others:
        shell(command, copy, environment)


def test_every_block_is_tried() -> None:
    tried = ("make demo", "make test", "make run", "curl", "avatar-gateway decide")
    assert all(any(words in one for words in tried) for one in BLOCKS)
