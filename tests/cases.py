"""Cases that `make fuzz` found: examples that broke a property once, replayed in every run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example

from tests.paths import ROOT

FOLDER = ROOT / "tests" / "properties" / "cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCase:
    """`test` is the id of the test without parameters; `arguments` are what it was given."""

    test: str
    arguments: Mapping[str, Any]


def read_cases(folder: Path = FOLDER) -> list[FoundCase]:
    return [
        FoundCase(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.json"))
    ]


def write_case(case: FoundCase, folder: Path) -> Path:
    """One file for each case; the same one again writes the same file."""
    text = json.dumps(asdict(case), ensure_ascii=False, indent=1) + "\n"
    data = text.encode("utf-8", "backslashreplace")  # as JSON writes half a character
    name, digest = case.test.rpartition("::")[2], hashlib.sha256(data).hexdigest()
    path = folder / f"{name}-{digest[:8]}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def case_of(nodeid: str, arguments: Mapping[str, Any]) -> FoundCase | None:
    """A case, when JSON can hold its arguments; tuples become lists."""
    try:
        held = json.loads(json.dumps(arguments))
    except TypeError:
        return None
    return FoundCase(test=nodeid.partition("[")[0], arguments=held) if held else None


def replay_cases(items: Sequence[pytest.Item], cases: Sequence[FoundCase] | None = None) -> None:
    """Let the tests of `items` begin with their cases."""
    found = read_cases() if cases is None else cases
    tests = {item.nodeid.partition("[")[0]: getattr(item, "obj", None) for item in items}
    for case in found:
        if (test := tests.get(case.test)) is not None:
            example(**case.arguments)(test)
