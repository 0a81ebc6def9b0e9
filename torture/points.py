"""The fault points: every write, sync, connect and send of a run without faults, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from torture.strace import TracedCall
from torture.trial import Point

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


def of_files(calls: Sequence[TracedCall], place: str) -> list[Point]:
    """The store's own files, whichever thread writes them."""
    counts = _most(
        (call.thread, call.name, call.target.removeprefix(f"{place}/"))
        for call in calls
        if call.name in DISK
    )
    return list(_points("gateway", {key: n for key, n in counts.items() if key[1] in FILES}))


def of_network(calls: Sequence[TracedCall]) -> Iterator[Point]:
    """What the event loop's own thread sends, to the platform and to callers. Other threads'
    calls count apart, so only its own are traced."""
    main = calls[0].thread
    numbers: Counter[str] = Counter()
    for call in calls:
        if call.thread == main and call.name in NETWORK:
            numbers[call.name] += 1
            if call.target.startswith("TCP:"):
                for fault in _FAULTS[call.name]:
                    yield Point("gateway", "TCP sockets", call.name, fault, numbers[call.name])


def of_database_connections(calls: Sequence[TracedCall]) -> list[Point]:
    """What the threads that speak to the database's server send and receive."""
    main = calls[0].thread
    counts = _most(
        (call.thread, call.name, "the database's socket")
        for call in calls
        if call.name in DATABASE and call.thread != main
    )
    return list(_points("gateway", counts))


def of_server(calls: Sequence[TracedCall], writer: int) -> list[Point]:
    """What the server's process writes and syncs that serves the connection that writes."""
    counts = _most(
        (call.thread, call.name, "the server")
        for call in calls
        if call.thread == writer and call.name in DISK
    )
    return list(_points("server", counts))


def _most(seen: Iterator[tuple[int, str, str]]) -> dict[tuple[str, str], int]:
    """How often a thread made a call at most."""
    most: dict[tuple[str, str], int] = {}
    for (_, call, target), count in Counter(seen).items():
        most[call, target] = max(count, most.get((call, target), 0))
    return most


def _points(where: str, counts: dict[tuple[str, str], int]) -> Iterator[Point]:
    for (call, target), count in sorted(counts.items()):
        for fault in _FAULTS[call]:
            for number in range(1, count + 1):
                yield Point(where, target, call, fault, number)
