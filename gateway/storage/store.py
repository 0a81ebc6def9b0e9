"""Opens the storage of a gateway, and builds what implements its ports on it."""

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
from gateway.storage.engine.log_fence import LogKeyCheck
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
    """Everything that is stored, on one open database.

    `ledger`, `outbox` and `registry` implement the ports of those names. `reviews` and
    `escalations` wait for a person, `human_turns` says where a person speaks, `changes` notes what
    is no message. `log` reads the audit log's entries, `search` finds them and `tallies` counts
    them; `erasures` and `legal_holds` remove and keep texts. Belongs to one event loop.
    """

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
        self._key_check = LogKeyCheck(
            database, fingerprint_key=fingerprint_key, key_store=keys.identity
        )
        self._writer = DatabaseWriter(database=database, encode=encode)
        self._reader = DatabaseReader(database)
        reader, writer = self._reader, self._writer
        digests = Digests(fingerprint_key)
        vault = self._vault = Vault(database=database, reader=reader, keys=keys, digests=digests)
        fresh = FreshDeliveries(lease_s=first_lease_s)
        self.legal_holds = LegalHolds(
            database=database, reader=reader, writer=writer, digests=digests, now=now
        )
        self.erasures = Erasures(
            database=database,
            reader=reader,
            writer=writer,
            keys=keys,
            vault=vault,
            digests=digests,
            fresh_deliveries=fresh,
            legal_holds=self.legal_holds,
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
        self.search = EntrySearch(database=database, reader=reader)
        self.tallies = StoredTallies(database=database, reader=reader, writer=writer)

    async def start(self) -> None:
        """Connect for writing, and make messages due that dead processes had leased. `open_store`
        calls it.

        Raises DatabaseUnusable when the log was moved to another database, KeysInvalid when it
        was written with other keys.
        """
        if self._database.read_only:
            return
        keys_unrecorded = await asyncio.to_thread(self._are_keys_unrecorded)
        await self._writer.start()
        await self._vault.start()
        if keys_unrecorded:
            await self._writer.write(self._record_keys)
        await self.outbox.recover()

    def _are_keys_unrecorded(self) -> bool:
        with closing(self._database.connect_reader()) as connection:
            return self._key_check.check(connection.cursor())

    def _record_keys(self, transaction: Transaction) -> None:
        """Record this process's keys, unless another replica did since the check."""
        cursor = transaction.cursor
        if self._key_check.check(cursor):
            self._key_check.record(cursor)

    async def reclaim_from_dead(self) -> None:
        """Free the claims and leases of dead processes, and the claims that this one could not
        give back before. To be called every few seconds. Raises NotRecorded."""
        await self._claims.clear()
        await self.outbox.recover(patient=True)

    async def ready(self) -> None:
        """Check that the database can be read and written. Raises DatabaseUnusable."""
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
        """Build what applies these retention rules. Raises ValueError for a rule below
        RETENTION_FLOOR."""
        return Retention(
            database=self._database,
            reader=self._reader,
            erasures=self.erasures,
            rules=rules,
            now=self._now,
        )

    async def close(self) -> None:
        """Stop erasures after their current step, write what is queued, and close."""
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
    """Open the database at `url` (sqlite:///… or postgresql+psycopg://…) and the subject keys;
    both are made or migrated when needed.

    The subject keys are in the PostgreSQL database at `keys_url`, without one in the file
    `keys_path`. `encode` makes the bodies of audit entries; `master_key` and `fingerprint_key`
    are 32 secret bytes each.

    Any number of processes may open both. `read_only` leaves both unchanged. A claimed
    idempotency key is free again after `claim_ttl_s` seconds, at once when its process died. A
    message that was just recorded is left to this process to send for `first_lease_s` seconds.

    Raises DatabaseUnusable, and KeysInvalid when `master_key` is not that of the subject keys.
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
        await _close_opened(store, keys, database)
        if isinstance(error, (database.error, SQLAlchemyError, OSError)):
            raise DatabaseUnusable(
                database.name,
                f"cannot be opened ({type(error).__name__})",
                "See that it is there, can be reached and is a database of this gateway",
            ) from error
        raise
    return store


async def _close_opened(store: Store | None, keys: SubjectKeys | None, database: Database) -> None:
    """Close what `open_store` had opened when it failed."""
    if store is not None:
        await store.close()
        return
    if keys is not None:
        keys.close()
    database.close()


def key_store_at(path: Path, url: str | None, read_only: bool = False) -> KeyStore:
    """The store of subject keys, not opened yet: the database at `url`, without one the file
    `path`. Raises DatabaseUnusable."""
    if url is None:
        return KeyFile(path, read_only=read_only)
    try:
        return KeyDatabase(sa.make_url(url), read_only=read_only)
    except SQLAlchemyError as error:
        raise DatabaseUnusable("subject_keys_url", "is not valid", "Mend the URL") from error


def database_at(url: str, *, read_only: bool) -> Database:
    """The database at `url`, not connected yet. Raises DatabaseUnusable."""
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
