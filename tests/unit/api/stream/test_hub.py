"""Open streams: who owns them, how many there are, what their readers get."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import pytest

from gateway.api.stream.hub import MOST_STREAMS, LiveStream, LiveStreams, most_streams
from gateway.errors import NotFound, RateLimited
from gateway.pipeline.stream.session import Output, Released, StreamEnded
from tests.patience import PATIENCE_S


class Script:
    """Says what it is told, when it is told; stands where a session would."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Output] = asyncio.Queue()
        self.interrupted = asyncio.Event()

    async def run(self) -> AsyncGenerator[Output]:
        while True:
            output = await self.said.get()
            if output == StreamEnded(reason="fail"):
                raise RuntimeError("as it was told")
            yield output
            if isinstance(output, StreamEnded):
                return

    def interrupt(self) -> None:
        self.interrupted.set()
        self.said.put_nowait(StreamEnded(reason="interrupted"))


def live(number: int = 0) -> tuple[LiveStream, Script]:
    script = Script()
    made = LiveStream(id=f"str_{number}", tenant="t", caller="k", session=script)  # type: ignore[arg-type] # a stand-in
    return made, script


async def test_every_reader_gets_everything_in_order_from_where_it_was() -> None:
    hub, (stream, script) = LiveStreams(), live()
    hub.add(stream)
    early = asyncio.create_task(_read(stream, 0))
    script.said.put_nowait(Released(text="one", message_id="m1"))
    script.said.put_nowait(Released(text="two", message_id="m2"))
    script.said.put_nowait(StreamEnded(reason="stop"))
    assert await early == [1, 2, 3]
    assert await _read(stream, 0) == [1, 2, 3]
    assert await _read(stream, 2) == [3]


async def _read(stream: LiveStream, received: int) -> list[int]:
    return [one.seq async for one in stream.after(received, patience_s=60) if one is not None]


async def test_streams_are_their_tenants_and_bounded() -> None:
    hub, (stream, script) = LiveStreams(most=1), live()
    hub.add(stream)
    assert hub.get("t", stream.id) is stream
    with pytest.raises(NotFound):
        hub.get("another", stream.id)
    with pytest.raises(RateLimited):
        hub.add(live(1)[0])
    script.interrupt()
    await _read(stream, 0)


async def test_a_writer_who_does_not_come_back_is_interrupted() -> None:
    hub, (stream, script) = LiveStreams(linger_s=0), live()
    hub.add(stream)
    hub.writer_left(stream, stream.new_writer())
    await script.interrupted.wait()
    assert await _read(stream, 0) == [1]


async def test_a_writer_who_came_back_is_not() -> None:
    hub, (stream, script) = LiveStreams(linger_s=0), live()
    hub.add(stream)
    first = stream.new_writer()
    stream.new_writer()
    hub.writer_left(stream, first)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not script.interrupted.is_set()
    script.interrupt()
    await _read(stream, 0)


async def test_readers_are_not_left_waiting_when_a_stream_fails() -> None:
    hub, (stream, script) = LiveStreams(), live()
    hub.add(stream)
    script.said.put_nowait(StreamEnded(reason="fail"))
    async with asyncio.timeout(PATIENCE_S):
        told = [one async for one in stream.after(0, patience_s=60)]
    assert [one.type for one in told if one is not None] == ["end"]


@contextmanager
def open_files(most: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_streams_leave_open_files_to_others() -> None:
    with open_files(1_000):
        assert most_streams() == 750
    with open_files(256):
        assert most_streams() == 192
    assert most_streams() <= MOST_STREAMS
