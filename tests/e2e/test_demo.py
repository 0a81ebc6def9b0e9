"""The demo, as a program: real processes, real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gateway.demo.script import read_script


def test_every_line_comes_out_as_expected(tmp_path: Path) -> None:
    report = tmp_path / "demo.json"
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "gateway", "demo"),
            *("--into", str(tmp_path / "data"), "--json", str(report), "--width", "160"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4_000:] + ran.stderr[-2_000:]
    results = json.loads(report.read_text(encoding="utf-8"))
    assert [one["faults"] for one in results] == [[]] * len(results)
    languages = {one["outcome"]["language"] for one in results}
    assert languages >= {"en", "fr", "es", "de", "zh", "ar"}
    assert "verified with the public key alone" in ran.stdout
    assert "Through other entry points" in ran.stdout
    assert "✗" not in ran.stdout


def test_the_script_is_what_avatars_really_send() -> None:
    """At least 60 lines, in all channels, with every verdict."""
    script = read_script()
    channels = [line.submission["channel"] for line in script.lines]
    assert len(script.lines) >= 60
    assert set(channels) == {"space", "group", "dm", "comment", "live"}
    assert {line.expect.verdict for line in script.lines} == {"publish", "hold", "block"}
    assert len({line.id for line in script.lines}) == len(script.lines)
