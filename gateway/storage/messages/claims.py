"""Idempotency keys: the first request claims its key, the others wait or get its outcome.

After draft-ietf-httpapi-idempotency-key-header-07, section 2.6: another request with the same
key is refused, and so is one that comes while the first is still in progress.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from gateway.errors import IdempotencyBusy, IdempotencyReused
from gateway.model.record import Outcome
from gateway.model.submission import Submission
from gateway.model.verdict import State
from gateway.ports import Now
from gateway.storage.engine.database import Database
from gateway.storage.engine.driver import Row
from gateway.storage.engine.tables import MessageRow, table
from gateway.storage.engine.times import micros
from gateway.storage.engine.transaction import Transaction
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.messages.outcomes import WIDTH, outcome_from, select_outcomes, unseal
from gateway.storage.vault.digests import Digests
from gateway.storage.vault.vault import Vault

_PROBE_SIZE = 65_536
"""Bytes that a probe writes: more than nearly all records, so that it finds a disk almost full."""


class Claims:
    """A claim whose process died is free at once; one that is older than `ttl_s` as well."""

    def __init__(
        self,
        *,
        database: Database,
        writer: DatabaseWriter,
        vault: Vault,
        digests: Digests,
        now: Now,
        ttl_s: float,
    ) -> None:
        self._boot = database.instance_id
        self._writer = writer
        self._vault = vault
        self._digests = digests
        self._now = now
        self._ttl_us = round(ttl_s * 1_000_000)
        self._given_up: set[str] = set()
        message = table(MessageRow)
        self._blank = dict.fromkeys(message.c.keys()) | {"attempts": 0, "delivery_detail": ""}
        self._insert = database.statement(sa.insert(message))
        self._find = database.statement(
            select_outcomes(message.c.fingerprint, message.c.boot, message.c.claimed_at).where(
                message.c.request == sa.bindparam("request")
            )
        )
        self._drop = database.statement(
            sa.delete(message).where(
                message.c.id == sa.bindparam("message"), message.c.state == State.RECEIVED.value
            )
        )

    async def claim(self, submission: Submission) -> Outcome | None:
        """See ports.Ledger.claim."""
        request = self._digests.request(submission)
        if request is None:
            return None
        claim: dict[str, Any] = self._blank | {
            "id": submission.message_id,
            "tenant": submission.tenant,
            "state": State.RECEIVED.value,
            "request": request,
            "fingerprint": self._digests.fingerprint(submission),
            "boot": self._boot,
            "claimed_at": micros(self._now()),
            "dry_run": submission.dry_run,
        }
        row = await self._writer.write(lambda transaction: self._take_claim(transaction, claim))
        if row is None:
            return None
        return replace(outcome_from(row, unseal(row, self._vault)), replayed=True)

    async def abandon(self, submission: Submission) -> None:
        """Also safe when the message was recorded after all: then nothing happens. Where even
        this cannot be written, this process at least knows that the key is free."""
        if submission.idempotency_key is None:
            return
        message_id = submission.message_id
        self._given_up.add(message_id)
        await self._writer.write(
            lambda transaction: transaction.run(self._drop, message=message_id)
        )
        self._given_up.discard(message_id)

    async def clear(self) -> None:
        """Give back what could not be given back before. Raises NotRecorded."""
        given_up = tuple(self._given_up)
        if not given_up:
            return

        def job(transaction: Transaction) -> None:
            for message_id in given_up:
                transaction.add(self._drop, message=message_id)

        await self._writer.write(job)
        self._given_up.difference_update(given_up)

    async def probe(self) -> None:
        """Writes a claim, larger than nearly all records, and removes it again. Raises
        NotRecorded."""
        message_id = f"probe_{self._boot}"
        probe: dict[str, Any] = self._blank | {
            "id": message_id,
            "tenant": "",
            "state": State.RECEIVED.value,
            "dry_run": True,
            "delivery_detail": "x" * _PROBE_SIZE,
        }

        def job(transaction: Transaction) -> None:
            transaction.add(self._insert, **probe)
            transaction.run(self._drop, message=message_id)

        await self._writer.write(job)

    def _take_claim(self, transaction: Transaction, claim: dict[str, Any]) -> Row | None:
        """None when the claim was taken, else the row of the message that settled it."""
        rows = transaction.fetch(self._find, request=claim["request"])
        if rows:
            row = rows[0]
            fingerprint, boot, claimed_at = row[WIDTH:]
            if fingerprint is None:
                raise IdempotencyReused("what was sent with it was erased; use a key of its own")
            if fingerprint != claim["fingerprint"]:
                raise IdempotencyReused("send it with a key of its own")
            if row[2] != State.RECEIVED.value:
                return row
            fresh = claimed_at + self._ttl_us > micros(self._now())
            if fresh and row[0] not in self._given_up and transaction.is_alive(boot):
                raise IdempotencyBusy("ask again when it is done")
            transaction.run(self._drop, message=row[0])
        transaction.add(self._insert, **claim)
        return None
