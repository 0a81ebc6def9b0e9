"""A sample of what `make torture` tries: one point of each kind, and some planted faults."""

from __future__ import annotations

from itertools import groupby

import pytest

from torture.fault_run import FaultPoint
from torture.mutants import MUTANTS
from torture.sweep import EngineHarness, find_mutant

_SOON = ("nobody is called", "synchronous=NORMAL", "outbox apart")


def one_of_each(points: list[FaultPoint]) -> list[FaultPoint]:
    """The middle one of each call on each target, but for the key file's, which are many; the
    faults take turns."""
    kept = [point for point in points if "subject-keys" not in point.target]
    groups = groupby(sorted(kept, key=_kind), key=_kind)
    found = []
    for number, (_, group) in enumerate(groups):
        some = list(group)
        faults = sorted({point.fault for point in some})
        same = [point for point in some if point.fault == faults[number % len(faults)]]
        found.append(same[len(same) // 2])
    return found


def _kind(point: FaultPoint) -> tuple[str, str, str]:
    return point.where, point.target, point.call


def test_on_sqlite_nothing_leaves_before_its_record_is_on_the_disk(lite: EngineHarness) -> None:
    outcome, order, calls = lite.run_without_fault()
    assert outcome.violations == []
    assert order.early == []
    assert order.sent >= 6
    for number, broken in enumerate(lite.power_cuts(calls, outcome)):
        assert broken == []
        if number == 2:
            break


def test_on_sqlite_faults_break_no_promise(lite: EngineHarness) -> None:
    tried = one_of_each(lite.fault_points())
    assert len(tried) >= 6
    broken = [
        f"{one}: {what}" for one in tried for what in lite.runner.run_with_fault(one).violations
    ]
    assert broken == []


@pytest.mark.parametrize("name", _SOON)
def test_a_planted_fault_is_found(lite: EngineHarness, name: str) -> None:
    assert find_mutant(lite, name, most=40).by


def test_on_postgres_nothing_leaves_before_its_record_is_on_the_disk(server: EngineHarness) -> None:
    outcome, order, _ = server.run_without_fault()
    assert outcome.violations == []
    assert order.early == []
    assert order.sent >= 6
    assert find_mutant(server, "synchronous_commit=off").by == "the order of calls"


def test_on_postgres_faults_break_no_promise(server: EngineHarness) -> None:
    tried = one_of_each(server.fault_points())
    assert len(tried) >= 5
    broken = [
        f"{one}: {what}" for one in tried for what in server.runner.run_with_fault(one).violations
    ]
    assert broken == []


def test_there_are_mutants_for_both_engines() -> None:
    assert len(MUTANTS) >= 15
    assert {one.engine for one in MUTANTS.values()} == {"SQLite", "PostgreSQL"}
