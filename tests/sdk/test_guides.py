"""The examples with the client run as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from gateway.demo.processes import RunningDemo
from tests.paths import ROOT
from tests.sdk.conftest import token


@pytest.mark.parametrize("page", ["sdk/python/README.md", "docs/guides/avatar-services.md"])
def test_the_example_runs_as_written(page: str, there: RunningDemo) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (example,) = (one for one in blocks if "import Audience, Client" in one)
    code = example.replace("http://127.0.0.1:8080", there.gateway).replace("agk_…", token(there))
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "python")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip().endswith("Salut ! Le nouveau clip sort vendredi"), ran.stderr
