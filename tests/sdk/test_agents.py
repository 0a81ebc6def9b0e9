"""The processors for voice agents, in the real libraries, against a real gateway.

The libraries are heavy and live in an environment of their own: `make test-agents`.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from gateway.demo.processes import RunningDemo
from tests.missing import missing
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.sdk.conftest import token

STORIES = Path(__file__).parent / "agents"
PYTHON = Path(os.environ.get("AGENTS_PYTHON", ROOT / ".venv-agents" / "bin" / "python"))


def told(library: str, there: RunningDemo) -> Any:
    if not PYTHON.exists():
        missing("the environment of the agents", get="make test-agents")
    ran = subprocess.run(
        [PYTHON, STORIES / f"{library}_story.py", there.gateway, token(there)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "python")},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_pipecat_speaks_what_was_published_and_nothing_else(there: RunningDemo) -> None:
    found = told("pipecat", there)
    start, end = ["LLMFullResponseStartFrame", ""], ["LLMFullResponseEndFrame", ""]
    first, (kind, text), last = found["reply"]
    assert (first, kind, last) == (start, "LLMTextFrame", end)
    assert text.startswith("🤖 IA")
    assert "Le nouveau clip sort vendredi, écris à" in text
    assert "lea@example.org" not in text
    assert found["threat"] == [start, end]
    assert found["unfinished"] == [start]
    assert found["refused"] == [start, end]
    assert [kind for kind, _ in found["outside"]] == ["LLMTextFrame", "TTSSpeakFrame"]
    assert found["outside"][0][1].endswith("À vendredi !")
    assert found["outside-threat"] == []
    assert found["person"] == [["TranscriptionFrame", "Ça sort quand ?"]]


def test_livekit_says_what_was_published_and_nothing_else(there: RunningDemo) -> None:
    found = told("livekit", there)
    (text,) = found["reply"]
    assert text.startswith("🤖 IA")
    assert "Le nouveau clip sort vendredi, écris à" in text
    assert "lea@example.org" not in text
    assert found["threat"] == []
    assert found["refused"] == []
