"""Gateways to torment. Without strace, or without the right to use it: skipped on a desk, an error
in CI."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.strace import why_unusable
from torture.sweep import Bench, postgres_bench, sqlite_bench


def _needed(problem: str) -> None:
    if problem and os.environ.get("CI") == "true":
        pytest.fail(problem)
    if problem:
        pytest.skip(problem)


@pytest.fixture(scope="session")
def traceable() -> None:
    _needed(why_unusable())


@pytest.fixture(scope="module")
def lite(traceable: None) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder, sqlite_bench(Path(folder)) as made:
        yield made


@pytest.fixture(scope="module")
def server(traceable: None) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = postgres_bench(Path(folder))
            bench = made.__enter__()
        except ImportError as error:
            _needed(f"PostgreSQL is not tried here: {error.name} is not installed")
        try:
            yield bench
        finally:
            made.__exit__(None, None, None)
