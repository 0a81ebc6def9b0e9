"""The open streams of this process: each outlives its connections for a while."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncGenerator, Callable

from gateway.api.stream.wire import EndOut, ReleaseOut, RetractOut, StreamEvent
from gateway.errors import NotFound, RateLimited
from gateway.pipeline.stream.session import Output, Released, Retracted, StreamEnded, StreamSession

MOST_STREAMS = 10_000
"""Streams of one process, however many files it may open."""

_MOST_EVENTS = 5_000  # of one stream: each is a sentence, and texts have a bounded length
_BUSY_RETRY_S = 5.0  # told to a caller when there are too many


class LiveStream:
    """One stream, which the key `caller` of `tenant` opened. `taken`: the number of the last frame
    taken; `events`: those of the stream so far."""

    def __init__(self, *, id: str, tenant: str, caller: str, session: StreamSession) -> None:  # noqa: A002 - its name
        self.id, self.tenant, self.caller = id, tenant, caller
        self.session = session
        self.taken = 0
        self.events: list[StreamEvent] = []
        self.taking = asyncio.Lock()
        self._news = asyncio.Event()
        self._writers = 0

    @property
    def is_over(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], EndOut)

    @property
    def writer(self) -> int:
        """The number of the connection that may write: the newest one."""
        return self._writers

    def new_writer(self) -> int:
        """Let a new connection write, and no longer the one before; return its number."""
        self._writers += 1
        self._wake_readers()
        return self._writers

    async def run(self) -> None:
        """Turn the outputs of the session into events, until it ends."""
        async for output in self.session.run():
            if len(self.events) >= _MOST_EVENTS:
                self.session.interrupt()
            self.events.append(self._wire_event(output))
            self._wake_readers()

    def give_up(self) -> None:
        """End the stream with an error unless it has ended, so that readers stop waiting."""
        if not self.is_over:
            self.events.append(EndOut(seq=len(self.events) + 1, reason="error"))
        self._wake_readers()

    async def after(
        self, received: int, *, patience_s: float
    ) -> AsyncGenerator[StreamEvent | None]:
        """The events after number `received`, to the end of the stream; None whenever no new one
        came within `patience_s`."""
        while True:
            news = self._news
            while received < len(self.events):
                received += 1
                yield self.events[received - 1]
            if self.is_over:
                return
            if news is self._news:
                try:
                    async with asyncio.timeout(patience_s):
                        await news.wait()
                except TimeoutError:
                    yield None

    def _wire_event(self, output: Output) -> StreamEvent:
        seq = len(self.events) + 1
        match output:
            case Released(text=text, message_id=message_id):
                return ReleaseOut(seq=seq, text=text, message_id=message_id)
            case Retracted(message_id=message_id):
                return RetractOut(seq=seq, message_id=message_id)
            case StreamEnded(reason=reason):
                return EndOut(seq=seq, reason=reason)

    def _wake_readers(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def most_streams() -> int:
    """How many streams this process may have. Each holds a connection, which is an open file; a
    quarter of the files it may open is left, so that idle streams never keep other callers out."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_STREAMS if soft == resource.RLIM_INFINITY else min(MOST_STREAMS, soft * 3 // 4)


class LiveStreams:
    """The streams that are open now.

    `most`: how many there may be, by default `most_streams()`. `linger_s`: how long a stream is
    kept for its writer to come back, and for its readers once it is over. Belongs to one event
    loop.
    """

    def __init__(self, *, most: int | None = None, linger_s: float = 60.0) -> None:
        self._most = most_streams() if most is None else most
        self._linger_s = linger_s
        self._streams: dict[str, LiveStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, stream: LiveStream) -> None:
        """Run a stream. Raises RateLimited when there are too many."""
        if len(self._streams) >= self._most:
            raise RateLimited(_BUSY_RETRY_S)
        self._streams[stream.id] = stream
        task = asyncio.create_task(stream.run(), name=stream.id)
        self._tasks.add(task)
        task.add_done_callback(self._on_end(stream))

    def get(self, tenant: str, stream_id: str) -> LiveStream:
        """Return an open stream. Raises NotFound, also for a stream of another tenant."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.tenant != tenant:
            raise NotFound("stream", stream_id, "It has ended, or another process has it.")
        return stream

    def writer_left(self, stream: LiveStream, writer: int) -> None:
        """Interrupt the stream whose connection `writer` is gone, unless another comes in time."""

        def check() -> None:
            if stream.writer == writer:
                stream.session.interrupt()

        if not stream.is_over:
            asyncio.get_running_loop().call_later(self._linger_s, check)

    def _on_end(self, stream: LiveStream) -> Callable[[asyncio.Task[None]], None]:
        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                task.exception()
            stream.give_up()
            loop = asyncio.get_running_loop()
            loop.call_later(self._linger_s, self._streams.pop, stream.id, None)

        return ended
