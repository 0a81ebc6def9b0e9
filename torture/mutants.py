"""Mutants: defects that are planted on purpose, each of which breaks a promise.

A harness that does not find them proves nothing. They are planted only in the process of the
gateway under test; no shipped code knows of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from gateway.delivery.courier import OutboxCourier
from gateway.model.record import Delivery, Dispatch, DispatchResult, Entry, Record
from gateway.model.verdict import State
from gateway.platforms.webhook import WebhookPlatform
from gateway.storage.engine import sqlite
from gateway.storage.engine.log_fence import LogFence
from gateway.storage.engine.postgres import PostgresServer
from gateway.storage.engine.tables import MessageRow, table
from gateway.storage.engine.transaction import LogWriter, Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.log.log_store import StoredLog
from gateway.storage.messages import fresh_deliveries, outbox
from gateway.storage.messages.claims import Claims
from gateway.storage.messages.ledger import StoredLedger
from gateway.storage.messages.outbox import StoredOutbox
from gateway.storage.messages.recording import Recording
from gateway.storage.vault.key_file import KeyFile

SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted defect: `what` describes it, and `plant` patches it in.

    It is looked for on `engine`. `call` and `fault` name the fault points that are tried first,
    since they should show it; all others are tried before the mutant counts as not found.
    """

    what: str
    plant: Callable[[], None]
    engine: str = SQLITE
    call: str = ""
    fault: str = ""


def plant(name: str) -> None:
    """Plant the mutant of this name in this process; "" for none."""
    if name:
        MUTANTS[name].plant()


def _pragma(setting: str) -> Callable[[], None]:
    def planted() -> None:
        changed = [
            f"PRAGMA synchronous={setting}" if "synchronous" in pragma else pragma
            for pragma in sqlite._WRITER_PRAGMAS
        ]
        _replace_attribute(sqlite, "_WRITER_PRAGMAS", tuple(changed))

    return planted


def _keys_unsynced() -> None:
    original = KeyFile._connect_writer

    def connect(self: KeyFile, check: Any) -> Any:
        connection = original(self, check)
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    _replace_attribute(KeyFile, "_connect_writer", connect)


def _answers_early() -> None:
    original = DatabaseWriter._run_group

    def run(self: DatabaseWriter, group: Any, cursor: Any) -> None:
        original(self, group, cursor)
        for pending in group:
            pending.future.get_loop().call_soon_threadsafe(_settle, pending)

    _replace_attribute(DatabaseWriter, "_run_group", run)


def _settle(pending: Any) -> None:
    if not pending.future.done():
        if pending.error is None:
            pending.future.set_result(pending.value)
        else:
            pending.future.set_exception(pending.error)


def _commit_errors_swallowed() -> None:
    def commit(self: DatabaseWriter, cursor: Any) -> None:
        try:
            cursor.execute("COMMIT")
        except self._database.error:
            self._undo(cursor)

    _replace_attribute(DatabaseWriter, "_commit", commit)


def _sends_first() -> None:
    platforms: list[WebhookPlatform] = []
    early: dict[str, Dispatch] = {}
    make, send, record = WebhookPlatform.__init__, WebhookPlatform.send, StoredLedger.record

    def made(self: WebhookPlatform, **given: Any) -> None:
        make(self, **given)
        platforms.append(self)

    async def sent(self: WebhookPlatform, delivery: Delivery) -> Dispatch:
        return early.pop(delivery.message_id, None) or await send(self, delivery)

    async def recorded(self: StoredLedger, given: Record) -> Entry:
        if given.state is State.QUEUED:
            row = await self._reader.one(self._next_seq)  # type: ignore[attr-defined] # below
            delivery = fresh_deliveries.delivery_of(
                given.submission,
                decision_id=given.judgement.decision_id,
                disclosure=given.judgement.disclosure,
                receipt=given.judgement.receipt,
                recorded_seq=row[0] + 1 if row else 0,
                attempt=1,
                queued_at=given.decided_at,
            )
            early[delivery.message_id] = await send(platforms[0], delivery)
        return await record(self, given)

    original = StoredLedger.__init__

    def made_ledger(self: StoredLedger, **given: Any) -> None:
        original(self, **given)
        highest = given["database"].statement(sa.text("SELECT max(seq) FROM audit_entry"))
        self._next_seq = highest  # type: ignore[attr-defined] # the planted fault's own

    _replace_attribute(WebhookPlatform, "__init__", made)
    _replace_attribute(WebhookPlatform, "send", sent)
    _replace_attribute(StoredLedger, "record", recorded)
    _replace_attribute(StoredLedger, "__init__", made_ledger)


def _settles_first() -> None:
    async def attempt(self: OutboxCourier, delivery: Delivery) -> None:
        await self._settle_or_retry(delivery, Dispatch(result=DispatchResult.DELIVERED))
        await self._send_in_time(delivery)

    _replace_attribute(OutboxCourier, "_attempt_delivery", attempt)


def _apart(statement: str) -> Callable[[], None]:
    """Write the rows of one statement in a later transaction of their own."""

    def planted() -> None:
        write, record = Recording.write, StoredLedger.record
        later: list[Any] = []

        def written(self: Recording, transaction: Transaction, *given: Any, **named: Any) -> Entry:
            entry = write(self, transaction, *given, **named)
            insert = getattr(self, statement)
            later.append((insert, transaction._waiting.pop(insert, [])))
            return entry

        async def recorded(self: StoredLedger, given: Record) -> Entry:
            entry = await record(self, given)

            def job(transaction: Transaction) -> None:
                while later:
                    insert, rows = later.pop()
                    if rows:
                        transaction._waiting.setdefault(insert, []).extend(rows)
                        transaction.writes += 1

            await self._writer.write(job)
            return entry

        _replace_attribute(Recording, "write", written)
        _replace_attribute(StoredLedger, "record", recorded)

    return planted


def _attempts_forgotten() -> None:
    original = StoredOutbox._take_one

    def take(self: StoredOutbox, *given: Any) -> Delivery | None:
        delivery = original(self, *given)
        return None if delivery is None else replace(delivery, uncertain=False)

    _replace_attribute(StoredOutbox, "_take_one", take)


def _taken_is_gone() -> None:
    original = StoredOutbox._take_one

    def take(self: StoredOutbox, transaction: Transaction, row: Any, until: Any) -> Any:
        delivery = original(self, transaction, row, until)
        transaction.add(self._drop, message=row[0])
        return delivery

    _replace_attribute(StoredOutbox, "_take_one", take)


def _new_key_each_time() -> None:
    original = fresh_deliveries.delivery_of

    def made(*given: Any, **named: Any) -> Delivery:
        delivery = original(*given, **named)
        return replace(delivery, key=f"{delivery.key}-{delivery.attempt}")

    _replace_attribute(fresh_deliveries, "delivery_of", made)
    _replace_attribute(outbox, "delivery_of", made)


def _numbers_kept() -> None:
    """Remember the next entry's number even when the transaction is rolled back."""
    pass_through, append = LogFence.pass_through, Transaction.append
    known = [0]

    def passed(self: LogFence, cursor: Any) -> tuple[int, int]:
        following, erasures = pass_through(self, cursor)
        return max(following, known[0]), erasures

    def appended(self: Transaction, *given: Any) -> Entry:
        entry = append(self, *given)
        known[0] = entry.seq + 1
        return entry

    _replace_attribute(LogFence, "pass_through", passed)
    _replace_attribute(Transaction, "append", appended)


def _encoded_outside() -> None:
    """Encode the body with the number that was expected before the transaction."""
    original = LogWriter.__init__
    expected: list[int] = []

    def made(self: LogWriter, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        encode = self.encode

        def encoded(event: Any, seq: int) -> bytes:
            if not expected:
                expected.append(seq)
            body = encode(event, expected[0])
            expected[0] += 1
            return body

        self.encode = encoded

    _replace_attribute(LogWriter, "__init__", made)


def _checkpoint_ahead() -> None:
    """Let the tree follow what was appended instead of what is durable."""
    append, size, leaves = Transaction.append, StoredLog.size, StoredLog.leaves
    seen: dict[int, bytes] = {}

    def appended(self: Transaction, *given: Any) -> Entry:
        entry = append(self, *given)
        seen[entry.seq] = entry.leaf
        return entry

    async def sized(self: StoredLog) -> int:
        return max(await size(self), *[seq + 1 for seq in seen], 0)

    async def left(self: StoredLog, start: int, stop: int) -> list[bytes]:
        stored = await leaves(self, start, stop)
        following = range(start + len(stored), stop)
        return stored + [seen[seq] for seq in following if seq in seen]

    async def put(self: StoredLog, *, size: int, root: bytes, at: Any, sign: Any, **_: Any) -> str:
        note = str(sign())
        with_note: dict[str, Any] = {"size": size, "root": root, "note": note, "at": 0}
        await self._writer.write(lambda one: one.add(self._put, **with_note))
        return note

    _replace_attribute(Transaction, "append", appended)
    _replace_attribute(StoredLog, "size", sized)
    _replace_attribute(StoredLog, "leaves", left)
    _replace_attribute(StoredLog, "put_checkpoint", put)


def _dead_taken_for_alive() -> None:
    _replace_attribute(sqlite.SqliteDatabase, "is_alive", lambda *_: True)


def _nobody_called() -> None:
    _replace_attribute(outbox, "_NEEDS_A_PERSON", ())


def _gives_back_too_much() -> None:
    original = Claims.__init__

    def made(self: Claims, *, database: Any, **named: Any) -> None:
        original(self, database=database, **named)
        message = table(MessageRow)
        self._drop = database.statement(
            sa.delete(message).where(message.c.id == sa.bindparam("message"))
        )

    _replace_attribute(Claims, "__init__", made)


def _asynchronous_commit() -> None:
    original = PostgresServer.check_durable

    def checked(self: PostgresServer, connection: Any) -> None:
        original(self, connection)
        connection.execute("SET synchronous_commit TO off")

    _replace_attribute(PostgresServer, "check_durable", checked)


def _replace_attribute(owner: object, name: str, value: object) -> None:
    """Replace an attribute. Raises AttributeError when it does not exist any more."""
    getattr(owner, name)
    setattr(owner, name, value)


_KILL, _EIO = "signal=SIGKILL", "error=EIO"
MUTANTS = {
    "synchronous=OFF": Mutant("SQLite syncs nothing", _pragma("OFF")),
    "synchronous=NORMAL": Mutant("SQLite does not sync its WAL at a commit", _pragma("NORMAL")),
    "keys not synced": Mutant("the key file is not synced", _keys_unsynced),
    "answers before the commit": Mutant(
        "a write returns when its transaction is run, not when it is durable", _answers_early
    ),
    "COMMIT's error swallowed": Mutant(
        "a commit that failed counts as one", _commit_errors_swallowed, SQLITE, "fdatasync", _EIO
    ),
    "sends before recording": Mutant("a message is sent, then recorded", _sends_first),
    "settles before sending": Mutant(
        "a delivery is settled, then sent", _settles_first, SQLITE, "write", _KILL
    ),
    "outbox apart": Mutant(
        "the outbox row is written in a second transaction",
        _apart("_insert_outbox"),
        SQLITE,
        "fdatasync",
        _KILL,
    ),
    "payload apart": Mutant(
        "the sealed text is written in a second transaction",
        _apart("_insert_payload"),
        SQLITE,
        "fdatasync",
        _KILL,
    ),
    "attempts forgotten": Mutant(
        "what an earlier attempt may have done is forgotten",
        _attempts_forgotten,
        SQLITE,
        "fdatasync",
        _KILL,
    ),
    "taken is gone": Mutant(
        "a lease removes the outbox row", _taken_is_gone, SQLITE, "write", _KILL
    ),
    "a new key each time": Mutant("each attempt has a key of its own", _new_key_each_time),
    "numbers kept": Mutant(
        "a number that was rolled back is not used again", _numbers_kept, SQLITE, "fdatasync", _EIO
    ),
    "encoded outside": Mutant(
        "a body is written with the number that was expected, before the transaction",
        _encoded_outside,
        SQLITE,
        "fdatasync",
        _EIO,
    ),
    "checkpoint ahead": Mutant(
        "checkpoints sign what was appended, durable or not",
        _checkpoint_ahead,
        SQLITE,
        "fdatasync",
        _EIO,
    ),
    "the dead are taken for alive": Mutant(
        "claims and leases of a dead process stand",
        _dead_taken_for_alive,
        SQLITE,
        "fdatasync",
        _KILL,
    ),
    "nobody is called": Mutant("an unknown delivery calls no person", _nobody_called),
    "synchronous_commit=off": Mutant(
        "PostgreSQL confirms before it syncs", _asynchronous_commit, POSTGRES
    ),
    "gives back too much": Mutant(
        "a request that failed removes its message, recorded or not",
        _gives_back_too_much,
        POSTGRES,
        "recvfrom",
        _EIO,
    ),
    "COMMIT's error swallowed (PostgreSQL)": Mutant(
        "a commit that failed counts as one", _commit_errors_swallowed, POSTGRES, "recvfrom", _EIO
    ),
}
