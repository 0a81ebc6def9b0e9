"""Checks the promises of docs/reliability.md against what a trial left behind."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import GatewayError
from gateway.keyring import Keyring
from gateway.model.record import Entry, EntryKind, leaf_hash
from gateway.settings import read_settings
from gateway.storage.store import open_store
from gateway.trail.leaf import encode
from gateway.trail.log import Log
from torture.fake_platform import ReceivedRequest
from torture.workload import PLAIN, ClientHistory, WorkloadClient


@dataclass(slots=True)
class StateAfterRestart:
    """What is found after the restart: the log's entries, the final state (`ends`) of each accepted
    message, the escalated messages, whether the creator exists, and other problems."""

    entries: list[Entry] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    escalated: set[str] = field(default_factory=set)
    creator: bool = False
    problems: list[str] = field(default_factory=list)


def observe_restart(caller: WorkloadClient) -> StateAfterRestart:
    """Repeat all requests to the restarted gateway, wait for the final states, and read what was
    escalated."""
    left = StateAfterRestart()
    caller.retry_all()
    left.ends = dict(caller.final_states())
    left.escalated = caller.escalated()
    left.creator = caller.creator_is_there()
    left.problems = list(caller.problems)
    return left


def verify_log(
    settings: Mapping[str, Any], history: ClientHistory, left: StateAfterRestart
) -> None:
    """Read and verify the whole log of the stopped gateway, with the checkpoints that callers
    kept; problems are added to `left`."""

    async def read() -> None:
        given = read_settings(None, dict(settings))
        keyring = Keyring.open(given.keys_dir)
        store = await open_store(
            url=given.database,
            keys_path=given.subject_keys_path,
            encode=encode,
            now=lambda: datetime.now(UTC),
            master_key=keyring.master_key,
            fingerprint_key=keyring.fingerprint_key,
            read_only=True,
        )
        try:
            left.entries = await store.log.entries(0, await store.log.size())
            log = Log(
                store=store.log,
                keyring=keyring,
                origin=given.log_origin,
                now=lambda: datetime.now(UTC),
            )
            await log.verify(kept=history.checkpoints)
        finally:
            await store.close()

    try:
        asyncio.run(read())
    except GatewayError as error:
        left.problems.append(f"the log does not verify: {error}")
    database = Path(settings["data_dir"]) / "gateway.db"
    if database.exists():
        with closing(sqlite3.connect(database)) as connection:
            rows = [row for (row,) in connection.execute("PRAGMA integrity_check")]
        left.problems += [f"integrity: {row}" for row in rows if row != "ok"]


def broken_promises(
    history: ClientHistory, received: list[ReceivedRequest], left: StateAfterRestart
) -> list[str]:
    """A sentence for each promise that was broken."""
    return [
        *left.problems,
        *_log_violations(left),
        *_unsettled_violations(left),
        *_answer_violations(history, left),
        *_platform_violations(history, received, left),
    ]


def duplicates(received: list[ReceivedRequest]) -> int:
    """The number of requests beyond the first for a message. Not counted is the one that the
    workload provokes, since the platform does not answer a "silent" message."""
    counts = Counter((request.name, request.message_id) for request in received)
    return sum(max(n - 1 - (name == "silent"), 0) for (name, _), n in counts.items())


def _log_violations(left: StateAfterRestart) -> Iterator[str]:
    if [entry.seq for entry in left.entries] != list(range(len(left.entries))):
        yield "the log has gaps"
    for entry in left.entries:
        if entry.leaf != leaf_hash(entry.body):
            yield f"entry {entry.seq} is not what its leaf says"
        if orjson.loads(entry.body).get("seq") != entry.seq:
            yield f"entry {entry.seq} says that it has another number"


def _unsettled_violations(left: StateAfterRestart) -> Iterator[str]:
    """Messages that the log allowed to be published must have a delivery in the log."""
    said = [(entry, orjson.loads(entry.body)) for entry in left.entries]
    decided = (EntryKind.DECISION, EntryKind.REVIEW)
    queued = {
        entry.message_id
        for entry, body in said
        if entry.kind in decided and body["state"] == "queued"
    }
    settled = {entry.message_id for entry, _ in said if entry.kind is EntryKind.DELIVERY}
    for message_id in queued - settled:
        yield f"{message_id}: recorded as to be published, and nothing became of it"


def _answer_violations(history: ClientHistory, left: StateAfterRestart) -> Iterator[str]:
    judged = {entry.message_id for entry in left.entries if entry.kind is EntryKind.DECISION}
    for name, answers in history.answers.items():
        taken = [answer for answer in answers if answer.status in (200, 202)]
        for answer in taken:
            if answer.message_id not in judged:
                yield f"{name}: answered {answer.status}, but not recorded"
        if len({answer.message_id for answer in taken}) > 1:
            yield f"{name}: the same key was answered with two messages"
        if (
            any(answer.state == "delivered" for answer in taken)
            and left.ends.get(name) != "delivered"
        ):
            yield f"{name}: answered as delivered, now {left.ends.get(name)}"
        if not taken:
            yield f"{name}: never taken, last answer {answers[-1].status}"
    if history.creator and not left.creator:
        yield "a creator was acknowledged, and is gone"


def _platform_violations(
    history: ClientHistory, received: list[ReceivedRequest], left: StateAfterRestart
) -> Iterator[str]:
    allowed = {
        (entry.message_id, entry.seq)
        for entry in left.entries
        if entry.kind in (EntryKind.DECISION, EntryKind.REVIEW)
    }
    by_name: defaultdict[str, list[ReceivedRequest]] = defaultdict(list)
    for request in received:
        by_name[request.name].append(request)
        if (request.message_id, request.seq) not in allowed:
            yield f"{request.name}: published without its record"
    for name, some in by_name.items():
        if len({(request.key, request.message_id) for request in some}) > 1:
            yield f"{name}: sent with two keys"
        if len({request.digest for request in some}) > 1:
            yield f"{name}: sent twice with different bytes"
        if some[0].route == PLAIN and len(some) > 1:
            yield f"{name}: sent {len(some)} times to a platform that cannot tell"
    for name, end in left.ends.items():
        taken = history.accepted(name)
        message_id = taken.message_id if taken else ""
        got = any(request.message_id == message_id for request in by_name[name])
        if end == "delivered" and not got:
            yield f"{name}: settled as delivered, and never received"
        elif end == "unknown" and message_id not in left.escalated:
            yield f"{name}: nobody knows what became of it, and no person was called"
        elif end not in ("delivered", "unknown"):
            yield f"{name}: it was to be published, and is {end}"
        elif end == "unknown" and "plain" not in name:
            yield f"{name}: unknown, on a platform where it may be sent again"
