"""`make bench-peers`: asks every peer of bench/peers/listed.py, in turn, prints a table, and writes
build/bench-peers.json and docs/peers.md with docs/peers.svg.

Every peer is a process in an environment of its own; rounds are interleaved, so that a drifting
machine hits all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.messages import MESSAGES
from bench.peers.corpora import personal, toxic
from bench.peers.listed import PEERS, Peer
from bench.peers.page import page
from bench.peers.plot import plot

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / "build" / "peers"
REPORT = ROOT / "build" / "bench-peers.json"
PAGE, PLOT = ROOT / "docs" / "peers.md", ROOT / "docs" / "peers.svg"
ROUNDS = 7
_OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
_WARM = ("write to jane.doe@example.com or call 202 555 0143", *MESSAGES)


class Asked:
    """A running peer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def answer(self, **request: Any) -> dict[str, Any]:
        if self._process.stdin is None:
            raise RuntimeError("the peer has no standard input")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self.line()

    def line(self) -> dict[str, Any]:
        line = "" if self._process.stdout is None else self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended; run it by hand to see why")
        answer: dict[str, Any] = json.loads(line)
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure us and others, on this machine, now.")
    parser.add_argument("--only", default="", help="names of peers, with commas between")
    given = parser.parse_args()
    console = Console()
    peers = [one for one in PEERS if not given.only or one.name in given.only.split(",")]
    report = _measure(peers, console)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    console.print(_table(report))
    if not given.only:
        PAGE.write_text(page(report), encoding="utf-8")
        PLOT.write_text(plot(report), encoding="utf-8")
        console.print(f"written: {REPORT.name}, {PAGE.name}, {PLOT.name}")


def _measure(peers: Sequence[Peer], console: Console) -> dict[str, Any]:
    figures: dict[str, dict[str, Any]] = {}
    corpora = {"pii": personal(), "toxicity": toxic()}
    with ExitStack() as stack:
        running: dict[str, Asked] = {}
        for peer in peers:
            console.print(f"starting {peer.title}")
            started = time.perf_counter()
            running[peer.name] = stack.enter_context(_start(peer))
            figures[peer.name] = {"start_s": time.perf_counter() - started, "cpu_ms": []}
            running[peer.name].answer(do="time", texts=_WARM, at_once=8)
        times: dict[str, dict[int, list[float]]] = {one.name: {1: [], 8: []} for one in peers}
        for _ in range(ROUNDS):
            for peer in random.sample(peers, len(peers)):
                for at_once in (1, 8):
                    texts = list(MESSAGES) * 4
                    answer = running[peer.name].answer(do="time", texts=texts, at_once=at_once)
                    times[peer.name][at_once] += answer["taken"]
                    if at_once == 1:
                        figures[peer.name]["cpu_ms"].append(answer["cpu"] * 1000 / len(texts))
        for peer in peers:
            console.print(f"asking {peer.title}")
            found = _findings(running[peer.name], peer, corpora[peer.task])
            rss = running[peer.name].answer(do="memory")["rss_mb"]
            figures[peer.name] |= _said(peer, figures[peer.name], times[peer.name], rss) | found
    return {
        "peers": figures,
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "load": os.getloadavg()[0],
        "rounds": ROUNDS,
    }


@contextmanager
def _start(peer: Peer) -> Iterator[Asked]:
    work = ENVIRONMENTS / "work" / peer.name
    work.mkdir(parents=True, exist_ok=True)
    with (work / "stderr").open("w") as errors:
        process = subprocess.Popen(
            [_python(peer), "-m", "bench.peers.worker", peer.name],
            cwd=work,
            env={**os.environ, **_OFFLINE, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        )
        with process:
            asked = Asked(process)
            try:
                asked.line()
                yield asked
            finally:
                if process.stdin is not None:
                    process.stdin.close()


def _python(peer: Peer) -> str:
    if peer.environment is None:
        return sys.executable
    return str(ENVIRONMENTS / peer.environment / "bin" / "python")


def _version(peer: Peer) -> str:
    code = f"from importlib.metadata import version; print(version({peer.package!r}))"
    answer = subprocess.run([_python(peer), "-c", code], capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def _said(
    peer: Peer, figures: dict[str, Any], times: dict[int, list[float]], rss: float
) -> dict[str, Any]:
    each = figures["cpu_ms"]
    return {
        "title": peer.title,
        "version": _version(peer),
        "task": peer.task,
        "settings": peer.settings,
        "cpu_ms": median(each),
        "cpu_ms_spread": [min(each), max(each)],
        "rss_mb": rss,
        **{
            f"p{rank}_ms_at_{at_once}": _rank(taken, rank) * 1000
            for at_once, taken in times.items()
            for rank in (50, 99)
        },
    }


def _rank(taken: Sequence[float], rank: int) -> float:
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, len(ordered) * rank // 100)]


def _findings(asked: Asked, peer: Peer, corpus: dict[str, list[str]]) -> dict[str, Any]:
    """Share of texts flagged, by part of the corpus; only of kinds that the peer is asked for."""
    flagged = {}
    for part, texts in corpus.items():
        claimed = part.split(":")[0] in {*peer.finds, "toxic", "clean", "leet"}
        if claimed:
            flags = asked.answer(do="flag", texts=texts)["flags"]
            flagged[part] = {"share": sum(flags) / len(flags), "n": len(flags)}
    return {"flagged": flagged}


def _table(report: dict[str, Any]) -> Table:
    table = Table("peer", "version", "CPU ms", "p50/p99 ms, 1", "p50/p99 ms, 8", "MB", "start s",
                  "finds", "false")  # fmt: skip
    for one in report["peers"].values():
        shares = [value["share"] for part, value in one["flagged"].items() if part != "clean"]
        table.add_row(
            one["title"],
            one["version"],
            f"{one['cpu_ms']:.2f}",
            f"{one['p50_ms_at_1']:.1f}/{one['p99_ms_at_1']:.1f}",
            f"{one['p50_ms_at_8']:.1f}/{one['p99_ms_at_8']:.1f}",
            f"{one['rss_mb']:.0f}",
            f"{one['start_s']:.1f}",
            f"{min(shares):.2f} – {max(shares):.2f}",
            f"{one['flagged']['clean']['share']:.3f}",
        )
    return table


if __name__ == "__main__":
    main()
