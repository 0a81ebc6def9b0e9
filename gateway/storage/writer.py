"""The one thread that writes, and its group commit.

Jobs queue up while a commit is being synced; the next transaction takes all that wait. Nobody
waits for others to come.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from gateway.errors import GatewayError, NotRecorded
from gateway.ports import Encode
from gateway.storage.database import Database
from gateway.storage.driver import Connection, Cursor
from gateway.storage.transaction import Conflict, LogWriter, Transaction

T = TypeVar("T")
Job = Callable[[Transaction], T]
"""Reads, refuses (raises a GatewayError) or writes; runs again when its transaction is undone."""

_GROUP = 256
_QUEUE = 20_000
_TIDY_AFTER = 1_000


@dataclass(slots=True, eq=False)
class _Pending(Generic[T]):
    job: Job[T]
    future: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop
    value: Any = None
    error: Exception | None = None


class Writer:
    """`after_commit` is called in the thread, between transactions."""

    def __init__(
        self,
        *,
        database: Database,
        encode: Encode,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._log = LogWriter(database=database, encode=encode)
        self._after_commit = after_commit
        self._queue: SimpleQueue[_Pending[Any] | None] = SimpleQueue()
        self._connection: Connection | None = None
        self._cursor: Cursor | None = None
        self._untidy = 0
        self._closed = database.read_only
        self._thread = threading.Thread(target=self._serve, name="storage-write", daemon=True)
        self.problem = ""
        """Why the last transaction failed; "" when it did not."""

    def start(self) -> None:
        """Connect, and start the thread. Raises what the driver raises."""
        self._connect()
        self._thread.start()

    async def write(self, job: Job[T]) -> T:
        """Run `job` in the next transaction; return what it returned once that is durable.

        Raises the job's own GatewayError, or NotRecorded: then the job left no trace, unless
        the connection broke during the commit itself, when nobody knows.
        """
        if self._closed:
            raise NotRecorded("the database is not open for writing")
        if self._queue.qsize() >= _QUEUE:
            raise NotRecorded("too many writes wait for the database")
        loop = asyncio.get_running_loop()
        pending = _Pending(job, loop.create_future(), loop)
        self._queue.put(pending)
        done: T = await pending.future
        return done

    async def close(self) -> None:
        """After what is queued is written."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        while True:
            group, last = self._next_group()
            self._commit(group)
            _answer(group)
            self._between(idle=self._queue.empty())
            if last:
                break
        self._disconnect()

    def _next_group(self) -> tuple[list[_Pending[Any]], bool]:
        """All that wait, at least one, without those whose callers gave up. True: the last."""
        group: list[_Pending[Any]] = []
        pending = self._queue.get()
        with suppress(Empty):
            while pending is not None:
                if not pending.future.cancelled():
                    group.append(pending)
                if len(group) >= _GROUP:
                    return group, False
                pending = self._queue.get_nowait()
            return group, True
        return group, False

    def _commit(self, group: list[_Pending[Any]]) -> None:
        """One durable transaction for the group. If one of its jobs cannot be written, each
        gets a transaction of its own, so that the others do not suffer."""
        if not group:
            return
        try:
            self._transact(group)
        except Exception as error:  # noqa: BLE001 - whatever a job raises is its caller's to see
            fault = self._fault(error)
            if fault is None:
                _fail(group, NotRecorded(f"the database failed ({self.problem})"))
            elif len(group) == 1:
                _fail(group, fault)
            else:
                for pending in group:
                    self._commit([pending])

    def _transact(self, group: list[_Pending[Any]]) -> None:
        with self._database.turn():
            cursor = self._begin()
            try:
                transaction = Transaction(cursor, self._log, self._database.is_alive)
                for pending in group:
                    _run(pending, transaction)
                transaction.flush()
                cursor.execute("COMMIT")
            except BaseException:
                self._undo(cursor)
                raise
        self._untidy += len(group)
        self.problem = ""

    def _begin(self) -> Cursor:
        """A connection that sat idle may have been cut by the server: then a new one."""
        if self._cursor is not None:
            try:
                self._database.begin(self._cursor)
            except self._database.error:
                self._disconnect()
            else:
                return self._cursor
        cursor = self._connect()
        self._database.begin(cursor)
        return cursor

    def _undo(self, cursor: Cursor) -> None:
        try:
            cursor.execute("ROLLBACK")
        except self._database.error:
            self._disconnect()

    def _fault(self, error: Exception) -> Exception | None:
        """What the callers are told; None when it is the database's own trouble, which the
        next job of the group would meet as well."""
        if isinstance(error, Conflict):
            return error.error
        if isinstance(error, self._database.rejected):
            return NotRecorded(f"the database rejected it ({_name(error)})")
        if isinstance(error, self._database.error | OSError):
            self.problem = _name(error)
            if not isinstance(error, OSError):
                self._disconnect()
            return None
        return error

    def _between(self, *, idle: bool) -> None:
        with suppress(self._database.error, GatewayError, OSError):
            self._after_commit()
            if self._cursor and self._untidy >= (_TIDY_AFTER if idle else 4 * _TIDY_AFTER):
                self._untidy = 0
                self._database.tidy(self._cursor)

    def _connect(self) -> Cursor:
        self._connection = self._database.connect_writer()
        self._cursor = self._connection.cursor()
        return self._cursor

    def _disconnect(self) -> None:
        connection, self._connection, self._cursor = self._connection, None, None
        if connection is not None:
            with suppress(self._database.error):
                connection.close()


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
    """One wake-up for each event loop."""
    for loop in {pending.loop for pending in group}:
        mine = [pending for pending in group if pending.loop is loop]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, mine)


def _settle(group: list[_Pending[Any]]) -> None:
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
