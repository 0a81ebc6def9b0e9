"""`make fuzz`: the property tests with new examples, round after round, until it is stopped.

What breaks a property is written below tests/properties/cases/, and `make test` replays it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from tests.cases import FOLDER
from tests.find_cases import FOLDER_VARIABLE
from tests.hypothesis_profiles import VARIABLE
from tests.paths import ROOT

_CODE_OF_FAILURES = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="stop after so long; else at Ctrl-C")
    parser.add_argument("--rounds", type=int, help="stop after so many rounds")
    parser.add_argument("--cases", type=Path, default=FOLDER, help="where cases are written")
    parser.add_argument("--workers", default="auto", help="how many processes, as pytest's -n")
    parser.add_argument("tests", nargs="*", default=["tests"], help="as for pytest")
    asked = parser.parse_args()
    until = None if asked.minutes is None else time.monotonic() + asked.minutes * 60
    before = set(asked.cases.glob("*.json"))
    rounds, code = 0, 0
    try:
        while code in {0, _CODE_OF_FAILURES} and rounds != asked.rounds:
            rounds += 1
            code = explore(asked.tests, asked.cases, workers=asked.workers, until=until)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        code = 0
    found = sorted(set(asked.cases.glob("*.json")) - before)
    print(f"{rounds} rounds, {len(found)} new cases", *found, sep="\n  ")  # noqa: T201
    return 1 if found else code


def explore(tests: list[str], cases: Path, *, workers: str, until: float | None) -> int:
    """One round with a seed of its own; the exit code of pytest."""
    seed = secrets.randbelow(1 << 32)
    command: list[str | Path] = [
        sys.executable, "-m", "pytest", "-q", "-p", "tests.find_cases", "-n", workers,
        "-c", ROOT / "pyproject.toml", "-m", "hypothesis and not programs",
        f"--hypothesis-seed={seed}", *tests,
    ]  # fmt: skip
    print(f"seed {seed}", flush=True)  # noqa: T201
    environment = {**os.environ, VARIABLE: "fuzz", FOLDER_VARIABLE: str(cases.absolute())}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as running:
        try:
            return running.wait(None if until is None else max(0.0, until - time.monotonic()))
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            running.terminate()
            raise


if __name__ == "__main__":
    sys.exit(main())
