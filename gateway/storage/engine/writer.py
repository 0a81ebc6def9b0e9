"""The one connection that writes, and its group commit.

Jobs queue up while a commit is being synced; the next transaction takes all that wait. Nobody
waits for others to come. Where the engine runs inside this process, statements run on the event
loop and only the sync in a thread: two threads that both run Python would wait for each other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from gateway.errors import GatewayError, NotRecorded
from gateway.ports import Encode
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Connection, Cursor
from gateway.storage.engine.log_fence import FenceState, LogFence
from gateway.storage.engine.transaction import Conflict, LogWriter, Transaction
from gateway.storage.engine.worker import WorkerThread

T = TypeVar("T")
Job = Callable[[Transaction], T]
"""Reads, refuses (raises a GatewayError) or writes; runs again when its transaction is undone."""

_GROUP = 128
_QUEUE = 20_000
_TIDY_AFTER = 250


@dataclass(slots=True, eq=False)
class _Pending(Generic[T]):
    job: Job[T]
    future: asyncio.Future[T]
    value: Any = None
    error: Exception | None = None


class DatabaseWriter:
    """`encode` writes the bodies of entries. Belongs to one event loop."""

    def __init__(self, *, database: Database, encode: Encode) -> None:
        self._database = database
        self._log = LogWriter(database=database, encode=encode)
        self._fence = LogFence(database)
        self._queue: deque[_Pending[Any]] = deque()
        self._worker = WorkerThread("storage-write")
        self._connection: Connection | None = None
        self._cursor: Cursor | None = None
        self._pump_task: asyncio.Task[None] | None = None
        self._untidy = 0
        self._open = False
        self.problem = ""
        """Why the last transaction failed; "" when it did not."""

    async def start(self) -> None:
        """Connect. Raises what the driver raises."""
        self._worker.start()
        self._open = True
        await self._worker.run(self._connect)

    async def write(self, job: Job[T]) -> T:
        """Run `job` in the next transaction; return what it returned once that is durable.

        Raises the job's own GatewayError, or NotRecorded: then the job left no trace, unless
        the connection broke during the commit itself, when nobody knows.
        """
        if not self._open:
            raise NotRecorded("the database is not open for writing")
        if len(self._queue) >= _QUEUE:
            raise NotRecorded("too many writes wait for the database")
        loop = asyncio.get_running_loop()
        pending: _Pending[T] = _Pending(job, loop.create_future())
        self._queue.append(pending)
        if self._pump_task is None:
            self._pump_task = loop.create_task(self._pump(), name="storage-write")
        return await pending.future

    async def close(self) -> None:
        """After what is queued is written."""
        self._open = False
        if self._pump_task is not None:
            await self._pump_task
        if self._connection is not None:
            await self._worker.run(self._disconnect_in_turn)
        await self._worker.close()

    async def _pump(self) -> None:
        """Write until nothing waits."""
        try:
            while self._queue:
                count = min(len(self._queue), _GROUP)
                group = [self._queue.popleft() for _ in range(count)]
                await self._write([one for one in group if not one.future.cancelled()])
                _answer(group)
                await self._tidy()
        finally:
            self._pump_task = None

    async def _write(self, group: list[_Pending[Any]]) -> None:
        """One durable transaction for the group. If one of its jobs cannot be written, each
        gets a transaction of its own, so that the others do not suffer."""
        if not group:
            return
        try:
            await self._transact(group)
        except FenceState as fenced:
            self.problem = str(fenced)
            _fail(group, fenced.error)
        except Exception as error:  # noqa: BLE001 - whatever a job raises is its caller's to see
            fault = self._fault(error)
            if fault is None:
                _fail(group, NotRecorded(f"the database failed ({self.problem})"))
            elif len(group) == 1:
                _fail(group, fault)
            else:
                for pending in group:
                    await self._write([pending])

    async def _transact(self, group: list[_Pending[Any]]) -> None:
        if not self._database.inline:
            await self._worker.run(lambda: self._run_and_commit(group))
        else:
            if not self._database.try_turn():
                await self._worker.run(self._database.take_turn)
            try:
                cursor = self._begin(wait=False)
                if cursor is None:
                    cursor = await self._worker.run(self._begin_in_the_end)
                self._run(group, cursor)
                await self._worker.run(partial(self._commit, cursor))
            finally:
                self._database.end_turn()
        self._untidy += len(group)
        self.problem = ""

    def _run_and_commit(self, group: list[_Pending[Any]]) -> None:
        cursor = self._begin_in_the_end()
        self._run(group, cursor)
        self._commit(cursor)

    def _begin_in_the_end(self) -> Cursor:
        cursor = self._begin(wait=True)
        assert cursor is not None  # noqa: S101 - it waited
        return cursor

    def _begin(self, *, wait: bool) -> Cursor | None:
        """None, where one shall not wait: somebody else writes. A connection that sat idle may
        have been cut by the server: then a new one."""
        if self._cursor is not None:
            try:
                return self._cursor if self._database.begin(self._cursor, wait=wait) else None
            except self._database.error:
                self._disconnect()
        cursor = self._connect()
        return cursor if self._database.begin(cursor, wait=wait) else None

    def _run(self, group: list[_Pending[Any]], cursor: Cursor) -> None:
        try:
            next_seq, erasures = self._fence.pass_through(cursor)
            transaction = Transaction(
                cursor, self._log, self._database, next_seq=next_seq, erasures=erasures
            )
            for pending in group:
                _run(pending, transaction)
            transaction.flush()
        except BaseException:
            self._undo(cursor)
            raise

    def _commit(self, cursor: Cursor) -> None:
        try:
            cursor.execute("COMMIT")
        except BaseException:
            self._undo(cursor)
            raise

    def _undo(self, cursor: Cursor) -> None:
        try:
            cursor.execute("ROLLBACK")
        except self._database.error:
            self._disconnect()

    def _fault(self, error: Exception) -> Exception | None:
        """What the caller is told; None when it is the database's own trouble, which the
        others of the group would meet as well."""
        if isinstance(error, Conflict):
            return error.error
        if isinstance(error, self._database.rejected):
            return NotRecorded(f"the database rejected it ({_name(error)})")
        if isinstance(error, self._database.error | OSError):
            self.problem = _name(error)
            self._disconnect()
            return None
        return error

    async def _tidy(self) -> None:
        """Rather when nothing waits; by and by in any case."""
        if self._cursor and self._untidy >= (4 * _TIDY_AFTER if self._queue else _TIDY_AFTER):
            self._untidy = 0
            cursor = self._cursor
            with suppress(self._database.error, OSError):
                await self._worker.run(lambda: self._database.tidy(cursor))

    def _connect(self) -> Cursor:
        self._connection = self._database.connect_writer()
        self._cursor = self._connection.cursor()
        return self._cursor

    def _disconnect(self) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        if connection is not None:
            with suppress(self._database.error):
                connection.close()

    def _disconnect_in_turn(self) -> None:
        """The last to close a SQLite database checkpoints it."""
        self._database.take_turn()
        try:
            self._disconnect()
        finally:
            self._database.end_turn()


def _run(pending: _Pending[Any], transaction: Transaction) -> None:
    """A job that refuses before it wrote leaves the others' transaction alone."""
    before = transaction.writes
    pending.error = None
    try:
        pending.value = pending.job(transaction)
    except GatewayError as refusal:
        if transaction.writes != before:
            raise
        pending.error = refusal


def _fail(group: list[_Pending[Any]], error: Exception) -> None:
    for pending in group:
        pending.error = error


def _answer(group: list[_Pending[Any]]) -> None:
    for pending in group:
        if pending.future.done():
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            pending.future.set_result(pending.value)


def _name(error: Exception) -> str:
    """The kind of error. Not its message: that may quote a row."""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    if isinstance(error, OSError):
        code = error.strerror
    return f"{type(error).__name__} {code}" if code else type(error).__name__
