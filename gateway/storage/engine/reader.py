"""Reads: each statement sees what was durable when it began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Connection, Cursor, Row, Statement

T = TypeVar("T")


class DatabaseReader:
    """Connections that only read. Belongs to one event loop."""

    def __init__(self, database: Database, *, threads: int = 4) -> None:
        self._database = database
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="storage-read")
        self._near: Cursor | None = None
        self._near_connection: Connection | None = None

    async def one(self, statement: Statement, **values: Any) -> Row | None:
        """The first row of a point read."""
        rows = await self.few(statement, **values)
        return rows[0] if rows else None

    async def few(self, statement: Statement, **values: Any) -> list[Row]:
        """For reads of a few rows by an index: where the engine allows, they run at once."""
        if not self._database.inline:
            return await self.many(statement, **values)
        params = statement.row(values)
        try:
            if self._near is None:
                self._near_connection = self._database.connect_reader()
                self._near = self._near_connection.cursor()
            return _all(self._near, statement.sql, params)
        except self._database.error as error:
            raise self._unusable(error) from error

    async def many(self, statement: Statement, **values: Any) -> list[Row]:
        """All rows, read in a thread."""
        params = statement.row(values)
        return await self._apart(lambda cursor: _all(cursor, statement.sql, params))

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()
        if self._near_connection is not None:
            self._near_connection.close()

    async def _apart(self, read: Callable[[Cursor], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._in_thread, read)

    def _in_thread(self, read: Callable[[Cursor], T]) -> T:
        """A connection that sat idle may have been cut by the server: then once more."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            return self._afresh(read)
        try:
            found = read(connection.cursor())
        except self._database.error:
            self._drop(connection)
            return self._afresh(read)
        self._idle.put(connection)
        return found

    def _afresh(self, read: Callable[[Cursor], T]) -> T:
        connection = None
        try:
            connection = self._database.connect_reader()
            found = read(connection.cursor())
        except self._database.error as error:
            if connection is not None:
                self._drop(connection)
            raise self._unusable(error) from error
        self._idle.put(connection)
        return found

    def _drop(self, connection: Connection) -> None:
        with suppress(self._database.error):
            connection.close()

    def _unusable(self, error: Exception) -> DatabaseUnusable:
        return DatabaseUnusable(
            self._database.name,
            f"cannot be read ({type(error).__name__})",
            "See that it is there and can be reached",
        )


def _all(cursor: Cursor, sql: str, params: Row) -> list[Row]:
    cursor.execute(sql, params)
    return cursor.fetchall()
