"""Runs one trial: a gateway under strace, the workload, one fault; a restart, and the check of the
promises."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx

from torture import promises
from torture.engines import PostgresEngine, SqliteEngine
from torture.fake_platform import FakePlatform, ReceivedRequest
from torture.gateway_process import serve
from torture.strace import attached
from torture.workload import ClientHistory, WorkloadClient

_KILL = "signal=SIGKILL"
_PATIENCE_S = 90.0
"""Seconds to wait for a gateway to stop."""


@dataclass(frozen=True, slots=True)
class FaultPoint:
    """A place for a fault: the `number`-th `call` of a thread on `target` (a file of the store, or
    a kind of socket) fails or kills the process. `where` is "gateway", or "server" for the database
    server."""

    where: str
    target: str
    call: str
    fault: str
    number: int

    @property
    def kills(self) -> bool:
        return self.fault == _KILL

    def __str__(self) -> str:
        return f"{self.fault.split('=')[1]} at {self.call} {self.number} of {self.target}"


@dataclass(slots=True)
class RunResult:
    """The result of a trial: the broken promises, the platform's requests and the callers'
    answers."""

    violations: list[str]
    received: list[ReceivedRequest] = field(default_factory=list)
    history: ClientHistory = field(default_factory=ClientHistory)

    @property
    def duplicates(self) -> int:
        return promises.duplicates(self.received)


class FaultRunner:
    """Runs trials one after another, on one engine."""

    def __init__(
        self, engine: SqliteEngine | PostgresEngine, platform: FakePlatform, folder: Path
    ) -> None:
        self.engine = engine
        self.platform = platform
        self.folder = folder
        self.log = folder / "strace"
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["torture.gateway_process"])

    def run_traced(
        self, calls: tuple[str, ...], mutant: str = "", *, server: bool = False
    ) -> RunResult:
        """Run a trial without a fault, with a trace of `calls` in `log`. With `server`, the trace
        begins when the gateway is up, and includes the database server."""
        options = ["-s", "1000000", "-e", f"trace={','.join(calls)}"]
        return self._run(None, options, mutant, server=server)

    def run_with_fault(self, point: FaultPoint, mutant: str = "") -> RunResult:
        """Run a trial with a fault at this point."""
        options = ["-e", f"inject={point.call}:{point.fault}:when={point.number}"]
        options += ["-e", f"trace={point.call}"]
        if "/" in point.target or point.target.startswith(("gateway.db", "subject-keys.db")):
            options += [f"-P{self.folder / 'place' / point.target}"]
        return self._run(point, options, mutant, server=point.where == "server")

    def restart_and_check(self, history: ClientHistory, mutant: str = "") -> RunResult:
        """Run the second half of a trial: start a gateway on the files as they are, and check the
        promises."""
        violations = self._restart_and_check(self.engine.settings, history, mutant)
        return RunResult(violations, list(self.platform.received), history)

    def _run(
        self, point: FaultPoint | None, options: list[str], mutant: str, *, server: bool
    ) -> RunResult:
        settings = self.engine.fresh()
        self.platform.clear()
        history = ClientHistory()
        violations: list[str] = []
        with ExitStack() as stack:
            child, start = self.start_gateway(settings, mutant, stack)
            engine = self.engine
            if not server:
                follow = point is None or not point.target.startswith("TCP")
                stack.enter_context(attached([_pid(child)], options, self.log, follow=follow))
            start()
            caller = WorkloadClient(settings["port"], self.engine.token, child.is_alive, history)
            stack.callback(caller.close)
            if caller.wait_until_served():
                if server and isinstance(engine, PostgresEngine):
                    both = point is None
                    pids = [*engine.server_pids(writer_alone=not both), *[_pid(child)] * both]
                    stack.enter_context(attached(pids, options, self.log, follow=both))
                caller.run(engine.wait_until_up)
                killed = point is not None and point.kills and not server
                if not killed and child.is_alive() and not caller.recovered():
                    violations.append("it did not recover from a passing failure")
            elif point is None:
                raise RuntimeError(f"without a fault it does not start: {_log_tail(settings)}")
            stop_gateway(child)
        violations += self._restart_and_check(settings, history, mutant)
        return RunResult(violations, list(self.platform.received), history)

    def _restart_and_check(
        self, settings: Mapping[str, Any], history: ClientHistory, mutant: str
    ) -> list[str]:
        self.engine.wait_until_up()
        with ExitStack() as stack:
            child, start = self.start_gateway(settings, mutant, stack)
            start()
            caller = WorkloadClient(settings["port"], self.engine.token, child.is_alive, history)
            stack.callback(caller.close)
            if not caller.wait_until_served():
                return [f"it cannot be started again: {_log_tail(settings)}"]
            try:
                left = promises.observe_restart(caller)
            except httpx.TransportError as error:
                child.join(1)
                return [f"it stopped answering after the restart: {error}, exit {child.exitcode}"]
            stop_gateway(child)
        promises.verify_log(settings, history, left)
        return promises.broken_promises(history, list(self.platform.received), left)

    def start_gateway(
        self, settings: Mapping[str, Any], mutant: str, stack: ExitStack
    ) -> tuple[ForkServerProcess, Any]:
        """Start a gateway's process; return it, and a function that lets it begin. It waits until
        then, so that strace can attach."""
        mine, theirs = self._context.Pipe()
        child = self._context.Process(target=serve, args=(dict(settings), mutant, theirs))
        child.start()
        stack.callback(mine.close)
        stack.callback(theirs.close)
        stack.callback(child.close)
        stack.callback(kill_gateway, child)
        assert mine.recv() == "ready"

        def start() -> None:
            with suppress(OSError):  # it was killed already
                mine.send("go")

        return child, start


def stop_gateway(child: ForkServerProcess) -> None:
    """Stop a gateway as an operator does: SIGTERM, and wait."""
    if child.is_alive():
        with suppress(ProcessLookupError):  # a planted fault may end it at this very moment
            os.kill(_pid(child), signal.SIGTERM)
        child.join(_PATIENCE_S)


def kill_gateway(child: ForkServerProcess) -> None:
    """Kill a gateway that still runs."""
    if child.is_alive():
        child.kill()
    child.join()


def _pid(child: ForkServerProcess) -> int:
    assert child.pid is not None
    return child.pid


def _log_tail(settings: Mapping[str, Any]) -> str:
    return (Path(settings["data_dir"]) / "log").read_text(errors="replace")[-300:]
