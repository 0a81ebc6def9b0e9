"""One peer in a process and an environment of its own: `python -m bench.peers.worker NAME`.

Requests and answers are lines of JSON on standard input and output. Standard library alone, but
for the peer itself.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from bench.peers.adapters import ADAPTERS, Check


def main() -> None:
    answers = _own_output()
    check = ADAPTERS[sys.argv[1]]()
    with asyncio.Runner() as runner:
        _time(runner, check, ["a first message, so that nothing is loaded later"], at_once=1)
        _say(answers, {"ready": True})
        for line in sys.stdin:
            request = json.loads(line)
            if request["do"] == "time":
                answer: dict[str, Any] = _time(
                    runner, check, request["texts"], at_once=request["at_once"]
                )
            elif request["do"] == "flag":
                answer = {"flags": _flags(runner, check, request["texts"])}
            else:
                answer = {"rss_mb": _rss_mb()}
            _say(answers, answer)


def _own_output() -> IO[str]:
    """Standard output for answers alone: what a peer prints goes to standard error."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _flags(runner: asyncio.Runner, check: Check, texts: Sequence[str]) -> list[bool]:
    if not inspect.iscoroutinefunction(check):
        return [bool(check(text)) for text in texts]

    async def all_of_them() -> list[bool]:
        return [bool(await check(text)) for text in texts]

    return runner.run(all_of_them())


def _time(
    runner: asyncio.Runner, check: Check, texts: Sequence[str], *, at_once: int
) -> dict[str, Any]:
    """CPU seconds of the process for all `texts`, and the seconds that each took."""
    before = time.process_time()
    taken = (
        runner.run(_in_tasks(check, texts, at_once))
        if inspect.iscoroutinefunction(check)
        else _in_threads(check, texts, at_once)
    )
    return {"cpu": time.process_time() - before, "taken": taken}


async def _in_tasks(check: Any, texts: Sequence[str], at_once: int) -> list[float]:
    """`at_once` are asked together, and each is waited for from then on."""
    taken: list[float] = []

    async def one_of_them(text: str, asked: float) -> None:
        await check(text)
        taken.append(time.perf_counter() - asked)

    for start in range(0, len(texts), at_once):
        asked = time.perf_counter()
        together = texts[start : start + at_once]
        await asyncio.gather(*(one_of_them(text, asked) for text in together))
    return taken


def _in_threads(check: Any, texts: Sequence[str], at_once: int) -> list[float]:
    def timed(text: str, asked: float) -> float:
        check(text)
        return time.perf_counter() - asked

    if at_once == 1:
        return [timed(text, time.perf_counter()) for text in texts]
    taken: list[float] = []
    with ThreadPoolExecutor(at_once) as threads:
        for start in range(0, len(texts), at_once):
            together = texts[start : start + at_once]
            taken += threads.map(timed, together, [time.perf_counter()] * len(together))
    return taken


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
