"""Group commit on the single connection that writes.

Jobs queue up while a commit is being synced, and the next transaction takes all of them; a job
never waits for more jobs to come. With an inline engine, statements run on the event loop and
only the sync in a thread: two threads that both run Python would wait for each other.
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
from gateway.storage.engine.log_fence import LogFence, LogFenced
from gateway.storage.engine.transaction import LogWriter, RowCountMismatch, Transaction
from gateway.storage.engine.worker import WorkerThread

T = TypeVar("T")
WriteJob = Callable[[Transaction], T]
"""A function that reads and writes in a transaction, or refuses with a GatewayError. It may run
more than once: again when its transaction was rolled back because of another job."""

_MAX_GROUP = 128
"""Jobs in one transaction at most: bounds how long the first of them waits for the others."""
_MAX_QUEUE = 20_000
"""Jobs that may wait; further ones are refused, so that an outage cannot fill the memory."""
_TIDY_AFTER_JOBS = 250
"""Jobs between two runs of the engine's maintenance while the writer is idle, four times as many
while it is busy."""


@dataclass(slots=True, eq=False)
class _Pending(Generic[T]):
    """A job in the queue, and its result or error once it has run."""

    job: WriteJob[T]
    future: asyncio.Future[T]
    value: Any = None
    error: Exception | None = None


class DatabaseWriter:
    """Runs jobs in durable transactions. `encode` makes the bodies of entries. Belongs to one
    event loop."""

    def __init__(self, *, database: Database, encode: Encode) -> None:
        self._database = database
        self._log = LogWriter(database=database, encode=encode)
        self._fence = LogFence(database)
        self._queue: deque[_Pending[Any]] = deque()
        self._worker = WorkerThread("storage-write")
        self._connection: Connection | None = None
        self._cursor: Cursor | None = None
        self._pump_task: asyncio.Task[None] | None = None
        self._untidied_jobs = 0
        self._open = False
        self.problem = ""
        """Why the last transaction failed; "" when it did not."""

    async def start(self) -> None:
        """Connect to the database. Raises the driver's errors."""
        self._worker.start()
        self._open = True
        await self._worker.run(self._connect)

    async def write(self, job: WriteJob[T]) -> T:
        """Run `job` in the next transaction; return its result once that is durable.

        Raises the job's own GatewayError, or NotRecorded. Either way the job left no trace, with
        one exception: when the connection breaks during the commit itself, nobody knows.
        """
        if not self._open:
            raise NotRecorded("the database is not open for writing")
        if len(self._queue) >= _MAX_QUEUE:
            raise NotRecorded("too many writes wait for the database")
        loop = asyncio.get_running_loop()
        pending: _Pending[T] = _Pending(job, loop.create_future())
        self._queue.append(pending)
        if self._pump_task is None:
            self._pump_task = loop.create_task(self._pump(), name="storage-write")
        return await pending.future

    async def close(self) -> None:
        """Write the jobs that are queued, and disconnect."""
        self._open = False
        if self._pump_task is not None:
            await self._pump_task
        if self._connection is not None:
            await self._worker.run(self._disconnect_in_turn)
        await self._worker.close()

    async def _pump(self) -> None:
        """Write group after group until the queue is empty."""
        try:
            while self._queue:
                count = min(len(self._queue), _MAX_GROUP)
                group = [self._queue.popleft() for _ in range(count)]
                await self._write([job for job in group if not job.future.cancelled()])
                _resolve_futures(group)
                await self._tidy()
        finally:
            self._pump_task = None

    async def _write(self, group: list[_Pending[Any]]) -> None:
        """Run the group in one durable transaction. If one job cannot be written, each job gets
        a transaction of its own, so that the others succeed."""
        if not group:
            return
        try:
            await self._transact(group)
        except LogFenced as fenced:
            self.problem = str(fenced)
            _fail_group(group, fenced.error)
        except Exception as error:  # noqa: BLE001 - whatever a job raises goes to its caller
            job_error = self._job_error(error)
            if job_error is None:
                _fail_group(group, NotRecorded(f"the database failed ({self.problem})"))
            elif len(group) == 1:
                _fail_group(group, job_error)
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
                    cursor = await self._worker.run(self._begin_waiting)
                self._run_group(group, cursor)
                await self._worker.run(partial(self._commit, cursor))
            finally:
                self._database.end_turn()
        self._untidied_jobs += len(group)
        self.problem = ""

    def _run_and_commit(self, group: list[_Pending[Any]]) -> None:
        cursor = self._begin_waiting()
        self._run_group(group, cursor)
        self._commit(cursor)

    def _begin_waiting(self) -> Cursor:
        cursor = self._begin(wait=True)
        assert cursor is not None  # noqa: S101 - only without `wait` it can be None
        return cursor

    def _begin(self, *, wait: bool) -> Cursor | None:
        """Begin a transaction; None, only without `wait`, when another connection is writing.
        The server may have cut an idle connection: after an error, connects again."""
        if self._cursor is not None:
            try:
                return self._cursor if self._database.begin(self._cursor, wait=wait) else None
            except self._database.error:
                self._disconnect()
        cursor = self._connect()
        return cursor if self._database.begin(cursor, wait=wait) else None

    def _run_group(self, group: list[_Pending[Any]], cursor: Cursor) -> None:
        try:
            next_seq, erasures = self._fence.pass_through(cursor)
            transaction = Transaction(
                cursor, self._log, self._database, next_seq=next_seq, erasures=erasures
            )
            for pending in group:
                _run_job(pending, transaction)
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

    def _job_error(self, error: Exception) -> Exception | None:
        """The error for the caller of the job that caused it. None when the database itself
        failed, which concerns all jobs of the group."""
        if isinstance(error, RowCountMismatch):
            return error.error
        if isinstance(error, self._database.rejected):
            return NotRecorded(f"the database rejected it ({_error_kind(error)})")
        if isinstance(error, self._database.error | OSError):
            self.problem = _error_kind(error)
            self._disconnect()
            return None
        return error

    async def _tidy(self) -> None:
        """Run the engine's maintenance when it is due, preferably while the queue is empty."""
        due_after = 4 * _TIDY_AFTER_JOBS if self._queue else _TIDY_AFTER_JOBS
        if self._cursor and self._untidied_jobs >= due_after:
            self._untidied_jobs = 0
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
        """Disconnect during this process's turn to write: the last connection of a SQLite
        database checkpoints its WAL."""
        self._database.take_turn()
        try:
            self._disconnect()
        finally:
            self._database.end_turn()


def _run_job(pending: _Pending[Any], transaction: Transaction) -> None:
    """Run one job. A GatewayError raised before the job wrote anything is kept for its caller;
    one raised later undoes the transaction of the whole group."""
    before = transaction.writes
    pending.error = None
    try:
        pending.value = pending.job(transaction)
    except GatewayError as refusal:
        if transaction.writes != before:
            raise
        pending.error = refusal


def _fail_group(group: list[_Pending[Any]], error: Exception) -> None:
    for pending in group:
        pending.error = error


def _resolve_futures(group: list[_Pending[Any]]) -> None:
    for pending in group:
        if pending.future.done():
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            pending.future.set_result(pending.value)


def _error_kind(error: Exception) -> str:
    """The type and code of an error, without its message, which may quote a row."""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    if isinstance(error, OSError):
        code = error.strerror
    return f"{type(error).__name__} {code}" if code else type(error).__name__
