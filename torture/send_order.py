"""Finds requests and answers that left the process before their record was on the disk.

No kill can show that, since the page cache outlives the process.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torture import powercut
from torture.fault_run import FaultRunner
from torture.powercut import SentMessage
from torture.strace import TracedCall

CALLS = (*powercut.CALLS, "sendto", "recvfrom", "pwritev")
_WAL = re.compile(r"/pg_wal/[0-9A-F]{24}$")


@dataclass(slots=True)
class SendOrder:
    """The result: how many requests to the platform (`sent`) and answers to callers were looked
    at, and a description of each that left too early."""

    sent: int = 0
    answers: int = 0
    early: list[str] = field(default_factory=list)


def check_on_sqlite(runner: FaultRunner, calls: list[TracedCall], folder: Path) -> SendOrder:
    """Compare each message with the synced bytes that the disk had when it left."""
    sent = _messages_sent(runner, calls)
    disk = powercut.SimulatedDisk(calls, folder / "blank", folder / "place")
    cuts = {cut.line: cut for cut in disk.cuts({message.began for message in sent})}
    scratch = folder / "disk"
    scratch.mkdir(exist_ok=True)
    recorded = [powercut.is_recorded(scratch, cuts[message.began], message) for message in sent]
    return _summary(sent, recorded)


def check_on_postgres(runner: FaultRunner, calls: list[TracedCall]) -> SendOrder:
    """Compare each message with the server's WAL: before the message left, a sync must have ended
    that began after the WAL write with the message's entry, and the server's answer to COMMIT must
    have arrived."""
    sent = _messages_sent(runner, calls)
    return _summary(sent, [_is_committed(calls, message) for message in sent])


def _messages_sent(runner: FaultRunner, calls: list[TracedCall]) -> list[SentMessage]:
    port = runner.engine.settings["port"]
    return list(powercut.sent_messages(calls, port, runner.platform.port))


def _summary(sent: Sequence[SentMessage], recorded: Sequence[bool]) -> SendOrder:
    order = SendOrder()
    for message, is_recorded in zip(sent, recorded, strict=True):
        route = message.route
        order.sent += bool(route)
        order.answers += not route
        if not is_recorded:
            what = f"a request to {route}" if route else f"an answer {message.status}"
            order.early.append(f"{what} left before its record was on the disk")
    return order


def _is_committed(calls: Sequence[TracedCall], message: SentMessage) -> bool:
    name = message.message_id.encode()
    before = [call for call in calls if call.ended is not None and call.ended < message.began]
    writes = [
        call
        for call in before
        if call.name in ("pwrite64", "pwritev") and _WAL.search(call.target) and name in call.data
    ]
    if not writes:
        return False
    # The settlement of the delivery names the message again: its first entry counts.
    written = min(writes, key=lambda call: call.began)
    synced = [
        call.ended
        for call in before
        if call.name in ("fdatasync", "fsync")
        and _WAL.search(call.target)
        and call.began > (written.ended or 0)
    ]
    if not synced:
        return False
    return any(
        call.name == "recvfrom" and (call.ended or 0) > (synced[0] or 0) and b"COMMIT" in call.data
        for call in before
    )
