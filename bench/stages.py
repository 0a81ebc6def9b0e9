"""The CPU time of each stage of a decision, with the real rooms, against Presidio.

One message is under way at a time, and the detectors, which otherwise run side by side, take turns:
so all CPU time that the process spends while a stage runs, in whichever thread, belongs to it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.figure import Figure, ratio
from bench.pipeline import submission_in
from bench.presidio import NAME, baseline
from gateway.assembly.build import assemble
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.gateway import Gateway
from gateway.ports import PolicyGeneration
from gateway.settings import read_settings

ROUNDS: Final = 7  # turns of each side
PER_ROUND: Final = 160  # messages in a turn

PARTS: Final = {
    "read": (0.015, "normalise, language"),
    "pii": (0.03, "patterns and checksums"),
    "toxicity": (0.12, "the embedded network, a thread's wake-up"),
    "signals": (0.02, "phrase lists of all policies"),
    "contact": (0.015, "what the audience was told before"),
    "policy": (0.10, "28 packs in the embedded engine, a thread's wake-up"),
    "redact": (0.01, "typed placeholders"),
    "disclose": (0.06, "label, machine-readable marks, signed receipt"),
    "record": (0.08, "claim, sealing, log entry, commit on the writer's thread"),
    "rest": (0.05, "admission, deadlines, turns of the event loop"),
}
"""Each part's bar, which add up to that of pipeline.cpu_ratio, and its description."""


class Meter:
    """CPU seconds by part since the last reset. Parts are measured one at a time; the next one
    waits."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._turn = asyncio.Lock()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        before = time.process_time()
        try:
            yield
        finally:
            self.spent[name] += time.process_time() - before

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        async with self._turn:
            with self.part(name):
                yield

    def __call__(self, name: str, room: Any) -> Any:
        """Wrap `room`, an object or a function, so that every call of it is metered."""
        return _Metered(self, name, room)


class _Metered:
    def __init__(self, meter: Meter, name: str, room: Any) -> None:
        self._meter, self._name, self._room = meter, name, room

    def __call__(self, *given: Any) -> Any:
        with self._meter.part(self._name):
            return self._room(*given)

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._room, attribute)
        if iscoroutinefunction(found):

            async def waited(*given: Any, **named: Any) -> Any:
                async with self._meter.turn(self._name):
                    return await found(*given, **named)

            return waited
        return type(self)(self._meter, self._name, found) if callable(found) else found


def measure() -> Iterator[Figure]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server's
        yield from runner.run(_measure())


async def _measure() -> list[Figure]:
    taken: dict[str, list[float]] = {name: [] for name in PARTS}
    theirs: list[float] = []
    meter, numbers = Meter(), count(1)
    with tempfile.TemporaryDirectory() as folder, baseline() as presidio:
        async with assemble(read_settings(None, {"data_dir": Path(folder)})) as parts:
            await parts.opened.store.registry.put_creator("default", "bench", {}, actor="bench")
            gateway = Gateway(
                adapters=metered(parts.adapters, meter),
                limits=Limits(),
                now=lambda: datetime.now(UTC),
            )
            await _decide(gateway, numbers)
            for _ in range(ROUNDS):
                meter.spent.clear()
                began, before = time.perf_counter(), time.process_time()
                await _decide(gateway, numbers)
                spent = time.process_time() - before
                meter.spent["rest"] = spent - sum(meter.spent.values())
                for name, times in taken.items():
                    times.append(meter.spent[name] / PER_ROUND)
                idle = (time.perf_counter() - began - spent) / PER_ROUND
                theirs.append(presidio(max(0.0, idle)))
    return [_figure(name, taken[name], theirs) for name in PARTS]


def metered(adapters: Adapters, meter: Meter) -> Adapters:
    ledger = meter("record", adapters.ledger)
    ledger.contact = meter("contact", adapters.ledger).contact

    @contextmanager
    def metered_policies() -> Iterator[PolicyGeneration]:
        with adapters.policies() as policies:
            yield PolicyGeneration(
                signals=meter("signals", policies.signals), decide=meter("policy", policies).decide
            )

    return replace(
        adapters,
        ledger=ledger,
        read=meter("read", adapters.read),
        detectors=tuple(meter(detector.stage.value, detector) for detector in adapters.detectors),
        policies=metered_policies,
        redact=meter("redact", adapters.redact),
        discloser=meter("disclose", adapters.discloser),
    )


async def _decide(gateway: Gateway, numbers: Iterator[int]) -> None:
    for number in islice(numbers, PER_ROUND):
        outcome = await gateway.submit(submission_in(number))
        if outcome.judgement.text is None:
            reasons = outcome.judgement.reasons
            raise RuntimeError(f"an ordinary message was not published: {reasons}")


def _figure(name: str, ours: list[float], theirs: list[float]) -> Figure:
    value, spread = ratio(ours, theirs)
    bar, what = PARTS[name]
    return Figure(
        key=f"pipeline.part.{name}",
        value=value,
        unit="",
        bar=bar,
        aim=round(bar * 0.3, 4),
        n=ROUNDS * PER_ROUND,
        spread=spread,
        baseline=NAME,
        note=f"{what}; one message at a time",
    )
