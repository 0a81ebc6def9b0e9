"""The gateway as a process of its own: started, stopped, killed."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.house import SECRET
from tests.paths import ROOT
from tests.patience import PATIENCE_S, PATIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A gateway that is ready. `log` is what it writes to standard error."""

    process: subprocess.Popen[bytes]
    url: str
    data_dir: Path
    log: Path

    @property
    def headers(self) -> dict[str, str]:
        """An admin's."""
        token = (self.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
        return {"Authorization": f"Bearer {token}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=PATIENCE_S)


def environment(data_dir: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Only these settings and PATIENT, whatever the tests are run with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AVATAR_")}
    given = {"data_dir": data_dir, "webhook_secret": SECRET, **PATIENT, **settings}
    return kept | {f"AVATAR_GATEWAY_{name.upper()}": str(value) for name, value in given.items()}


_PORTS = itertools.count(97 * os.getpid())


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to clients. Processes that
    run at once begin to look at different places, and none is given out twice."""
    while True:
        port = 10_000 + next(_PORTS) % 20_000
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def run(data_dir: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """One command, to its end. Should `serve` serve after all, it fails after a while."""
    return run_in(ROOT, data_dir, *arguments, **settings)


def run_in(
    cwd: Path, data_dir: Path, *arguments: str, **settings: object
) -> subprocess.CompletedProcess[str]:
    """The same, with another folder as the program's own."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=cwd,
        env=environment(data_dir, settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def serving(data_dir: Path, **settings: object) -> AbstractContextManager[Serving]:
    """Ready when it is given out; stopped with SIGTERM if it still runs at the end."""
    return _serving("gateway", data_dir, settings)


def unhurried(data_dir: Path, **settings: object) -> AbstractContextManager[Serving]:
    """As `serving`; streams wait for the end of a sentence, however long that takes."""
    return _serving("tests.unhurried", data_dir, settings)


@contextmanager
def _serving(module: str, data_dir: Path, settings: dict[str, object]) -> Iterator[Serving]:
    settings.setdefault("port", free_port())
    log = data_dir.with_suffix(".log")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "serve"],
            cwd=ROOT,
            env=environment(data_dir, settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    there = Serving(
        process=process, url=f"http://127.0.0.1:{settings['port']}", data_dir=data_dir, log=log
    )
    try:
        await_url(process, f"{there.url}/readyz", log)
        yield there
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()


@contextmanager
def sandbox_process(folder: Path) -> Iterator[str]:
    """The sandbox platform; where it takes messages."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/messages"
    with (folder / "sandbox.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.demo.sandbox", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "SANDBOX_WEBHOOK_SECRET": SECRET},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        await_url(process, url, folder / "sandbox.log")
        yield url
    finally:
        process.kill()
        process.wait()


def await_url(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    with httpx.Client(timeout=60) as client:  # one: making its TLS context takes 30 ms of CPU
        while time.monotonic() < until:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            try:
                if client.get(url).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))
