"""A scratch copy of the sources, in which a test adds a thing as docs/architecture.md says."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.paths import ROOT

_COPIED = ("gateway", "bench", "policies", "tests", "docs")
_COMPILED = "*.pyc"
"""Copied as well, else each command compiles all sources again; never what a test touches."""
_DEADLINE_S = 280
"""Of one command: below the time-out of a test (pyproject.toml), for a busy machine."""


@dataclass(frozen=True, slots=True)
class ScratchCopy:
    """A copy of the sources in `folder`, and what a test does to it. `before` has the digest of
    each file as it was copied."""

    folder: Path
    before: Mapping[str, bytes]

    def write(self, path: str, text: str) -> None:
        """Write a new file. Raises FileExistsError for one that is there."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)

    def insert(self, path: str, text: str, *, after: str) -> None:
        """Insert `text` behind `after`, which must stand in the file exactly once."""
        file = self.folder / path
        before = file.read_text(encoding="utf-8")
        assert before.count(after) == 1, f"{path}: {before.count(after)} times {after!r}"
        file.write_text(before.replace(after, after + text), encoding="utf-8")

    def python(self, *arguments: str) -> str:
        """What `python ARGUMENTS` prints when it runs on the copy. Fails unless it succeeds."""
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_DEADLINE_S,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def gateway(self, *arguments: str) -> str:
        """What `avatar-gateway ARGUMENTS` prints when it runs on the copy."""
        return self.python("-m", "gateway", *arguments)

    def run_tests(self, *arguments: str) -> str:
        """What pytest prints for the copy's own tests. Fails when one fails or none is selected."""
        return self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *arguments)

    def touched(self) -> set[str]:
        """Paths of files that are new or changed."""
        now = _digests(self.folder)
        return {path for path, digest in now.items() if self.before.get(path) != digest}


def make_scratch_copy(folder: Path) -> ScratchCopy:
    """Copy the sources into the empty `folder`."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    return ScratchCopy(folder, _digests(folder))


def _digests(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file() and not path.match(_COMPILED)
    }


def documented_places(thing: str, **names: str) -> set[str]:
    """The paths that the table "To add something" lets one touch for `thing`, with `names` put in
    for its `<name>`s. A path that ends with "/" is a folder; what `make docs` writes counts."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| ([^|`]+) \| (.+) \|$", page.partition("## To add")[2]))
    paths = re.findall(r"`((?:gateway|policies|bench|tests|docs)/[^`]*)`", rows[thing])
    made = {"docs/reference/"} if "`make docs`" in rows[thing] else set()
    return made | {re.sub(r"<(\w+)>", lambda match: names[match[1]], path) for path in paths}


def outside(touched: set[str], places: set[str]) -> set[str]:
    """Those of `touched` that are none of `places` and in none of their folders."""
    patterns = [f"{place}*" if place.endswith("/") else place for place in places]
    return {path for path in touched if not any(fnmatch(path, pattern) for pattern in patterns)}
