"""The door of this room: opens a database and hands out what the ports ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import DatabaseUnusable, GatewayError
from gateway.model.erasure import RetentionRule
from gateway.ports import Encode, Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.log_fence import Membership
from gateway.storage.engine.migrate import migrate
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.transaction import Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.erasure.erasures import Erasures
from gateway.storage.erasure.legal_holds import LegalHolds
from gateway.storage.erasure.retention import Retention
from gateway.storage.log.entry_search import EntryQuery, EntrySearch
from gateway.storage.log.log_store import StoredLog
from gateway.storage.log.tallies import StoredTallies
from gateway.storage.messages.changes import Changes
from gateway.storage.messages.claims import Claims
from gateway.storage.messages.escalations import Escalations
from gateway.storage.messages.fresh_deliveries import FreshDeliveries
from gateway.storage.messages.human_turns import HumanTurns
from gateway.storage.messages.ledger import StoredLedger
from gateway.storage.messages.outbox import StoredOutbox
from gateway.storage.messages.reviews import Reviews
from gateway.storage.registry import StoredRegistry
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.key_database import KeyDatabase
from gateway.storage.vault.key_file import KeyFile
from gateway.storage.vault.key_store import KeyStore
from gateway.storage.vault.subject_keys import SubjectKeys
from gateway.storage.vault.vault import Vault

__all__ = ["EntryQuery", "Erasures", "LegalHolds", "Retention", "Store", "StoredLog", "open_store"]


class Store:
    """An open database. `ledger`, `outbox` and `registry` are the ports of those names. `reviews`
    and `escalations` wait for a person, `human_turns` knows where one speaks, `changes` notes what
    is no message. `log` holds the entries of the audit log, `questions` finds them, `tallies`
    counts them. Belongs to one event loop."""

    def __init__(
        self,
        *,
        database: Database,
        keys: SubjectKeys,
        encode: Encode,
        now: Now,
        fingerprint_key: bytes,
        claim_ttl_s: float,
        first_lease_s: float,
    ) -> None:
        self._database = database
        self._keys = keys
        self._membership = Membership(
            database, fingerprint_key=fingerprint_key, key_store=keys.identity
        )
        self._writer = DatabaseWriter(database=database, encode=encode)
        self._reader = DatabaseReader(database)
        reader, writer = self._reader, self._writer
        digests = Digests(fingerprint_key)
        vault = self._vault = Vault(database=database, reader=reader, keys=keys, digests=digests)
        fresh = FreshDeliveries(lease_s=first_lease_s)
        self.holds = LegalHolds(
            database=database, reader=reader, writer=writer, digests=digests, now=now
        )
        self.erasures = Erasures(
            database=database,
            reader=reader,
            writer=writer,
            keys=keys,
            vault=vault,
            digests=digests,
            fresh=fresh,
            holds=self.holds,
            now=now,
        )
        self._now = now
        shared: dict[str, Any] = {"database": database, "writer": writer, "vault": vault}
        self._claims = Claims(**shared, digests=digests, now=now, ttl_s=claim_ttl_s)
        self.changes = Changes(writer=writer, digests=digests)
        self.escalations = Escalations(reader=reader, **shared)
        self.human_turns = HumanTurns(database=database, reader=reader, writer=writer)
        self.reviews = Reviews(reader=reader, now=now, **shared)
        self.ledger = StoredLedger(
            database=database,
            reader=reader,
            writer=writer,
            vault=vault,
            digests=digests,
            fresh=fresh,
            claims=self._claims,
            reviews=self.reviews,
        )
        self.outbox = StoredOutbox(
            database=database, writer=writer, vault=vault, fresh=fresh, now=now
        )
        self.registry = StoredRegistry(database=database, reader=reader, writer=writer, now=now)
        self.log = StoredLog(database=database, reader=reader, writer=writer)
        self.questions = EntrySearch(database=database, reader=reader)
        self.tallies = StoredTallies(database=database, reader=reader, writer=writer)

    async def start(self) -> None:
        """Begin to write; what dead processes had leased is due again. `open_store` does it.
        Raises DatabaseUnusable where the log was moved away, KeysInvalid for others' keys."""
        if self._database.read_only:
            return
        unnoted = await asyncio.to_thread(self._unnoted)
        await self._writer.start()
        await self._vault.start()
        if unnoted:
            await self._writer.write(self._note)
        await self.outbox.recover()

    def _unnoted(self) -> bool:
        with closing(self._database.connect_reader()) as connection:
            return self._membership.check(connection.cursor())

    def _note(self, transaction: Transaction) -> None:
        """Checked again: replicas may start for the first time at once."""
        cursor = transaction.cursor
        if self._membership.check(cursor):
            self._membership.note(cursor)

    async def tend(self) -> None:
        """For every few seconds: take over from processes that died, and let others have what
        this one could not finish. Raises NotRecorded."""
        await self._claims.clear()
        await self.outbox.recover(patient=True)

    async def ready(self) -> None:
        """Raises DatabaseUnusable when it cannot be read, or cannot be written any more."""
        await self.log.size()
        if self._database.read_only:
            return
        self._database.check_space()
        if self._writer.problem:
            try:
                await self._claims.probe()
            except GatewayError as error:
                raise DatabaseUnusable(
                    self._database.name, str(error), "Free some space, or mend the server"
                ) from error

    def retention(self, rules: Sequence[RetentionRule]) -> Retention:
        """Raises ValueError for a rule below RETENTION_FLOOR."""
        return Retention(
            database=self._database,
            reader=self._reader,
            erasures=self.erasures,
            rules=rules,
            now=self._now,
        )

    async def close(self) -> None:
        """After what is queued is written."""
        await self.erasures.close()
        await self._reader.close()
        await self._writer.close()
        self._keys.close()
        self._database.close()


async def open_store(
    *,
    url: str,
    keys_path: Path,
    encode: Encode,
    now: Now,
    master_key: bytes,
    fingerprint_key: bytes,
    keys_url: str | None = None,
    read_only: bool = False,
    claim_ttl_s: float = 60.0,
    first_lease_s: float = 120.0,
) -> Store:
    """Open the database at `url` (sqlite:///… or postgresql+psycopg://…), made or migrated when
    needed, and the subject keys: in the file `keys_path`, or in the PostgreSQL database at
    `keys_url`. `encode` writes the bodies of audit entries;
    `master_key` and `fingerprint_key` are 32 secret bytes each.

    Any number of processes may have it open. `read_only` leaves both files untouched. A claimed
    idempotency key is free again after `claim_ttl_s` (at once when its process died);
    `first_lease_s` is how long what was just recorded is left to this process to send.

    Raises DatabaseUnusable, and KeysInvalid when `master_key` does not fit the key file.
    """
    database = database_at(url, read_only=read_only)
    keys: SubjectKeys | None = None
    store: Store | None = None
    try:
        await asyncio.to_thread(migrate, database)
        keys = await asyncio.to_thread(
            SubjectKeys, key_store_at(keys_path, keys_url, read_only), master_key=master_key
        )
        store = Store(
            database=database,
            keys=keys,
            encode=encode,
            now=now,
            fingerprint_key=fingerprint_key,
            claim_ttl_s=claim_ttl_s,
            first_lease_s=first_lease_s,
        )
        await store.start()
    except BaseException as error:
        await _close(store, keys, database)
        if isinstance(error, (database.error, SQLAlchemyError, OSError)):
            raise DatabaseUnusable(
                database.name,
                f"cannot be opened ({type(error).__name__})",
                "See that it is there, can be reached and is a database of this gateway",
            ) from error
        raise
    return store


async def _close(store: Store | None, keys: SubjectKeys | None, database: Database) -> None:
    """What was opened so far."""
    if store is not None:
        await store.close()
        return
    if keys is not None:
        keys.close()
    database.close()


def key_store_at(path: Path, url: str | None, read_only: bool = False) -> KeyStore:
    """The database at `url`, else the file `path`, not yet opened. Raises DatabaseUnusable."""
    if url is None:
        return KeyFile(path, read_only=read_only)
    try:
        return KeyDatabase(sa.make_url(url), read_only=read_only)
    except SQLAlchemyError as error:
        raise DatabaseUnusable("subject_keys_url", "is not valid", "Mend the URL") from error


def database_at(url: str, *, read_only: bool) -> Database:
    """What is at `url`, not yet connected. Raises DatabaseUnusable."""
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError as error:
        raise DatabaseUnusable("database_url", "is not valid", "Mend the URL") from error
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return SqliteDatabase(Path(str(parsed.database)), read_only=read_only)
    if parsed.drivername == "postgresql+psycopg":
        return PostgresDatabase(parsed, read_only=read_only)
    raise DatabaseUnusable(
        "database_url",
        "is neither a SQLite file nor PostgreSQL",
        "Use sqlite:///path or postgresql+psycopg://user@host/name",
    )
