"""Reads server-sent events from bytes in pieces of any size, with bounded memory. Pure."""

from __future__ import annotations

from collections.abc import Iterator

_MOST_BYTES = 262_144  # bytes of one event


class EventReader:
    """Yields the `data` of each event. Raises ValueError for an event of more than `most` bytes,
    and for what is not UTF-8."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most = most
        self._rest = b""
        self._data: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[str]:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > self._most:
            raise ValueError("a line of an event is too long")
        for line in lines:
            yield from self._feed_line(line.removesuffix(b"\r").decode("utf-8"))

    def _feed_line(self, line: str) -> Iterator[str]:
        if line.startswith("data:"):
            self._size += len(line)
            if self._size > self._most:
                raise ValueError("an event is too long")
            self._data.append(line[5:].removeprefix(" "))
        elif not line and self._data:
            yield "\n".join(self._data)
            self._data, self._size = [], 0
