"""`make torture`: runs all trials, prints tables, writes build/torture.json."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from torture.mutants import MUTANTS
from torture.strace import why_unusable
from torture.sweep import (
    EngineHarness,
    MutantReport,
    SweepReport,
    find_mutant,
    postgres_harness,
    run_sweep,
    sqlite_harness,
)

REPORT = Path("build/torture.json")
ENGINES = ("sqlite", "postgres")


def main() -> int:
    """Run the command; return 1 when a promise was broken or a mutant was not found."""
    parser = argparse.ArgumentParser(description="Kill and fail a gateway at each of its calls.")
    parser.add_argument(
        "--engines",
        default=",".join(ENGINES),
        help="database engines to try, separated by commas (sqlite, postgres)",
    )
    parser.add_argument(
        "--every", type=int, default=1, help="try one of so many fault points and power cuts"
    )
    parser.add_argument("--lanes", type=int, default=2, help="trials to run in parallel")
    parser.add_argument("--no-faults", action="store_true", help="only look for mutants")
    parser.add_argument("--no-mutants", action="store_true", help="only inject faults")
    parser.add_argument(
        "--mutants", default=",".join(MUTANTS), help="mutants to look for, separated by commas"
    )
    given = parser.parse_args()
    console = Console()
    if problem := why_unusable():
        console.print(problem, style="red", markup=False)
        return 2
    found, mutants = _run_engines(given, console)
    console.print(_fault_points_table(found))
    console.print(_mutants_table(mutants))
    broken = [line for report in found for line in (*report.violations, *report.early)]
    for line in broken[:50]:
        console.print(line, style="red", markup=False)
    _write_report(found, mutants)
    console.print(f"written to {REPORT}")
    return 1 if broken or any(not mutant.by for mutant in mutants) else 0


def _run_engines(
    given: argparse.Namespace, console: Console
) -> tuple[list[SweepReport], list[MutantReport]]:
    found: list[SweepReport] = []
    mutants: list[MutantReport] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        tempfile.TemporaryDirectory(prefix="gateway-torture-") as folder,
        Progress(*columns, TimeRemainingColumn(), console=console) as progress,
    ):
        for engine in given.engines.split(","):
            with ExitStack() as stack:
                harnesses = [
                    stack.enter_context(harness)
                    for harness in _harnesses(engine, folder, given.lanes)
                ]
                if not given.no_faults:
                    found.append(_run_sweep(harnesses, given.every, progress))
                    _write_report(found, mutants)
                if not given.no_mutants:
                    mutants += _find_mutants(harnesses[0], given.mutants.split(","), progress)
                    _write_report(found, mutants)
    return found, mutants


def _harnesses(
    engine: str, folder: str, lanes: int
) -> Iterator[AbstractContextManager[EngineHarness]]:
    bench = postgres_harness if engine == "postgres" else sqlite_harness
    for lane in range(lanes):
        yield bench(Path(folder) / f"{engine}-{lane}")


def _run_sweep(harnesses: list[EngineHarness], every: int, progress: Progress) -> SweepReport:
    tasks: dict[str, TaskID] = {}

    def step(so_far: SweepReport, what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = progress.add_task(what, total=of)
        progress.update(tasks[what], completed=done, total=of)
        if done % 25 == 0:
            _write_report([so_far], [])
            if not progress.console.is_terminal:
                progress.console.print(f"{what}: {done} of {of}")

    return run_sweep(harnesses, every=every, step=step)


def _find_mutants(bench: EngineHarness, names: list[str], progress: Progress) -> list[MutantReport]:
    mine = [name for name in names if MUTANTS[name].engine == bench.name]
    task = progress.add_task(f"{bench.name}: planted faults", total=len(mine))
    mutants = []
    for name in mine:
        mutants.append(find_mutant(bench, name))
        progress.console.print(f"{name}: {mutants[-1].by or 'NOT FOUND'}", markup=False)
        progress.advance(task)
    return mutants


def _fault_points_table(found: list[SweepReport]) -> Table:
    table = Table("engine", "call × fault", "tried", "violations", title="Fault points")
    for report in found:
        for kind, count in sorted(report.points.items()):
            table.add_row(report.engine, kind, str(count), "")
        table.add_row(report.engine, "power cuts", str(report.cuts), "")
        left = f"{report.sent} requests, {report.answers} answers"
        table.add_row(
            report.engine, "left before its record was synced", left, str(len(report.early))
        )
        table.add_row(report.engine, "all", str(report.tried), str(len(report.violations)))
    return table


def _mutants_table(mutants: list[MutantReport]) -> Table:
    table = Table("planted fault", "what it does", "found by", "trials", title="Planted faults")
    for mutant in mutants:
        by = mutant.by or "[red]NOT FOUND[/]"
        table.add_row(
            mutant.name,
            mutant.what,
            f"{by}: {mutant.showed}" if mutant.by else by,
            str(mutant.trials),
        )
    return table


def _write_report(found: list[SweepReport], mutants: list[MutantReport]) -> None:
    """Merge these results into the file, which has those of earlier runs with other options."""
    REPORT.parent.mkdir(exist_ok=True)
    report = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
    for sweep in found:
        report.setdefault("engines", {})[sweep.engine] = {
            **asdict(sweep),
            "tried": sweep.tried,
            "duplicates": {
                "kills": len(sweep.duplicates),
                "most": max(sweep.duplicates, default=0),
                "mean": round(mean(sweep.duplicates), 4) if sweep.duplicates else 0,
            },
        }
    for mutant in mutants:
        report.setdefault("mutants", {})[mutant.name] = asdict(mutant)
    REPORT.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
