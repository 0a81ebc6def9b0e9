"""Cold start until the gateway is ready, and its memory."""

from __future__ import annotations

import compileall
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil

import gateway
from bench.figure import Figure
from gateway.demo.processes import RunningDemo, running

ROUNDS = 5


def measure() -> Iterator[Figure]:
    # As it is once installed: pip compiles, a checkout may be set not to.
    compileall.compile_dir(Path(gateway.__file__).parent, quiet=1)
    seconds, megabytes = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as there:
            seconds.append(there.ready_s)
            megabytes.append(server_of(there).memory_info().rss / 1e6)
    yield Figure(
        key="start.ready_s",
        value=median(seconds),
        unit="s",
        bar=8,
        aim=2,
        n=ROUNDS,
        spread=(min(seconds), max(seconds)),
        note="a new data directory: keys and database are made too; files in the page cache",
    )
    yield Figure(
        key="start.rss_mb",
        value=median(megabytes),
        unit="MB",
        bar=400,
        aim=200,
        n=ROUNDS,
        spread=(min(megabytes), max(megabytes)),
    )


def server_of(there: RunningDemo) -> psutil.Process:
    """The gateway's process."""
    port = int(there.gateway.rsplit(":", 1)[1])
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == "LISTEN":
            return psutil.Process(connection.pid)
    raise RuntimeError(f"nothing listens on {port}")
