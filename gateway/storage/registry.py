"""The registry of creators and API keys; implements `ports.Registry`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson
import sqlalchemy as sa

from gateway.errors import InvalidField, StateConflict
from gateway.model.access import ApiKey, Role
from gateway.model.creator import Creator
from gateway.model.record import Change
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import ApiKeyRow, CreatorRow, table
from gateway.storage.engine.times import micros, micros_or_none, moment, moment_or_none
from gateway.storage.engine.transaction import EntryColumns, Transaction
from gateway.storage.engine.writer import DatabaseWriter

_MAX_CACHED_CREATORS = 4_096
"""Creators whose settings are kept parsed in memory: some megabytes."""


class StoredRegistry:
    """Stores creators and API keys; each change appends an entry to the log.

    Creators are cached, and each use asks the database whether the cached version is still the
    latest: a kill switch that another process sets takes effect at once.
    """

    def __init__(
        self, *, database: Database, reader: DatabaseReader, writer: DatabaseWriter, now: Now
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._now = now
        self._cache: OrderedDict[tuple[str, str], Creator] = OrderedDict()
        creator, key = table(CreatorRow), table(ApiKeyRow)
        other = creator.alias()
        tenant_is = sa.bindparam("tenant", type_=sa.String)
        id_is = sa.bindparam("id", type_=sa.String)
        compiled = database.statement
        this_one = sa.and_(creator.c.tenant == tenant_is, creator.c.id == id_is)
        self._version = compiled(sa.select(sa.func.max(creator.c.version)).where(this_one))
        latest = sa.select(creator).where(this_one).order_by(creator.c.version.desc()).limit(1)
        self._latest = compiled(latest)
        newest = (
            sa.select(sa.func.max(other.c.version))
            .where(other.c.tenant == creator.c.tenant, other.c.id == creator.c.id)
            .scalar_subquery()
        )
        self._all_latest = compiled(
            sa.select(creator)
            .where(creator.c.tenant == tenant_is, creator.c.version == newest)
            .order_by(creator.c.id)
        )
        self._insert_creator = compiled(sa.insert(creator))
        self._key = compiled(sa.select(key).where(key.c.id == id_is))
        self._keys = compiled(
            sa.select(key).where(key.c.tenant == tenant_is).order_by(key.c.created_at, key.c.id)
        )
        self._all_keys = compiled(sa.select(key).order_by(key.c.created_at, key.c.id))
        self._put_key = database.upsert(
            key, keys=["id"], change=[column.name for column in key.c if column is not key.c.id]
        )

    async def creator(self, tenant: str, creator_id: str) -> Creator | None:
        row = await self._reader.one(self._version, tenant=tenant, id=creator_id)
        if row is None or row[0] is None:
            return None
        known = self._cache.get((tenant, creator_id))
        if known is not None and known.version == row[0]:
            return known
        latest = await self._reader.one(self._latest, tenant=tenant, id=creator_id)
        if latest is None:
            return None
        creator = self._cache[tenant, creator_id] = _creator_from(latest)
        if len(self._cache) > _MAX_CACHED_CREATORS:
            self._cache.popitem(last=False)
        return creator

    async def creators(self, tenant: str) -> Sequence[Creator]:
        rows = await self._reader.many(self._all_latest, tenant=tenant)
        return [_creator_from(row) for row in rows]

    async def put_creator(
        self, tenant: str, creator_id: str, settings: Mapping[str, Any], *, actor: str
    ) -> Creator:
        try:
            text = orjson.dumps(dict(settings), option=orjson.OPT_SORT_KEYS).decode()
        except TypeError as error:
            raise InvalidField("settings", "is not plain JSON", "Send plain JSON") from error
        at = self._now()

        def job(transaction: Transaction) -> Creator:
            rows = transaction.fetch(self._latest, tenant=tenant, id=creator_id)
            new: dict[str, Any] = {
                "tenant": tenant,
                "id": creator_id,
                "version": _creator_from(rows[0]).version + 1 if rows else 1,
                "updated_at": micros(at),
                "settings": text,
            }
            change = Change(
                actor=actor,
                tenant=tenant,
                what="creator",
                subject=creator_id,
                at=at,
                before=_sha256_hex(rows[0][-1]) if rows else None,
                after=_sha256_hex(text),
                detail={"version": new["version"]},
            )
            transaction.append(change, EntryColumns(creator=creator_id, decision=change.what))
            transaction.add(self._insert_creator, **new)
            return _creator_from(tuple(new.values()))

        return await self._writer.write(job)

    async def api_key(self, key_id: str) -> ApiKey | None:
        row = await self._reader.one(self._key, id=key_id)
        return None if row is None else _api_key_from(row)

    async def api_keys(self, tenant: str | None = None) -> Sequence[ApiKey]:
        if tenant is None:
            rows = await self._reader.many(self._all_keys)
        else:
            rows = await self._reader.many(self._keys, tenant=tenant)
        return [_api_key_from(row) for row in rows]

    async def put_api_key(self, key: ApiKey, *, actor: str) -> None:
        at = self._now()

        def job(transaction: Transaction) -> None:
            rows = transaction.fetch(self._key, id=key.id)
            before = _api_key_from(rows[0]) if rows else None
            if before is not None and before.tenant != key.tenant:
                raise StateConflict(f"API key {key.id!r} belongs to another tenant")
            change = Change(
                actor=actor,
                tenant=key.tenant,
                what="api_key",
                subject=key.id,
                at=at,
                before=_api_key_digest(before),
                after=_api_key_digest(key),
                detail={
                    "label": key.label,
                    "roles": sorted(key.roles),
                    "expires_at": key.expires_at and key.expires_at.isoformat(),
                    "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
                    "requests_per_s": key.requests_per_s,
                },
            )
            transaction.append(change, EntryColumns(decision=change.what))
            transaction.add(self._put_key, **_api_key_row(key))

        await self._writer.write(job)


def _creator_from(row: Row) -> Creator:
    tenant, creator_id, version, updated_at, settings = row
    return Creator(
        tenant=tenant,
        id=creator_id,
        version=version,
        updated_at=moment(updated_at),
        settings=orjson.loads(settings),
    )


def _api_key_from(row: Row) -> ApiKey:
    key_id, tenant, roles, secret, created_at, expires_at, revoked_at, rate, label = row
    return ApiKey(
        id=key_id,
        tenant=tenant,
        roles=frozenset(map(Role, roles.split())),
        secret_sha256=secret,
        created_at=moment(created_at),
        expires_at=moment_or_none(expires_at),
        revoked_at=moment_or_none(revoked_at),
        requests_per_s=rate,
        label=label,
    )


def _api_key_row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "roles": " ".join(sorted(key.roles)),
        "secret_sha256": key.secret_sha256,
        "created_at": micros(key.created_at),
        "expires_at": micros_or_none(key.expires_at),
        "revoked_at": micros_or_none(key.revoked_at),
        "requests_per_s": key.requests_per_s,
        "label": key.label,
    }


def _api_key_digest(key: ApiKey | None) -> str | None:
    if key is None:
        return None
    return _sha256_hex(orjson.dumps(_api_key_row(key), option=orjson.OPT_SORT_KEYS).decode())


def _sha256_hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()
