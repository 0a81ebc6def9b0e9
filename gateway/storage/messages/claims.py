"""Idempotency keys: the first request claims its key, later ones get the first one's outcome.

Follows draft-ietf-httpapi-idempotency-key-header-07, section 2.6: a different request with the same
key is refused, and so is any request while the first is still in progress.
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

_PROBE_BYTES = 65_536
"""Bytes that a probe writes: more than nearly all records, so that it fails on a disk that is
almost full."""


class Claims:
    """Claims idempotency keys. A claim ends when its process dies, or after `ttl_s` seconds."""

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
        """See ports.Ledger.abandon. Does nothing when the message was recorded after all. Raises
        NotRecorded; until `clear` succeeds, only this process treats the key as free then."""
        if submission.idempotency_key is None:
            return
        message_id = submission.message_id
        self._given_up.add(message_id)
        await self._writer.write(
            lambda transaction: transaction.run(self._drop, message=message_id)
        )
        self._given_up.discard(message_id)

    async def clear(self) -> None:
        """Give back the claims that `abandon` could not give back. Raises NotRecorded."""
        given_up = tuple(self._given_up)
        if not given_up:
            return

        def job(transaction: Transaction) -> None:
            for message_id in given_up:
                transaction.add(self._drop, message=message_id)

        await self._writer.write(job)
        self._given_up.difference_update(given_up)

    async def probe(self) -> None:
        """Check that the database can be written: write a large claim, and remove it again. Raises
        NotRecorded."""
        message_id = f"probe_{self._boot}"
        probe: dict[str, Any] = self._blank | {
            "id": message_id,
            "tenant": "",
            "state": State.RECEIVED.value,
            "dry_run": True,
            "delivery_detail": "x" * _PROBE_BYTES,
        }

        def job(transaction: Transaction) -> None:
            transaction.add(self._insert, **probe)
            transaction.run(self._drop, message=message_id)

        await self._writer.write(job)

    def _take_claim(self, transaction: Transaction, claim: dict[str, Any]) -> Row | None:
        """Take the claim and return None, or return the row of the message that was recorded with
        this key. Raises IdempotencyBusy and IdempotencyReused."""
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
