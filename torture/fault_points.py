"""Lists the fault points: every write, sync, connect and send of a run without faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from torture.fault_run import FaultPoint
from torture.strace import TracedCall

_KILL, _EIO, _ENOSPC = "signal=SIGKILL", "error=EIO", "error=ENOSPC"
_FAULTS = {
    "pwrite64": (_KILL, _EIO, _ENOSPC),
    "fdatasync": (_KILL, _EIO),
    "fsync": (_KILL, _EIO),
    "ftruncate": (_KILL, _EIO),
    "connect": (_KILL, _EIO),
    "write": (_KILL, _EIO),
    "writev": (_KILL, _EIO),
    "sendto": (_KILL, _EIO),
    "recvfrom": (_KILL, _EIO),
}
FILES = ("gateway.db", "gateway.db-wal", "subject-keys.db", "subject-keys.db-journal")
DISK = ("pwrite64", "fdatasync", "fsync", "ftruncate")
NETWORK = ("connect", "write", "writev")
DATABASE = ("connect", "sendto", "recvfrom")


def of_files(calls: Sequence[TracedCall], place: str) -> list[FaultPoint]:
    """Writes and syncs of the store's files, by any thread."""
    counts = _most_per_thread(
        (call.thread, call.name, call.target.removeprefix(f"{place}/"))
        for call in calls
        if call.name in DISK
    )
    return list(_points_of("gateway", {key: n for key, n in counts.items() if key[1] in FILES}))


def of_network(calls: Sequence[TracedCall]) -> Iterator[FaultPoint]:
    """Connections and sends of the event loop's thread, to the platform and to callers. strace
    counts the calls of each thread separately, so only this thread is traced."""
    main = calls[0].thread
    numbers: Counter[str] = Counter()
    for call in calls:
        if call.thread == main and call.name in NETWORK:
            numbers[call.name] += 1
            if call.target.startswith("TCP:"):
                for fault in _FAULTS[call.name]:
                    yield FaultPoint("gateway", "TCP sockets", call.name, fault, numbers[call.name])


def of_database_connections(calls: Sequence[TracedCall]) -> list[FaultPoint]:
    """Connections, sends and receives of the threads that talk to the database server."""
    main = calls[0].thread
    counts = _most_per_thread(
        (call.thread, call.name, "the database's socket")
        for call in calls
        if call.name in DATABASE and call.thread != main
    )
    return list(_points_of("gateway", counts))


def of_server(calls: Sequence[TracedCall], writer: int) -> list[FaultPoint]:
    """Writes and syncs of the server's backend of the connection that writes."""
    counts = _most_per_thread(
        (call.thread, call.name, "the server")
        for call in calls
        if call.thread == writer and call.name in DISK
    )
    return list(_points_of("server", counts))


def _most_per_thread(seen: Iterator[tuple[int, str, str]]) -> dict[tuple[str, str], int]:
    """For each call and target, the largest number of calls by one thread."""
    most: dict[tuple[str, str], int] = {}
    for (_, call, target), count in Counter(seen).items():
        most[call, target] = max(count, most.get((call, target), 0))
    return most


def _points_of(where: str, counts: dict[tuple[str, str], int]) -> Iterator[FaultPoint]:
    for (call, target), count in sorted(counts.items()):
        for fault in _FAULTS[call]:
            for number in range(1, count + 1):
                yield FaultPoint(where, target, call, fault, number)
