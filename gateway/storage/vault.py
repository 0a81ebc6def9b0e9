"""Seals payloads with the key of the person they are about, and opens them again."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from gateway.errors import LogInvalid, NotRecorded
from gateway.model.record import Record
from gateway.storage.database import Database
from gateway.storage.digests import Digests
from gateway.storage.payload import Payload, dump, load, payload_of
from gateway.storage.reader import Reader
from gateway.storage.subject_keys import SubjectKey, SubjectKeys
from gateway.storage.tables import Subject, table

_CACHED = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A payload as it is stored. `fresh` when `kid` must be noted as one of the subject's."""

    kid: str
    nonce: bytes
    ciphertext: bytes
    subject: bytes
    fresh: bool


class Vault:
    def __init__(
        self, *, database: Database, reader: Reader, keys: SubjectKeys, digests: Digests
    ) -> None:
        self._reader = reader
        self._keys = keys
        self._digests = digests
        self._noted: OrderedDict[bytes, str] = OrderedDict()
        subjects = table(Subject).c
        self._kids = database.statement(
            sa.select(subjects.kid).where(subjects.subject == sa.bindparam("subject"))
        )

    async def seal(self, record: Record) -> Sealed:
        """Raises NotRecorded."""
        subject = self._digests.subject(record.submission)
        key = await self._noted_key(subject)
        fresh = key is None
        if key is None:
            key = self._keys.take()
        try:
            plain = dump(payload_of(record))
        except (TypeError, ValueError) as error:
            raise NotRecorded("the record holds what JSON cannot say") from error
        nonce = secrets.token_bytes(12)
        return Sealed(
            kid=key.id,
            nonce=nonce,
            ciphertext=key.cipher.encrypt(nonce, plain, _context(record.submission.message_id)),
            subject=subject,
            fresh=fresh,
        )

    def noted(self, sealed: Sealed) -> None:
        """The subject's key is durably noted: later payloads may use it without more ado."""
        if sealed.fresh:
            self._noted[sealed.subject] = sealed.kid
            if len(self._noted) > _CACHED:
                self._noted.popitem(last=False)

    def unseal(
        self, message_id: str, kid: str | None, nonce: bytes, ciphertext: bytes
    ) -> Payload | None:
        """None when its key was destroyed (or nothing was sealed). Raises LogInvalid when it
        was tampered with."""
        key = None if kid is None else self._keys.find(kid)
        if key is None:
            return None
        try:
            return load(key.cipher.decrypt(nonce, ciphertext, _context(message_id)))
        except InvalidTag:
            raise LogInvalid(f"the payload of message {message_id} was changed") from None

    async def _noted_key(self, subject: bytes) -> SubjectKey | None:
        kid = self._noted.get(subject)
        if kid is not None:
            return self._keys.find(kid)
        row = await self._reader.one(self._kids, subject=subject)
        if row is None:
            return None
        key = self._keys.find(row[0])
        if key is not None:
            self._noted[subject] = key.id
        return key


def _context(message_id: str) -> bytes:
    """Binds a payload to its message."""
    return message_id.encode()
