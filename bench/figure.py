"""One measured figure, and the small tools that every measurement uses."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class DataMissing(RuntimeError):
    """The labelled data is missing; the message says how to point at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure. `key` is the dotted name in docs/benchmarks.md. `baseline` names what a
    ratio is against. `spread` is (lowest, highest) over repetitions. `lower_is_better` says on
    which side of the bar the value must be."""

    key: str
    value: float
    unit: str
    bar: float
    aim: float
    n: int
    baseline: str = ""
    spread: tuple[float, float] | None = None
    lower_is_better: bool = True
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.bar if self.lower_is_better else self.value >= self.bar

    @property
    def reaches_aim(self) -> bool:
        return self.value <= self.aim if self.lower_is_better else self.value >= self.aim


def labelled_data(name: str) -> Path:
    """The path of a labelled data file below LABELLED_DATA (see bench/DATA.md)."""
    root = os.environ.get("LABELLED_DATA")
    if root is None:
        raise DataMissing("set LABELLED_DATA to the folder described in bench/DATA.md")
    path = Path(root) / name
    if not path.exists():
        raise DataMissing(f"{name} is not below LABELLED_DATA; bench/DATA.md says where it is from")
    return path


def cpu_interleaved(
    candidates: Sequence[Callable[[], object]], *, rounds: int = 5
) -> list[list[float]]:
    """Process CPU seconds of each candidate in each round. Candidates take turns, so that a
    drifting machine affects all alike; one uncounted round comes first."""
    for candidate in candidates:
        candidate()
    taken: list[list[float]] = [[] for _ in candidates]
    for _ in range(rounds):
        for index, candidate in enumerate(candidates):
            before = time.process_time()
            candidate()
            taken[index].append(time.process_time() - before)
    return taken


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Median and range of the ratios of paired values."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return median(ratios), (min(ratios), max(ratios))
