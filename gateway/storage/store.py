"""The door of this room: opens a database and hands out what the ports ask for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import DatabaseUnusable, GatewayError
from gateway.ports import Encode, Now
from gateway.storage.claims import Claims
from gateway.storage.database import Database
from gateway.storage.digests import Digests
from gateway.storage.escalations import Escalations
from gateway.storage.handover import Handover
from gateway.storage.ledger import StoredLedger
from gateway.storage.log_store import EntryQuery, LogStore
from gateway.storage.migrate import migrate
from gateway.storage.outbox import StoredOutbox
from gateway.storage.postgres import PostgresDatabase
from gateway.storage.reader import Reader
from gateway.storage.registry import StoredRegistry
from gateway.storage.reviews import Reviews
from gateway.storage.sqlite import SqliteDatabase
from gateway.storage.subject_keys import SubjectKeys
from gateway.storage.vault import Vault
from gateway.storage.writer import Writer

__all__ = ["EntryQuery", "LogStore", "Store", "open_store"]


class Store:
    """An open database. `ledger`, `outbox` and `registry` are the ports of those names; `log`
    holds the entries of the audit log. Belongs to one event loop."""

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
        self._writer = Writer(database=database, encode=encode)
        self._reader = Reader(database)
        reader, writer = self._reader, self._writer
        digests = Digests(fingerprint_key)
        vault = Vault(database=database, reader=reader, keys=keys, digests=digests)
        handover = Handover(lease_s=first_lease_s)
        self._claims = Claims(
            database=database,
            writer=writer,
            vault=vault,
            digests=digests,
            now=now,
            ttl_s=claim_ttl_s,
        )
        self.ledger = StoredLedger(
            database=database,
            reader=reader,
            writer=writer,
            vault=vault,
            digests=digests,
            handover=handover,
            claims=self._claims,
            reviews=Reviews(database=database, reader=reader, writer=writer, vault=vault, now=now),
            escalations=Escalations(database=database, reader=reader, writer=writer, vault=vault),
        )
        self.outbox = StoredOutbox(
            database=database, writer=writer, vault=vault, handover=handover, now=now
        )
        self.registry = StoredRegistry(database=database, reader=reader, writer=writer, now=now)
        self.log = LogStore(database=database, reader=reader, writer=writer)

    async def start(self) -> None:
        """Begin to write; what dead processes had leased is due again. `open_store` does it."""
        if not self._database.read_only:
            await self._writer.start()
            await self.outbox.recover()

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

    async def close(self) -> None:
        """After what is queued is written."""
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
    read_only: bool = False,
    claim_ttl_s: float = 60.0,
    first_lease_s: float = 120.0,
) -> Store:
    """Open the database at `url` (sqlite:///… or postgresql+psycopg://…), made or migrated when
    needed, and the key file at `keys_path`. `encode` writes the bodies of audit entries;
    `master_key` and `fingerprint_key` are 32 secret bytes each.

    Any number of processes may have it open. `read_only` leaves both files untouched. A claimed
    idempotency key is free again after `claim_ttl_s` (at once when its process died);
    `first_lease_s` is how long what was just recorded is left to this process to send.

    Raises DatabaseUnusable, and KeysInvalid when `master_key` does not fit the key file.
    """
    database = _database(url, read_only=read_only)
    keys: SubjectKeys | None = None
    try:
        await asyncio.to_thread(migrate, database)
        keys = SubjectKeys(keys_path, master_key=master_key, read_only=read_only)
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
        if keys is not None:
            keys.close()
        database.close()
        if isinstance(error, (database.error, SQLAlchemyError, OSError)):
            raise DatabaseUnusable(
                database.name,
                f"cannot be opened ({type(error).__name__})",
                "See that it is there, can be reached and is a database of this gateway",
            ) from error
        raise
    return store


def _database(url: str, *, read_only: bool) -> Database:
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
