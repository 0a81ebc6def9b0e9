"""Simulates power cuts: computes what SQLite's files would hold after one at a given call.

A kill does not lose the page cache, so it cannot show a missing sync. From the trace of a whole run
the files are rebuilt with synced bytes alone, or with every other unsynced write too, since a disk
may keep later writes and lose earlier ones. Cuts are made whenever a message leaves the process,
and after each sync.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from torture.fake_platform import ReceivedRequest
from torture.strace import TracedCall
from torture.workload import ClientAnswer, ClientHistory

CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "write", "writev", "connect")
_FILES = ("gateway.db", "gateway.db-wal", "subject-keys.db", "subject-keys.db-journal")
_SYNCS = ("fdatasync", "fsync")


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that left the process: in a request to the platform, which has a `route`, or in an
    answer to a caller. Its first byte left at line `began` of the trace."""

    began: int
    ended: int
    route: str
    key: str
    status: int
    message: dict[str, Any]
    body: bytes

    @property
    def message_id(self) -> str:
        return str(self.message["message_id"])


@dataclass(slots=True)
class PowerCut:
    """The files on the disk after a power cut at line `line` of the trace."""

    line: int
    files: dict[str, bytes] = field(default_factory=dict)


class SimulatedDisk:
    """The files of the folder `place` during a run, according to its trace `calls`. `before` is the
    folder as it was before the run."""

    def __init__(self, calls: list[TracedCall], before: Path, place: Path) -> None:
        self._calls = calls
        self._place = str(place)
        self._current = {
            name: bytearray((before / name).read_bytes())
            for name in _FILES
            if (before / name).exists()
        }
        self._durable = {name: bytes(data) for name, data in self._current.items()}
        self._listed = set(self._current)  # names that the directory has durably
        self._unsynced: dict[str, list[tuple[int, bytes]]] = {}

    def cuts(self, moments: set[int], *, torn: bool = False) -> Iterator[PowerCut]:
        """Power cuts just before these lines of the trace, ascending. `torn` keeps every other
        unsynced write."""
        events: list[tuple[int, int, TracedCall]] = []
        for call in self._calls:
            if call.ended is None or not self._ours(call):
                continue
            if call.name in _SYNCS:
                events.append((call.began, 0, call))
            events.append((call.ended, 1, call))
        taken: dict[int, dict[str, bytes]] = {}
        waiting = sorted(moments)
        for line, end, call in sorted(events, key=lambda event: event[:2]):
            while waiting and waiting[0] <= line:
                yield PowerCut(waiting.pop(0), self._on_disk(torn=torn))
            if call.name in _SYNCS and not end:
                taken[id(call)] = {name: bytes(data) for name, data in self._current.items()}
            else:
                self._apply(call, taken.pop(id(call), {}))
        for line in waiting:
            yield PowerCut(line, self._on_disk(torn=torn))

    def syncs(self) -> set[int]:
        """The line after each sync."""
        return {
            call.ended + 1
            for call in self._calls
            if call.name in _SYNCS and call.ended is not None and self._ours(call)
        }

    def _ours(self, call: TracedCall) -> bool:
        """Whether the call concerns the folder or one of the store's files."""
        if call.name == "unlink":
            return self._place in call.arguments
        return call.target == self._place or self._name(call) in _FILES

    def _name(self, call: TracedCall) -> str:
        return call.target.removeprefix(f"{self._place}/")

    def _apply(self, call: TracedCall, taken: dict[str, bytes]) -> None:
        name = self._name(call)
        if call.result is not None and call.result < 0:
            return
        if call.name == "pwrite64":
            data = self._current.setdefault(name, bytearray())
            offset, written = call.offset, call.data
            data.extend(bytes(max(0, offset + len(written) - len(data))))
            data[offset : offset + len(written)] = written
            self._unsynced.setdefault(name, []).append((offset, written))
        elif call.name == "ftruncate":
            data = self._current.setdefault(name, bytearray())
            del data[call.offset :]
        elif call.name == "unlink":
            gone = call.arguments.split('"')[1].removeprefix(f"{self._place}/")
            self._current.pop(gone, None)
        elif call.target == self._place:
            self._listed = set(taken)
        elif name in taken:
            self._durable[name] = taken[name]
            self._unsynced.pop(name, None)

    def _on_disk(self, *, torn: bool) -> dict[str, bytes]:
        found = {name: self._durable.get(name, b"") for name in self._listed}
        if torn:
            for name, writes in self._unsynced.items():
                if name in found:
                    data = bytearray(found[name])
                    for offset, written in writes[1::2]:
                        data.extend(bytes(max(0, offset + len(written) - len(data))))
                        data[offset : offset + len(written)] = written
                    found[name] = bytes(data)
        return found


def sent_messages(calls: list[TracedCall], port: int, platform_port: int) -> Iterator[SentMessage]:
    """The messages that left the process. Each has two writes, one for the HTTP head and one for
    the body."""
    heads: dict[str, tuple[TracedCall, bytes]] = {}
    for call in calls:
        if call.name not in ("write", "writev") or not call.target.startswith("TCP:["):
            continue
        data = call.data
        if data.startswith((b"POST ", b"HTTP/1.1 ")):
            heads[call.target] = call, b""
            head, _, body = data.partition(b"\r\n\r\n")
            data = body
            heads[call.target] = call, head
        if not data.startswith(b"{") or call.target not in heads:
            continue
        first, head = heads.pop(call.target)
        try:
            message = json.loads(data)
        except ValueError:
            continue
        if "message_id" not in message or call.ended is None:
            continue
        to_platform = call.target.endswith(f"->127.0.0.1:{platform_port}]")
        if not to_platform and f"127.0.0.1:{port}->" not in call.target:
            continue
        text = head.decode()
        key = re.search(r"(?i)idempotency-key: (\S+)", text)
        yield SentMessage(
            began=first.began,
            ended=call.ended,
            route=text.split()[1][1:] if to_platform else "",
            key=key[1] if key else "",
            status=0 if to_platform else int(text.split()[1]),
            message=message,
            body=data,
        )


def is_recorded(folder: Path, cut: PowerCut, message: SentMessage) -> bool:
    """Whether the disk has the entry, the sealed text and the state of a message, so that it may
    leave. Uses `folder` to open the files."""
    write_disk(folder, cut)
    with closing(sqlite3.connect(folder / "gateway.db")) as connection:
        rows = connection.execute(
            "SELECT e.seq FROM audit_entry e JOIN payload p ON p.seq = e.seq"
            " JOIN message m ON m.id = e.msg_id WHERE e.msg_id = ? AND m.state <> 'received'",
            (message.message_id,),
        ).fetchall()
    seqs = {seq for (seq,) in rows}
    return message.message["recorded_seq"] in seqs if message.route else bool(seqs)


def write_disk(folder: Path, cut: PowerCut) -> None:
    """Write the files of the store as they are after the cut. SQLite rebuilds its index of the
    WAL."""
    for old in folder.glob("gateway.db*"):
        old.unlink()
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
    for name, data in cut.files.items():
        (folder / name).write_bytes(data)


def history_until(
    line: int, history: ClientHistory, sent: list[SentMessage]
) -> tuple[ClientHistory, list[ReceivedRequest]]:
    """What callers and the platform had received before a power cut at this line."""
    names = {answer.message_id: name for name, some in history.answers.items() for answer in some}
    knew, received = ClientHistory(), []
    for message in sent:
        if message.ended >= line or message.message_id not in names:
            continue
        name = names[message.message_id]
        if message.route:
            received.append(
                ReceivedRequest(
                    name,
                    message.route,
                    message.key,
                    message.message_id,
                    message.message["recorded_seq"],
                    sha256(message.body).hexdigest(),
                )
            )
        elif message.status in (200, 202):
            knew.answers.setdefault(name, []).append(
                ClientAnswer(
                    message.status, message.message_id, str(message.message.get("state", ""))
                )
            )
    return knew, received
