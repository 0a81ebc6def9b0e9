"""What is left of a text after its erasure, and how long messages wait meanwhile."""

from __future__ import annotations

import asyncio
import base64
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.figure import Figure
from bench.records import START, Records
from gateway.model.erasure import ErasureOrder, ErasureScope
from gateway.model.record import TextCommitment
from gateway.storage.store import Store, open_store
from gateway.trail.leaf import encode

_MESSAGES = 400  # messages recorded before the erasure
_ORDER = ErasureOrder(
    scope=ErasureScope.CREATOR, tenant="bench", target="bench", actor="bench", reason="measured"
)


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        yield from asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    store, records = await _open(folder, "gateway.db"), Records()
    try:
        marks = await asyncio.gather(*(_record(store, records) for _ in range(_MESSAGES)))
        _copy(folder / "gateway.db", folder / "backup.db")
        before = await _readable(folder)
        started = time.perf_counter()
        erasing = asyncio.create_task(store.erasures.erase(_ORDER))
        waits = []
        while not erasing.done():
            began = time.perf_counter()
            await _record(store, records)
            waits.append(time.perf_counter() - began)
        report = await erasing
        took = time.perf_counter() - started
        readable = await _readable(folder)
    finally:
        await store.close()
    found = _found(folder, marks)
    return [
        Figure(
            key="audit.erased_bytes_found",
            value=found + readable,
            unit="places",
            bar=0,
            aim=0,
            n=_MESSAGES,
            note="texts and salts as UTF-8, UTF-16, base64 and hex in the database, its WAL, the "
            f"key file and a backup made before, and texts that the backup still opens ({before} "
            f"before); {report.counts.payloads} texts under {report.counts.keys} keys in "
            f"{took:.1f} s, meanwhile a message took {median(waits) * 1_000:.1f} ms "
            f"({max(waits) * 1_000:.0f} ms at most)",
        )
    ]


async def _open(folder: Path, name: str) -> Store:
    return await open_store(
        url=f"sqlite:///{folder / name}",
        keys_path=folder / "subject-keys.db",
        encode=encode,
        now=lambda: START,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
    )


async def _record(store: Store, records: Records) -> tuple[str, str]:
    """Record a message whose text holds a mark that is nowhere else; return the mark and the
    salt."""
    made = records.make()
    mark, salt = secrets.token_hex(12), secrets.token_hex(16)
    text = f"{made.submission.text} {mark}"
    disclosure = made.judgement.disclosure
    assert disclosure is not None
    disclosure = replace(disclosure, text=text, salt=salt)
    made = replace(
        made,
        submission=replace(made.submission, text=text, human_text=mark),
        judgement=replace(made.judgement, disclosure=disclosure),
        commitment=TextCommitment(salt=salt, hash="00" * 32),
    )
    await store.ledger.record(made)
    return mark, salt


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)


async def _readable(folder: Path) -> int:
    """How many texts of the backup can be decrypted with the present keys."""
    _copy(folder / "backup.db", folder / "restored.db")
    restored = await _open(folder, "restored.db")
    try:
        with closing(sqlite3.connect(folder / "restored.db")) as plain:
            ids = [message_id for (message_id,) in plain.execute("SELECT id FROM message")]
        outcomes = [await restored.ledger.outcome("bench", message_id) for message_id in ids]
    finally:
        await restored.close()
    _remove(folder)
    return sum(outcome is not None and outcome.judgement.text is not None for outcome in outcomes)


def _remove(folder: Path) -> None:
    for path in folder.glob("restored.db*"):
        path.unlink()


def _found(folder: Path, marks: list[tuple[str, str]]) -> int:
    """Count the traces of the texts in all files of the folder: marks and salts, in several
    encodings."""
    needles = []
    for mark, salt in marks:
        needles += [mark.encode(), mark.encode("utf-16-le"), mark.encode().hex().encode()]
        needles += [base64.b64encode(b"x" * shift + mark.encode())[4:-4] for shift in range(3)]
        raw = bytes.fromhex(salt)
        needles += [salt.encode(), raw, base64.b64encode(raw)[:-4]]
    files = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return sum(needle in data for data in files for needle in needles)
