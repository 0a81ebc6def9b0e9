"""Seals payloads with a key of the person they are about, and opens them again.

One key seals the payloads of one person, day, channel, creator and kind of entry. A person, a
creator or what a retention rule no longer keeps is therefore erased by destroying whole keys, and
copies of the sealed payloads cannot be read any more either.
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
from gateway.storage.vault.payload import Payload, dump_payload, load_payload, payload_of
from gateway.storage.vault.subject_keys import SubjectKey, SubjectKeys

_MAX_CACHED_GROUPS = 4_096
"""Groups whose current key is remembered, which spares a read for each message."""
_NONCE_BYTES = 12
"""As AES-GCM wants it (96 bits)."""


class SubjectGroup(NamedTuple):
    """The payloads that are sealed with one key. `subject` is the keyed digest of the person or
    conversation, `day` the day's first microsecond."""

    subject: bytes
    day: int
    tenant: str
    creator: str
    channel: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """A sealed payload, ready to be stored.

    `fresh` says that the key `kid` is new and must be recorded as a key of `group`. `known` is the
    last erasure step that this process had taken into account when it sealed: if there has been
    another since, the key may be destroyed.
    """

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
    """Keys were destroyed after the record was sealed, perhaps its own: seal it again. Nothing
    was written."""

    def __init__(self) -> None:
        super().__init__("keys were erased while it was sealed")


class Vault:
    """Seals payloads and opens them. Remembers for each group the key that seals it now."""

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
        """Take the erasure steps up to now into account; to be called before the first `seal`."""
        row = await self._reader.one(self._last_step)
        self._known = row[0] or 0 if row else 0

    async def refresh(self) -> None:
        """Take the erasure steps of other processes into account: forget the destroyed keys."""
        rows = await self._reader.many(self._erased, known=self._known)
        self.forget(kid for kid, _ in rows)
        self._known = max([self._known, *(step for _, step in rows)])

    def forget(self, kids: Iterable[str]) -> None:
        """Stop using keys that are destroyed."""
        destroyed = set(kids)
        if not destroyed:
            return
        self._keys.forget(destroyed)
        for group in [group for group, kid in self._noted.items() if kid in destroyed]:
            del self._noted[group]

    async def seal(self, record: Record) -> SealedRecord:
        """Seal the payload of a record with its group's key, or with a new one. Raises
        NotRecorded."""
        known = self._known
        group = self._group_of(record)
        key = await self._noted_key(group)
        fresh = key is None
        if key is None:
            key = self._keys.take()
        try:
            plain = dump_payload(payload_of(record))
        except (TypeError, ValueError) as error:
            raise NotRecorded("the record cannot be written as JSON") from error
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
        """Remember a group's new key; to be called once it is recorded durably. Later payloads of
        the group are sealed with it."""
        if sealed.fresh and sealed.known == self._known:
            self._noted[sealed.group] = sealed.kid
            if len(self._noted) > _MAX_CACHED_GROUPS:
                self._noted.popitem(last=False)

    def unseal(
        self, message_id: str, kid: str | None, nonce: bytes, ciphertext: bytes
    ) -> Payload | None:
        """Open a payload; None when it was erased or there never was one. Raises LogInvalid when
        the ciphertext was changed."""
        plain = self._decrypted(message_id, kid, nonce, ciphertext)
        return None if plain is None else load_payload(plain)

    def new_key(self) -> SubjectKey:
        """Take a new key, for `reseal`. Raises NotRecorded."""
        return self._keys.take()

    def reseal(
        self, message_id: str, kid: str, nonce: bytes, ciphertext: bytes, key: SubjectKey
    ) -> tuple[bytes, bytes] | None:
        """Seal a payload with another key: its new nonce and ciphertext; None when it was erased.
        Raises LogInvalid."""
        plain = self._decrypted(message_id, kid, nonce, ciphertext)
        return None if plain is None else _encrypt(key, plain, message_id)

    def _decrypted(
        self, message_id: str, kid: str | None, nonce: bytes, ciphertext: bytes
    ) -> bytes | None:
        key = None if kid is None or not nonce else self._keys.find(kid)
        if key is None:
            return None
        try:
            return key.cipher.decrypt(bytes(nonce), bytes(ciphertext), _associated_data(message_id))
        except InvalidTag:
            raise LogInvalid(f"the payload of message {message_id} was changed") from None

    def _group_of(self, record: Record) -> SubjectGroup:
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
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce, key.cipher.encrypt(nonce, plain, _associated_data(message_id))


def _associated_data(message_id: str) -> bytes:
    """AES-GCM's associated data: binds a payload to its message."""
    return message_id.encode()
