"""Finds files that other packages ship."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def package_file(module: str, name: str) -> Path:
    """The path of the file `name` within the folder of the installed `module`. When that is
    missing, exits with a message that says how to install it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{module} is missing: pip install -r training/requirements.txt")
    return Path(spec.origin).parent / name
