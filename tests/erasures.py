"""What the suites about erasure share."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.model.erasure import (
    ErasureOrder,
    ErasureScope,
)
from gateway.model.record import Entry, EntryKind, Record
from gateway.model.verdict import Verdict
from gateway.pipeline.ids import commit_to
from gateway.storage.store import EntryQuery, Store
from gateway.trail.verify import verify
from tests.stores import PERSON, Samples


def order(
    scope: ErasureScope = ErasureScope.SUBJECT, target: str = PERSON, tenant: str = "acme"
) -> ErasureOrder:
    return ErasureOrder(
        scope=scope, tenant=tenant, target=target, actor="ann", reason="They asked for it."
    )


async def erased_entries(store: Store) -> list[dict[str, Any]]:
    found = await store.log.find(EntryQuery(kind=EntryKind.ERASED))
    return [orjson.loads(entry.body) for entry in found]


async def log_of(store: Store) -> list[Entry]:
    return await store.log.entries(0, await store.log.size())


async def assert_log_verifies(store: Store) -> None:
    verify(await log_of(store), checkpoints=(), keys=(), origin="log")


async def record(
    store: Store, samples: Samples, verdict: Verdict = Verdict.PUBLISH, **changes: Any
) -> Record:
    submission = samples.submission(**changes)
    made = samples.record(verdict, submission, commitment=commit_to(submission.text))
    await store.ledger.record(made)
    return made
