"""Starts the gateway and the sandbox platform as processes of their own, and stops them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway.errors import GatewayError


class NotStarted(GatewayError):
    """A process of the demo did not become ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Base URLs, and where the gateway keeps its data."""

    gateway: str
    sandbox: str
    data_dir: Path
    ready_s: float


def command(*arguments: str) -> list[str]:
    """This program, run by this interpreter."""
    return [sys.executable, "-m", "gateway", *arguments]


@contextmanager
def running(data_dir: Path, *, patience_s: float = 60) -> Iterator[Running]:
    """Both processes on free loopback ports; their logs are in `data_dir`."""
    secret = os.urandom(32).hex()
    gateway_port, sandbox_port = _free_port(), _free_port()
    gateway, sandbox = (f"http://127.0.0.1:{port}" for port in (gateway_port, sandbox_port))
    environment = {
        **os.environ,
        "AVATAR_GATEWAY_DATA_DIR": str(data_dir),
        "AVATAR_GATEWAY_PORT": str(gateway_port),
        "AVATAR_GATEWAY_PUBLIC_URL": gateway,
        "AVATAR_GATEWAY_SANDBOX_URL": f"{sandbox}/messages",
        "AVATAR_GATEWAY_WEBHOOK_SECRET": secret,
        "SANDBOX_WEBHOOK_SECRET": secret,
    }
    began = time.monotonic()
    sandbox_command = [sys.executable, "-m", "gateway.demo.sandbox", "--port", str(sandbox_port)]
    with (
        _process("sandbox", sandbox_command, data_dir, environment) as platform,
        _process("gateway", command("serve"), data_dir, environment) as server,
    ):
        _await(f"{sandbox}/messages", platform, data_dir / "sandbox.log", patience_s)
        _await(f"{gateway}/readyz", server, data_dir / "gateway.log", patience_s)
        ready_s = time.monotonic() - began
        yield Running(gateway=gateway, sandbox=sandbox, data_dir=data_dir, ready_s=ready_s)


@contextmanager
def _process(
    name: str, arguments: list[str], data_dir: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with (data_dir / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            arguments, stdout=log, stderr=subprocess.STDOUT, env=dict(environment)
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


def _await(url: str, process: subprocess.Popen[bytes], log: Path, patience_s: float) -> None:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
    raise NotStarted(f"{url} did not become ready; the end of {log}:\n" + "\n".join(last))
