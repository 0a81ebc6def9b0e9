"""Where the files lie that other packages ship."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def package_file(module: str, name: str) -> Path:
    """`name`, a path within the folder of an installed `module`. Exits with the mend without it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{module} is missing: pip install -r training/requirements.txt")
    return Path(spec.origin).parent / name
