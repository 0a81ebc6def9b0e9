"""Writes the evidence file, the whole log as an auditor takes it away: docs/reference/evidence.md.

`gateway.verifier` reads it, with code of its own.
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
_CHUNK_ENTRIES = 256
"""Entries that are read and sent in one piece: a megabyte or two."""
_ABOVE_ANY_SIZE = 1 << 62
"""A number of entries that no log reaches, as the end of a range."""


class EvidenceStore(Protocol):
    """The methods of the stored log that an export needs. Ranges go from `start`, included, to
    `stop`, excluded."""

    async def size(self) -> int: ...

    async def entries(self, start: int, stop: int) -> Sequence[Entry]: ...

    async def checkpoints(self, start: int, stop: int) -> Sequence[StoredCheckpoint]:
        """The checkpoints with start <= size < stop, with their cosignatures."""
        ...

    async def stamps(self, start: int, stop: int) -> Sequence[tuple[int, str, bytes]]:
        """The time stamps of checkpoints with start <= size < stop: size, authority, response."""
        ...


async def exportable_size(log: Log, store: EvidenceStore) -> tuple[int, str]:
    """The number of entries to export: those under a new checkpoint, so that all are signed. When
    the log cannot be signed because it does not verify: the number of all entries, and why."""
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
    """Yield the evidence file of the first `size` entries, in pieces of several lines.

    It has every checkpoint over at most `size` entries; with `beyond` also larger ones, whose
    entries the log must have lost. With `tenant`, other tenants' entries are hashes only.
    `progress` is called with the number of entries done.

    The log is exported as it is stored, also when it does not verify. Raises LogInvalid only for
    rows that cannot be read at all.
    """
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
    for start in range(0, size, _CHUNK_ENTRIES):
        stop = min(start + _CHUNK_ENTRIES, size)
        entries = await _read_entries(store, start, stop)
        upto = _ABOVE_ANY_SIZE if beyond and stop == size else stop + 1
        proofs = await _proof_lines(store, 0 if start == 0 else start + 1, upto)
        counted["entries"] += len(entries)
        counted["checkpoints"] += _count_checkpoints(proofs)
        yield b"".join(_merged_lines(entries, proofs, tenant))
        if progress:
            progress(stop)
    if not size:
        proofs = await _proof_lines(store, 0, _ABOVE_ANY_SIZE if beyond else 1)
        counted["checkpoints"] = _count_checkpoints(proofs)
        yield b"".join(line for _, line in proofs)
    yield _line({"end": counted})


def _count_checkpoints(proofs: Sequence[tuple[int, bytes]]) -> int:
    return sum(line.startswith(b'{"checkpoint"') for _, line in proofs)


async def _read_entries(store: EvidenceStore, start: int, stop: int) -> Sequence[Entry]:
    try:
        return await store.entries(start, stop)
    except (ValueError, OverflowError) as error:  # a column has a value that cannot be decoded
        problem = f"one of the entries {start} to {stop - 1} cannot be read"
        raise LogInvalid(problem, index=start) from error


async def _proof_lines(store: EvidenceStore, start: int, stop: int) -> list[tuple[int, bytes]]:
    """The lines of checkpoints, each followed by those of its time stamps; with their sizes."""
    lines = [
        (size, _line({"checkpoint": note}))
        for size, _, note in await store.checkpoints(start, stop)
    ]
    lines += [
        (size, _line({"stamp": {"size": size, "tsa": tsa, "response": _base64(response)}}))
        for size, tsa, response in await store.stamps(start, stop)
    ]
    return sorted(lines, key=lambda line: line[0])  # stable: the checkpoint stays first


def _merged_lines(
    entries: Sequence[Entry], proofs: Sequence[tuple[int, bytes]], tenant: str | None
) -> list[bytes]:
    """The lines of entries and proofs; a proof of size n comes after the entry n - 1."""
    lines, waiting = [], list(reversed(proofs))
    for entry in entries:
        while waiting and waiting[-1][0] <= entry.seq:
            lines.append(waiting.pop()[1])
        lines.append(_line(_entry_json(entry, tenant)))
    return lines + [line for _, line in reversed(waiting)]


def _entry_json(entry: Entry, tenant: str | None) -> dict[str, Any]:
    """The JSON of an entry; without its body when it is another tenant's."""
    if type(entry.body) is not bytes or type(entry.leaf) is not bytes:
        # SQLite lets a column hold values of any type.
        raise LogInvalid("its body or hash is not bytes", index=entry.seq)
    entry_json: dict[str, Any] = {"seq": entry.seq, "leaf": _base64(entry.leaf)}
    if tenant in (None, entry.tenant):
        try:
            entry_json["body"] = entry.body.decode()
        except UnicodeDecodeError:  # it was tampered with: the auditor must see how
            entry_json["bytes"] = _base64(entry.body)
    return entry_json


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
