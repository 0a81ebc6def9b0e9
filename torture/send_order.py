"""What left the process before its record was on the disk. No kill can show it: the page cache
outlives the process."""

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
    """`sent` counts the requests to the platform that were looked at, `answers` what was told to
    callers; `early` says which of them left too early."""

    sent: int = 0
    answers: int = 0
    early: list[str] = field(default_factory=list)


def check_on_sqlite(trials: FaultRunner, calls: list[TracedCall], folder: Path) -> SendOrder:
    """By what the disk would hold at that moment, of synced bytes alone."""
    all_sent = _messages_sent(trials, calls)
    disk = powercut.SimulatedDisk(calls, folder / "blank", folder / "place")
    at = {cut.line: cut for cut in disk.cuts({one.began for one in all_sent})}
    scratch = folder / "disk"
    scratch.mkdir(exist_ok=True)
    recorded = [powercut.is_recorded(scratch, at[one.began], one) for one in all_sent]
    return _summary(all_sent, recorded)


def check_on_postgres(trials: FaultRunner, calls: list[TracedCall]) -> SendOrder:
    """By the server's WAL: after the last write of it that names the message, a sync that began
    then has ended, and the server's word that it has committed has come."""
    all_sent = _messages_sent(trials, calls)
    return _summary(all_sent, [_is_committed(calls, one) for one in all_sent])


def _messages_sent(trials: FaultRunner, calls: list[TracedCall]) -> list[SentMessage]:
    port = trials.engine.settings["port"]
    return list(powercut.sent_messages(calls, port, trials.platform.port))


def _summary(all_sent: Sequence[SentMessage], recorded: Sequence[bool]) -> SendOrder:
    order = SendOrder()
    for one, fine in zip(all_sent, recorded, strict=True):
        order.sent += bool(one.route)
        order.answers += not one.route
        if not fine:
            what = f"a request to {one.route}" if one.route else f"an answer {one.status}"
            order.early.append(f"{what} left before its record was on the disk")
    return order


def _is_committed(calls: Sequence[TracedCall], one: SentMessage) -> bool:
    name = one.message_id.encode()
    before = [call for call in calls if call.ended is not None and call.ended < one.began]
    writes = [
        call
        for call in before
        if call.name in ("pwrite64", "pwritev") and _WAL.search(call.target) and name in call.data
    ]
    if not writes:
        return False
    # The message is named again when its delivery is settled: its first entry is what counts.
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
