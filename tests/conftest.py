"""What holds for every test: how examples are drawn, which servers are shared, what runs where."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.cases import replay_cases
from tests.hypothesis_profiles import load_profile
from tests.opa_program import opa
from tests.schedule import FileScheduling, in_order, is_slow_unit, needs_programs
from tests.stores import blank_postgres, blank_sqlite, postgres_server

__all__ = ["blank_postgres", "blank_sqlite", "opa", "postgres_server"]

PROFILE = load_profile()


def pytest_report_header() -> str:
    drawn = "the same every time" if settings.get_profile(PROFILE).derandomize else "at random"
    return f"hypothesis: profile {PROFILE}, examples drawn {drawn}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    replay_cases(items)
    for item in items:
        if needs_programs(item):
            item.add_marker(pytest.mark.programs)
        if is_slow_unit(item):
            item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FileScheduling:
    return FileScheduling(config, log)
