"""The verifier stands alone: also where import-linter's list of libraries is not complete."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import gateway
import gateway.verifier

FOLDER = Path(gateway.verifier.__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_python_and_cryptography_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            root = name.partition(".")[0]
            ours = name.startswith("gateway.verifier.")
            assert ours or root == "cryptography" or root in sys.stdlib_module_names, name


def test_what_lies_above_it_holds_no_code() -> None:
    """`gateway/__init__.py` is not in the zipapp: one line takes its place."""
    assert gateway.__file__ is not None
    tree = ast.parse(Path(gateway.__file__).read_text(encoding="utf-8"))
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


def test_it_stays_small() -> None:
    """An auditor reads it in an afternoon."""
    assert sum(path.read_text("utf-8").count("\n") for path in FOLDER.glob("*.py")) < 1_700
