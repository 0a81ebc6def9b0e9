"""Each Python file is under mypy --strict, and what steps outside says why."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
NOT_OURS = {"build", "dist", "var"}
IGNORE, CAST = "# type: " + "ignore", re.compile(r"(?<![\w.])cast\(")
IGNORE_WITH_REASON = re.compile(re.escape(IGNORE) + r"\[[a-z, -]+\] # \S")


def _sources() -> Iterator[Path]:
    """All Python files of the repository, relative to it."""
    yield from (path.relative_to(ROOT) for path in ROOT.glob("*.py"))
    for folder in ROOT.iterdir():
        if folder.is_dir() and folder.name not in NOT_OURS and not folder.name.startswith("."):
            yield from (path.relative_to(ROOT) for path in folder.rglob("*.py"))


def test_every_file_is_checked() -> None:
    assert MYPY["strict"] is True
    folders = [Path(folder) for folder in MYPY["files"]]
    unchecked = [path for path in _sources() if not any(map(path.is_relative_to, folders))]
    assert unchecked == []


def test_what_is_ignored_or_cast_says_why() -> None:
    silent = [
        f"{path}:{number}"
        for path in _sources()
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if (IGNORE in line and not IGNORE_WITH_REASON.search(line))
        or (CAST.search(line) and "  # " not in line)
    ]
    assert silent == []
