"""The package by itself: installs alone, and is made of one source."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.paths import ROOT

PACKAGE = ROOT / "sdk" / "python"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    ran = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-2_000:] + ran.stderr[-2_000:]
    return ran.stdout


def test_the_synchronous_client_is_made_of_the_asynchronous_one() -> None:
    run(sys.executable, PACKAGE / "generate.py", "--check")


def test_it_installs_without_anything_of_the_server(tmp_path: Path) -> None:
    """With its own dependencies from the index, into an environment that has nothing else."""
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    wheel = tmp_path / run(sys.executable, "-c", build, tmp_path, cwd=PACKAGE).split()[-1]
    names = zipfile.ZipFile(wheel).namelist()
    assert "avatar_gateway_client/py.typed" in names
    assert not [name for name in names if name.startswith("gateway/")]
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    installed = run(python, "-m", "pip", "list", "--format", "freeze", cwd=tmp_path)
    found = {line.partition("==")[0].lower() for line in installed.split()}
    assert {"avatar-gateway-client", "httpx"} <= found
    assert not found & {"avatar-gateway", "pydantic", "fastapi", "numpy", "sqlmodel"}
    code = "import avatar_gateway_client as c; c.Client('http://127.0.0.1:1', 'agk_x').close()"
    run(python, "-W", "error", "-c", code, cwd=tmp_path)
