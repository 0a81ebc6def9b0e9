"""Which tests run in one worker, and in which order, when pytest-xdist shares them out."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/sdk/", "tests/api/")
"""Folders whose files share servers or a gateway: each goes to one worker."""

APART = frozenset({"tests/api/test_schemathesis.py", "tests/api/test_proxy.py"})
"""Files of those folders that have servers of their own."""

SLOW_FIRST: tuple[str, ...] = ()
"""The slowest groups, the slowest first: none of them is left for the end, when the other workers
have nothing to do. From `pytest --durations=0` on two cores."""

_RANK = {name: rank for rank, name in enumerate(SLOW_FIRST)}
_PROGRAM_FIXTURES = frozenset({"postgres_server", "blank_postgres", "opa"})


def group_of(nodeid: str) -> str:
    """The file of a test, or the folder it shares servers with."""
    path = nodeid.partition("::")[0]
    if path in APART:
        return path
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Slow groups first; otherwise as they were."""
    return sorted(items, key=lambda item: _RANK.get(group_of(item.nodeid), len(_RANK)))


def needs_programs(item: pytest.Item) -> bool:
    """Whether a test of the unit tests starts PostgreSQL or OPA."""
    used = set(getattr(item, "fixturenames", ()))
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return not _PROGRAM_FIXTURES.isdisjoint(used) or "postgres" in parameters.values()


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Sends whole groups to a worker, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        config.option.loadscopereorder = False  # else groups of many tests come first
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
