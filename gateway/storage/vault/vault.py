"""Seals payloads with the key of the person they are about, and opens them again.

A key seals what one person was told on one day, on one channel, for one creator, in entries of one
kind: so a person, a creator or what a retention rule no longer keeps can be erased by destroying
whole keys, also where they were copied to.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from gateway.errors import LogInvalid, NotRecorded
from gateway.model.record import Record, stamp
from gateway.storage.engine.database import Database
from gateway.storage.engine.reader import DatabaseReader
from gateway.storage.engine.tables import ErasedKeyRow, SubjectRow, table
from gateway.storage.engine.times import day_of
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.payload import Payload, dump, load, payload_of
from gateway.storage.vault.subject_keys import SubjectKey, SubjectKeys

_CACHED = 4_096


class SubjectGroup(NamedTuple):
    """What is sealed with one key. `day` is its first microsecond."""

    subject: bytes
    day: int
    tenant: str
    creator: str
    channel: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """A payload as it is stored. `fresh` when `kid` must be noted as one of the group's. `known`
    is the last step of an erasure that was heeded: after another, the key may be destroyed."""

    kid: str
    nonce: bytes
    ciphertext: bytes
    group: SubjectGroup
    fresh: bool
    known: int

    @property
    def subject(self) -> bytes:
        return self.group.subject


class SealedTooEarly(NotRecorded):
    """Keys were erased since, perhaps that one: it must be sealed again. Nothing was written."""

    def __init__(self) -> None:
        super().__init__("keys were erased while it was sealed")


class Vault:
    def __init__(
        self, *, database: Database, reader: DatabaseReader, keys: SubjectKeys, digests: Digests
    ) -> None:
        self._reader = reader
        self._keys = keys
        self._digests = digests
        self._noted: OrderedDict[SubjectGroup, str] = OrderedDict()
        self._known = 0
        subjects, erased = table(SubjectRow).c, table(ErasedKeyRow).c
        group = sa.and_(*[subjects[name] == sa.bindparam(name) for name in SubjectGroup._fields])
        self._kids = database.statement(sa.select(subjects.kid).where(group))
        self._erased = database.statement(
            sa.select(erased.kid, erased.step).where(erased.step > sa.bindparam("known"))
        )
        self._last_step = database.statement(sa.select(sa.func.max(erased.step)))

    async def start(self) -> None:
        """Before the first seal: keys that were destroyed up to now are in no memory yet."""
        row = await self._reader.one(self._last_step)
        self._known = row[0] or 0 if row else 0

    async def refresh(self) -> None:
        """Heed the erasures of other processes."""
        rows = await self._reader.many(self._erased, known=self._known)
        self.forget(kid for kid, _ in rows)
        self._known = max([self._known, *(step for _, step in rows)])

    def forget(self, kids: Iterable[str]) -> None:
        """These keys seal nothing any more."""
        gone = set(kids)
        if not gone:
            return
        self._keys.forget(gone)
        for group in [group for group, kid in self._noted.items() if kid in gone]:
            del self._noted[group]

    async def seal(self, record: Record) -> SealedRecord:
        """Raises NotRecorded."""
        known = self._known
        group = self._group(record)
        key = await self._noted_key(group)
        fresh = key is None
        if key is None:
            key = self._keys.take()
        try:
            plain = dump(payload_of(record))
        except (TypeError, ValueError) as error:
            raise NotRecorded("the record holds what JSON cannot say") from error
        nonce, ciphertext = _encrypt(key, plain, record.submission.message_id)
        return SealedRecord(
            kid=key.id,
            nonce=nonce,
            ciphertext=ciphertext,
            group=group,
            fresh=fresh,
            known=known,
        )

    def noted(self, sealed: SealedRecord) -> None:
        """The group's key is durably noted: later payloads may use it without more ado."""
        if sealed.fresh and sealed.known == self._known:
            self._noted[sealed.group] = sealed.kid
            if len(self._noted) > _CACHED:
                self._noted.popitem(last=False)

    def unseal(
        self, message_id: str, kid: str | None, nonce: bytes, ciphertext: bytes
    ) -> Payload | None:
        """None when it was erased (or nothing was sealed). Raises LogInvalid when it was
        tampered with."""
        plain = self._decrypted(message_id, kid, nonce, ciphertext)
        return None if plain is None else load(plain)

    def spare(self) -> SubjectKey:
        """A new key, to seal anew what shares a key with what is erased. Raises NotRecorded."""
        return self._keys.take()

    def resealed(
        self, message_id: str, kid: str, nonce: bytes, ciphertext: bytes, key: SubjectKey
    ) -> tuple[bytes, bytes] | None:
        """Nonce and ciphertext under `key`; None when it was erased. Raises LogInvalid."""
        plain = self._decrypted(message_id, kid, nonce, ciphertext)
        return None if plain is None else _encrypt(key, plain, message_id)

    def _decrypted(
        self, message_id: str, kid: str | None, nonce: bytes, ciphertext: bytes
    ) -> bytes | None:
        key = None if kid is None or not nonce else self._keys.find(kid)
        if key is None:
            return None
        try:
            return key.cipher.decrypt(bytes(nonce), bytes(ciphertext), _context(message_id))
        except InvalidTag:
            raise LogInvalid(f"the payload of message {message_id} was changed") from None

    def _group(self, record: Record) -> SubjectGroup:
        submission = record.submission
        return SubjectGroup(
            subject=self._digests.subject(submission),
            day=day_of(record.decided_at),
            tenant=submission.tenant,
            creator=submission.creator,
            channel=submission.channel.value,
            kind=stamp(record).kind.value,
        )

    async def _noted_key(self, group: SubjectGroup) -> SubjectKey | None:
        kid = self._noted.get(group)
        if kid is not None:
            return self._keys.find(kid)
        row = await self._reader.one(self._kids, **group._asdict())
        if row is None:
            return None
        key = self._keys.find(row[0])
        if key is not None:
            self._noted[group] = key.id
        return key


def _encrypt(key: SubjectKey, plain: bytes, message_id: str) -> tuple[bytes, bytes]:
    nonce = secrets.token_bytes(12)
    return nonce, key.cipher.encrypt(nonce, plain, _context(message_id))


def _context(message_id: str) -> bytes:
    """Binds a payload to its message."""
    return message_id.encode()
