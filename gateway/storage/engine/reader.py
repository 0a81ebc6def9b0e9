"""Reads outside of writing transactions. Each statement sees what was durable when it began."""

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
    """Runs reading statements on connections that cannot write. Belongs to one event loop.
    Methods raise DatabaseUnusable."""

    def __init__(self, database: Database, *, threads: int = 4) -> None:
        self._database = database
        self._idle: SimpleQueue[Connection] = SimpleQueue()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="storage-read")
        self._loop_cursor: Cursor | None = None
        self._loop_connection: Connection | None = None

    async def one(self, statement: Statement, **values: Any) -> Row | None:
        """Run a read of at most one row; return the row, or None."""
        rows = await self.few(statement, **values)
        return rows[0] if rows else None

    async def few(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a read of a few rows by an index. An inline engine does it on the event loop,
        which is quicker than a change of threads."""
        if not self._database.inline:
            return await self.many(statement, **values)
        params = statement.row(values)
        try:
            if self._loop_cursor is None:
                self._loop_connection = self._database.connect_reader()
                self._loop_cursor = self._loop_connection.cursor()
            return _fetch_all(self._loop_cursor, statement.sql, params)
        except self._database.error as error:
            raise self._unusable_error(error) from error

    async def many(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a read of any number of rows, in a thread."""
        params = statement.row(values)
        return await self._in_pool(lambda cursor: _fetch_all(cursor, statement.sql, params))

    async def close(self) -> None:
        """Wait for reads that are under way, and close all connections."""
        await asyncio.to_thread(self._pool.shutdown)
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()
        if self._loop_connection is not None:
            self._loop_connection.close()

    async def _in_pool(self, read: Callable[[Cursor], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._in_thread, read)

    def _in_thread(self, read: Callable[[Cursor], T]) -> T:
        """Read on an idle connection. The server may have cut it meanwhile: after an error, read
        again on a new one."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            return self._read_on_new_connection(read)
        try:
            result = read(connection.cursor())
        except self._database.error:
            self._close_quietly(connection)
            return self._read_on_new_connection(read)
        self._idle.put(connection)
        return result

    def _read_on_new_connection(self, read: Callable[[Cursor], T]) -> T:
        connection = None
        try:
            connection = self._database.connect_reader()
            result = read(connection.cursor())
        except self._database.error as error:
            if connection is not None:
                self._close_quietly(connection)
            raise self._unusable_error(error) from error
        self._idle.put(connection)
        return result

    def _close_quietly(self, connection: Connection) -> None:
        with suppress(self._database.error):
            connection.close()

    def _unusable_error(self, error: Exception) -> DatabaseUnusable:
        return DatabaseUnusable(
            self._database.name,
            f"cannot be read ({type(error).__name__})",
            "See that it is there and can be reached",
        )


def _fetch_all(cursor: Cursor, sql: str, params: Row) -> list[Row]:
    cursor.execute(sql, params)
    return cursor.fetchall()
