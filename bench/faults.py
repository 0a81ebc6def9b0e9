"""The results of `make torture` as figures: the trials take too long to be repeated here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figure import DataMissing, Figure

REPORT = Path("build/torture.json")


def measure() -> Iterator[Figure]:
    if not REPORT.exists():
        raise DataMissing("fault points are tried by `make torture`: run that first")
    report = json.loads(REPORT.read_text(encoding="utf-8"))
    engines = list(report.get("engines", {}).values())
    if engines:
        yield from _faults(engines)
    if mutants := report.get("mutants"):
        yield _mutants(list(mutants.values()))


def _faults(engines: list[dict[str, Any]]) -> Iterator[Figure]:
    tried = sum(engine["tried"] + engine["cuts"] for engine in engines)
    there = sum(engine.get("there", engine["tried"]) + engine["cuts"] for engine in engines)
    broken = [line for engine in engines for line in engine["violations"]]
    early = [line for engine in engines for line in engine["early"]]
    sent = sum(engine["sent"] + engine["answers"] for engine in engines)
    kills = sum(engine["duplicates"]["kills"] for engine in engines)
    yield Figure(
        key="audit.fault_points",
        value=tried,
        unit="points",
        bar=there,
        aim=there,
        n=there,
        lower_is_better=False,
        note="; ".join(
            f"{engine['engine']}: {engine['tried']} of {engine.get('there', engine['tried'])} "
            f"calls × KILL, EIO, ENOSPC, {engine['cuts']} power cuts"
            for engine in engines
        ),
    )
    yield Figure(
        key="audit.violations",
        value=len(broken),
        unit="violations",
        bar=0,
        aim=0,
        n=tried,
        note="; ".join(broken[:3]),
    )
    yield Figure(
        key="audit.sent_unsynced",
        value=len(early),
        unit="requests and answers",
        bar=0,
        aim=0,
        n=sent,
        note="left the process before the record was on the disk",
    )
    if kills:
        mean = sum(
            engine["duplicates"]["mean"] * engine["duplicates"]["kills"] for engine in engines
        )
        yield Figure(
            key="audit.duplicates_per_kill",
            value=mean / kills,
            unit="requests",
            bar=1,
            aim=0.1,
            n=kills,
            note="beyond the first for a message, all with the same key; at most "
            f"{max(engine['duplicates']['most'] for engine in engines)}",
        )


def _mutants(mutants: list[dict[str, Any]]) -> Figure:
    found = [mutant for mutant in mutants if mutant["by"]]
    lost = [mutant["name"] for mutant in mutants if not mutant["by"]]
    return Figure(
        key="audit.mutants_found",
        value=len(found),
        unit="planted faults",
        bar=len(mutants),
        aim=len(mutants),
        n=len(mutants),
        lower_is_better=False,
        note=f"not found: {', '.join(lost)}" if lost else "",
    )
