"""Starts the gateway and the sandbox platform as processes of their own, and stops them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway.demo.channels import write_route
from gateway.demo.sandbox import SECRET_VARIABLE
from gateway.errors import GatewayError

ENV_PREFIX = "AVATAR_GATEWAY_"
SANDBOX_LOG = "sandbox.log"


class NotStarted(GatewayError):
    """A process of the demo did not become ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDemo:
    """The base URLs of both processes, where the gateway keeps its data, and how long they took to
    become ready."""

    gateway: str
    sandbox: str
    data_dir: Path
    ready_s: float


def command(*arguments: str) -> list[str]:
    """The command that runs this program with this interpreter."""
    return [sys.executable, "-m", "gateway", *arguments]


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process with these settings of a gateway and no others: it may hold
    a real gateway's settings. A settings file in the working directory is read too, so the process
    must run in a folder that has none."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    return others | {ENV_PREFIX + name.upper(): value for name, value in settings.items()}


@contextmanager
def running(
    data_dir: Path, *, patience_s: float = 60, services: bool = False, **more: str
) -> Iterator[RunningDemo]:
    """Run both processes on free loopback ports until the block ends; their logs are in `data_dir`.
    `more` are settings. With `services`, the sandbox is also the gateway's generator and a platform
    behind its proxy. Raises NotStarted when one is not ready within `patience_s`."""
    secret = os.urandom(32).hex()
    gateway_port, sandbox_port = _free_port(), _free_port()
    gateway, sandbox = (f"http://127.0.0.1:{port}" for port in (gateway_port, sandbox_port))
    if services:
        more |= {"upstream_url": f"{sandbox}/v1", "routes_dir": str(data_dir / "routes")}
        write_route(data_dir / "routes", sandbox)
    settings = environment(
        data_dir=str(data_dir),
        port=str(gateway_port),
        public_url=gateway,
        sandbox_url=f"{sandbox}/messages",
        webhook_secret=secret,
        **more,
    )
    sandbox_environment = environment() | {SECRET_VARIABLE: secret}
    began = time.monotonic()
    sandbox_command = [sys.executable, "-m", "gateway.demo.sandbox", "--port", str(sandbox_port)]
    with (
        _running_process("sandbox", sandbox_command, data_dir, sandbox_environment) as platform,
        _running_process("gateway", command("serve"), data_dir, settings) as server,
    ):
        _wait_until_ready(f"{sandbox}/messages", platform, data_dir / SANDBOX_LOG, patience_s)
        _wait_until_ready(f"{gateway}/readyz", server, data_dir / "gateway.log", patience_s)
        ready_s = time.monotonic() - began
        yield RunningDemo(gateway=gateway, sandbox=sandbox, data_dir=data_dir, ready_s=ready_s)


@contextmanager
def _running_process(
    name: str, arguments: list[str], data_dir: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with (data_dir / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            arguments, cwd=data_dir, stdout=log, stderr=subprocess.STDOUT, env=dict(env)
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(
    url: str, process: subprocess.Popen[bytes], log: Path, patience_s: float
) -> None:
    until = time.monotonic() + patience_s
    with httpx.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < until and process.poll() is None:
            with suppress(httpx.TransportError):
                if client.get(url).status_code == httpx.codes.OK:
                    return
            time.sleep(0.05)
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
    raise NotStarted(f"{url} did not become ready; the end of {log}:\n" + "\n".join(last))
