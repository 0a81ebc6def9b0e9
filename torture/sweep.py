"""Runs all trials: every fault point, every power cut, the order of sends, every mutant."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from torture import fault_points, powercut, send_order
from torture.engines import PostgresEngine, SqliteEngine, postgres_server
from torture.fake_platform import FakePlatform
from torture.fault_run import FaultPoint, FaultRunner, RunResult
from torture.mutants import MUTANTS, SQLITE, Mutant
from torture.send_order import SendOrder
from torture.strace import TracedCall, read_calls

_SPREAD = 16
"""Neighbouring fault points are tried in so many passes, so that a sweep that is interrupted has
tried points everywhere."""


@dataclass(slots=True)
class SweepReport:
    """The results on one engine; build/torture.json has its fields.

    `points` counts the faults tried of each kind, out of `there` in all. `duplicates` has, for each
    kill, the number of requests to the platform beyond the first.
    """

    engine: str
    points: dict[str, int] = field(default_factory=dict)
    there: int = 0
    cuts: int = 0
    sent: int = 0
    answers: int = 0
    early: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return sum(self.points.values())


OnStep = Callable[[SweepReport, str, int, int], None]
"""Takes the report so far, the present task, the trials done of it and the trials in all."""


@dataclass(frozen=True, slots=True)
class MutantReport:
    """How a mutant was found, after how many `trials`; `by` is "" when it was not found."""

    name: str
    what: str
    engine: str
    by: str
    showed: str
    trials: int


class EngineHarness:
    """Trials on one engine, and the fault points of a run without faults there."""

    def __init__(self, runner: FaultRunner, folder: Path) -> None:
        self.runner = runner
        self.folder = folder

    @property
    def name(self) -> str:
        return self.runner.engine.name

    def run_without_fault(self, mutant: str = "") -> tuple[RunResult, SendOrder, list[TracedCall]]:
        """Run the workload without a fault: the result, what left too early, and the trace."""
        server = isinstance(self.runner.engine, PostgresEngine)
        outcome = self.runner.run_traced(send_order.CALLS, mutant, server=server)
        calls = read_calls(self.runner.log)
        if server:
            return outcome, send_order.check_on_postgres(self.runner, calls), calls
        return outcome, send_order.check_on_sqlite(self.runner, calls, self.folder), calls

    def fault_points(self) -> list[FaultPoint]:
        """All fault points of the workload on this engine."""
        engine = self.runner.engine
        self.runner.run_traced((*send_order.CALLS, "fsync"))
        calls = read_calls(self.runner.log)
        if isinstance(engine, SqliteEngine):
            place = str(self.folder / "place")
            return [*fault_points.of_files(calls, place), *fault_points.of_network(calls)]
        found = [*fault_points.of_network(calls), *fault_points.of_database_connections(calls)]
        self.runner.run_traced(send_order.CALLS, server=True)
        calls = read_calls(self.runner.log)
        writer = _busiest_writer(calls)
        return [*found, *fault_points.of_server(calls, writer)]

    def power_cuts(
        self, calls: list[TracedCall], outcome: RunResult, *, every: int = 1
    ) -> Iterator[list[str]]:
        """For each power cut, at each send and after each sync: the promises that a restart from
        its files breaks."""
        runner = self.runner
        engine = runner.engine
        sent = list(powercut.sent_messages(calls, engine.settings["port"], runner.platform.port))
        for torn in (False, True):
            disk = powercut.SimulatedDisk(calls, self.folder / "blank", self.folder / "place")
            moments = disk.syncs() | {message.began for message in sent}
            for cut in list(disk.cuts(moments, torn=torn))[::every]:
                engine.fresh()
                powercut.write_disk(self.folder / "place", cut)
                history, received = powercut.history_until(cut.line, outcome.history, sent)
                runner.platform.clear(received)
                tried = runner.restart_and_check(history)
                yield [
                    f"power cut at line {cut.line}{' (torn)' * torn}: {violation}"
                    for violation in tried.violations
                ]


@contextmanager
def sqlite_harness(folder: Path) -> Iterator[EngineHarness]:
    """A harness on SQLite, with its files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with FakePlatform().running() as platform:
        yield EngineHarness(
            FaultRunner(SqliteEngine(folder, platform.port), platform, folder), folder
        )


@contextmanager
def postgres_harness(folder: Path) -> Iterator[EngineHarness]:
    """A harness on a PostgreSQL server of its own. Raises ImportError without PostgreSQL's wheel
    or driver."""
    folder.mkdir(parents=True, exist_ok=True)
    with postgres_server() as server, FakePlatform().running() as platform:
        engine = PostgresEngine(folder, platform.port, server)
        yield EngineHarness(FaultRunner(engine, platform, folder), folder)


def run_sweep(
    benches: Sequence[EngineHarness],
    *,
    every: int = 1,
    cuts: bool = True,
    step: OnStep = lambda *_: None,
) -> SweepReport:
    """Try the faults of one engine, in parallel on as many harnesses as are given. `every` n tries
    one of n fault points and power cuts, spread evenly."""
    bench = benches[0]
    found = SweepReport(bench.name)
    step(found, f"{bench.name}: the order", 0, 1)
    outcome, ordered, calls = bench.run_without_fault()
    found.violations += [f"no fault: {violation}" for violation in outcome.violations]
    found.sent, found.answers, found.early = ordered.sent, ordered.answers, ordered.early
    all_points = bench.fault_points()
    found.there = len(all_points)
    tried = all_points[::every]

    tried = [point for start in range(_SPREAD) for point in tried[start::_SPREAD]]
    idle: SimpleQueue[EngineHarness] = SimpleQueue()
    for one in benches:
        idle.put(one)

    def attempt(point: FaultPoint) -> tuple[FaultPoint, RunResult]:
        mine = idle.get()
        try:
            return point, mine.runner.run_with_fault(point)
        finally:
            idle.put(mine)

    with ThreadPoolExecutor(len(benches)) as pool:
        for number, (point, result) in enumerate(pool.map(attempt, tried), 1):
            kind = f"{point.where}: {point.call} × {point.fault.split('=')[1]}"
            found.points[kind] = found.points.get(kind, 0) + 1
            found.violations += [f"{point}: {violation}" for violation in result.violations]
            if point.kills:
                found.duplicates.append(result.duplicates)
            step(found, f"{bench.name}: fault points", number, len(tried))
    if isinstance(bench.runner.engine, SqliteEngine) and cuts:
        for number, broken in enumerate(bench.power_cuts(calls, outcome, every=every), 1):
            found.cuts = number
            found.violations += broken
            step(found, f"{bench.name}: power cuts", number, number)
    return found


def find_mutant(bench: EngineHarness, name: str, *, most: int = 10_000) -> MutantReport:
    """Look for a mutant: in a run without faults, in the order of its sends, then at up to `most`
    fault points, beginning with those where it should show."""
    mutant = MUTANTS[name]
    outcome, ordered, _ = bench.run_without_fault(name)
    if outcome.violations:
        return _mutant_report(name, mutant, "a run without faults", outcome.violations[0], 1)
    if ordered.early:
        what = "a power cut at a send" if mutant.engine == SQLITE else "the order of calls"
        return _mutant_report(name, mutant, what, ordered.early[0], 1)
    if name == "keys not synced":
        for number, broken in enumerate(bench.power_cuts(read_calls(bench.runner.log), outcome), 2):
            if broken:
                return _mutant_report(name, mutant, "a power cut and a restart", broken[0], number)
    tried = bench.fault_points()
    random.Random(name).shuffle(tried)  # noqa: S311 - only an order
    tried.sort(key=lambda point: (point.call, point.fault) != (mutant.call, mutant.fault))
    for number, point in enumerate(tried[:most], 1):
        violations = bench.runner.run_with_fault(point, name).violations
        if violations:
            return _mutant_report(name, mutant, str(point), violations[0], number + 1)
    return _mutant_report(name, mutant, "", "", min(len(tried), most) + 1)


def _mutant_report(name: str, mutant: Mutant, by: str, showed: str, trials: int) -> MutantReport:
    return MutantReport(name, mutant.what, mutant.engine, by, showed, trials)


def _busiest_writer(calls: list[TracedCall]) -> int:
    """The id of the thread that syncs PostgreSQL's WAL most often."""
    counts: dict[int, int] = {}
    for call in calls:
        if call.name == "fdatasync" and "/pg_wal/" in call.target:
            counts[call.thread] = counts.get(call.thread, 0) + 1
    return max(counts, key=lambda thread: counts[thread])
