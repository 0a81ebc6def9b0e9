"""Gateways to torment. Without strace, or without the right to use it: skipped on a desk, an error
in CI."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.missing import missing
from torture.strace import why_unusable
from torture.sweep import EngineHarness, postgres_harness, sqlite_harness


@pytest.fixture(scope="session")
def traceable() -> None:
    problem = why_unusable()
    if problem:
        missing("strace", get=f"apt-get install strace ({problem})")


@pytest.fixture(scope="module")
def lite(traceable: None) -> Iterator[EngineHarness]:
    with tempfile.TemporaryDirectory() as folder, sqlite_harness(Path(folder)) as made:
        yield made


@pytest.fixture(scope="module")
def server(traceable: None) -> Iterator[EngineHarness]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = postgres_harness(Path(folder))
            bench = made.__enter__()
        except ImportError as error:
            missing("PostgreSQL", get=f"pip install {error.name}")
        try:
            yield bench
        finally:
            made.__exit__(None, None, None)
