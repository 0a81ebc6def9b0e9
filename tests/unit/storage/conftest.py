"""Stores on SQLite: tests/contracts/ holds what both engines must keep to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.stores import clock, place, reopen, samples, store

__all__ = ["clock", "place", "reopen", "samples", "store"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "gateway.db"


@pytest.fixture
def url(path: Path, blank_sqlite: Path) -> str:
    shutil.copy(blank_sqlite, path)
    return f"sqlite:///{path}"
