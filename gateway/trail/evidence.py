"""The evidence file: the whole log as an auditor takes it away, docs/reference/evidence.md.

`gateway.verifier` reads it, and shares no code with this.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

from gateway.errors import LogInvalid
from gateway.model.record import Entry
from gateway.trail.leaf import moment
from gateway.trail.log import Log
from gateway.trail.note import NoteKey
from gateway.trail.verify import StoredCheckpoint

FORMAT, VERSION = "avatar-gateway-evidence", 1
CONTENT_TYPE = "application/x-ndjson"
_CHUNK = 256
"""Entries in one piece: a megabyte or two."""
_ALL = 1 << 62


class EvidenceStore(Protocol):
    """What of the stored log is needed here. Ranges are `start` included to `stop` excluded."""

    async def size(self) -> int: ...

    async def entries(self, start: int, stop: int) -> Sequence[Entry]: ...

    async def checkpoints(self, start: int, stop: int) -> Sequence[StoredCheckpoint]:
        """Those with start <= size < stop, with the cosignatures that witnesses gave them."""
        ...

    async def stamps(self, start: int, stop: int) -> Sequence[tuple[int, str, bytes]]:
        """Size, authority and answer, of checkpoints with start <= size < stop."""
        ...


async def extent(log: Log, store: EvidenceStore) -> tuple[int, str]:
    """How many entries to export: those under a fresh checkpoint, so that all are signed. When
    the log is in no state to be signed, everything that is stored, and why that is so."""
    try:
        return (await log.checkpoint()).size, ""
    except LogInvalid as error:
        return await store.size(), str(error)


async def evidence(
    store: EvidenceStore,
    *,
    origin: str,
    keys: Sequence[NoteKey],
    at: datetime,
    size: int,
    tenant: str | None = None,
    beyond: bool = False,
    progress: Callable[[int], None] | None = None,
) -> AsyncIterator[bytes]:
    """The file, in pieces of some lines each: of the first `size` entries, with every checkpoint
    over them. With `tenant`, other tenants' entries are hashes only. `beyond`: with the
    checkpoints over more entries, too, which the log must have lost. Takes what is stored as it
    is: a log that does not verify can be exported, too. `progress` gets the entries done. Raises
    LogInvalid for what cannot even be read."""
    yield _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "origin": origin,
            "created_at": moment(at),
            "tenant": tenant,
            "entries": size,
            "keys": [{"key": str(key)} for key in keys],
        }
    )
    counted = {"entries": 0, "checkpoints": 0}
    for start in range(0, size, _CHUNK):
        stop = min(start + _CHUNK, size)
        entries = await _entries(store, start, stop)
        upto = _ALL if beyond and stop == size else stop + 1
        proofs = await _proofs(store, 0 if start == 0 else start + 1, upto)
        counted["entries"] += len(entries)
        counted["checkpoints"] += sum(one.startswith(b'{"checkpoint"') for _, one in proofs)
        yield b"".join(_merged(entries, proofs, tenant))
        if progress:
            progress(stop)
    if not size:
        proofs = await _proofs(store, 0, _ALL if beyond else 1)
        counted["checkpoints"] = sum(one.startswith(b'{"checkpoint"') for _, one in proofs)
        yield b"".join(one for _, one in proofs)
    yield _line({"end": counted})


async def _entries(store: EvidenceStore, start: int, stop: int) -> Sequence[Entry]:
    try:
        return await store.entries(start, stop)
    except (ValueError, OverflowError) as error:  # a column that means nothing
        problem = f"one of the entries {start} to {stop - 1} cannot be read"
        raise LogInvalid(problem, index=start) from error


async def _proofs(store: EvidenceStore, start: int, stop: int) -> list[tuple[int, bytes]]:
    """By the size they speak of: lines of checkpoints, each with its time stamps after it."""
    lines = [
        (size, _line({"checkpoint": note}))
        for size, _, note in await store.checkpoints(start, stop)
    ]
    lines += [
        (size, _line({"stamp": {"size": size, "tsa": tsa, "response": _base64(response)}}))
        for size, tsa, response in await store.stamps(start, stop)
    ]
    return sorted(lines, key=lambda line: line[0])  # stable: the checkpoint stays first


def _merged(
    entries: Sequence[Entry], proofs: Sequence[tuple[int, bytes]], tenant: str | None
) -> list[bytes]:
    lines, waiting = [], list(reversed(proofs))
    for entry in entries:
        while waiting and waiting[-1][0] <= entry.seq:
            lines.append(waiting.pop()[1])
        lines.append(_line(_said(entry, tenant)))
    return lines + [line for _, line in reversed(waiting)]


def _said(entry: Entry, tenant: str | None) -> dict[str, Any]:
    if type(entry.body) is not bytes or type(entry.leaf) is not bytes:  # SQLite takes anything
        raise LogInvalid("its body or hash is not bytes", index=entry.seq)
    said: dict[str, Any] = {"seq": entry.seq, "leaf": _base64(entry.leaf)}
    if tenant in (None, entry.tenant):
        try:
            said["body"] = entry.body.decode()
        except UnicodeDecodeError:  # it was tampered with: the auditor shall see it
            said["bytes"] = _base64(entry.body)
    return said


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _line(said: dict[str, Any]) -> bytes:
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
