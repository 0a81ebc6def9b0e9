"""Live streams over a real WebSocket, and their readers."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

from gateway.api.server import allow_open_files
from gateway.platforms.sse import EventReader
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import Serving, run, unhurried
from tests.taken_back import RETRACTED, RULE

SENTENCES = ("Salut tout le monde ! ", "Écrivez-moi à lea.perso@example.org. ", "À demain.")
DOCUMENT = ROOT / "docs" / "reference" / "asyncapi.yaml"
MESSAGES = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["components"]["messages"]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with unhurried(
        tmp_path_factory.mktemp("stream") / "data",
    ) as started:
        with started.client() as http:
            http.put("/v1/creators/lea", json={"display_name": "Léa"}).raise_for_status()
            http.put("/v1/creators/mia", json={"rego": RULE}).raise_for_status()
        yield started


def opening(conversation: str) -> dict[str, Any]:
    return {
        "type": "open", "channel": "live", "creator": "lea", "avatar": "lea-twin",
        "conversation": conversation, "language": "fr",
        "audience": {"minor": "no", "jurisdictions": ["FR"]},
    }  # fmt: skip


def described(frame: dict[str, Any]) -> None:
    """It is what the AsyncAPI document says of its kind."""
    (one,) = (m for m in MESSAGES.values() if m["name"] == frame["type"] and _is_sent(m))
    jsonschema.validate(frame, {**one["payload"], "additionalProperties": False})


def _is_sent(message: dict[str, Any]) -> bool:
    return str(message["payload"]["title"]).endswith("Out")


class Writer:
    """A client of `/v1/stream`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def is_open(self) -> bool:
        return self._connection.state is State.OPEN

    async def send(self, **frame: Any) -> None:
        await self._connection.send(json.dumps(frame))

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """All frames up to the first of this kind."""
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_S):
            while not frames or frames[-1]["type"] != kind:
                frames.append(json.loads(await self._connection.recv()))
                described(frames[-1])
        return frames


@asynccontextmanager
async def writing(there: Serving, first: dict[str, Any]) -> AsyncIterator[Writer]:
    url = f"{there.url.replace('http', 'ws')}/v1/stream"
    async with connect(
        url, additional_headers=there.headers, open_timeout=PATIENCE_S
    ) as connection:
        writer = Writer(connection)
        await writer.send(**first)
        yield writer


def released(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["text"] for frame in frames if frame["type"] == "release")


async def test_words_come_back_judged_and_readers_hear_the_same(there: Serving) -> None:
    async with writing(there, opening("one")) as writer:
        (opened,) = await writer.until("opened")
        for seq, text in enumerate(SENTENCES, 1):
            await writer.send(type="append", seq=seq, text=text)
        await writer.send(type="end", seq=len(SENTENCES) + 1)
        frames = await writer.until("end")
    text = released(frames)
    assert frames[-1]["reason"] == "stop"
    assert "[e-mail]" in text
    assert "lea.perso" not in text
    assert text.endswith("À demain.")
    told = [frame for frame in frames if frame["type"] != "hold"]
    assert [frame["seq"] for frame in told] == list(range(1, len(told) + 1))
    url = f"{there.url}/v1/streams/{opened['stream']}/events"
    assert heard(url, there.headers) == told
    assert heard(url, {**there.headers, "Last-Event-ID": "2"}) == told[2:]


def heard(url: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    reader = EventReader()
    answer = httpx.get(url, headers=headers, timeout=PATIENCE_S)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(event) for event in reader.feed(answer.content)]


async def test_a_dropped_connection_loses_and_repeats_nothing(there: Serving) -> None:
    async with writing(there, opening("dropped")) as writer:
        (opened,) = await writer.until("opened")
        await writer.send(type="append", seq=1, text=SENTENCES[0])
        await writer.send(type="append", seq=2, text=SENTENCES[1])
        before = await writer.until("release")
    received = before[-1]["seq"]
    resume = {"type": "resume", "stream": opened["stream"], "received": received}
    async with writing(there, resume) as writer:
        (again,) = await writer.until("opened")
        for seq, text in enumerate(SENTENCES, 1):  # all of them: some were taken before
            await writer.send(type="append", seq=seq, text=text)
        await writer.send(type="end", seq=len(SENTENCES) + 1)
        after = await writer.until("end")
    assert again["taken"] <= 2
    text = released(before) + released(after)
    assert text.count("Salut tout le monde !") == 1
    assert text.count("[e-mail]") == 1
    assert text.endswith("À demain.")
    numbers = [frame["seq"] for frame in (*before, *after) if "seq" in frame]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_interrupted_only_what_was_released_is_told(there: Serving) -> None:
    async with writing(there, opening("interrupted")) as writer:
        await writer.until("opened")
        await writer.send(type="append", seq=1, text=f"{SENTENCES[0]}Et puis on verra ")
        frames = await writer.until("release")
        await writer.send(type="interrupt")
        frames += await writer.until("end")
    assert frames[-1]["reason"] == "interrupted"
    assert "verra" not in released(frames)


async def test_what_does_not_stand_as_a_whole_is_retracted(there: Serving) -> None:
    first = {**opening("retracted"), "creator": "mia", "avatar": "mia-twin"}
    async with writing(there, first) as writer:
        (opened,) = await writer.until("opened")
        await writer.send(type="append", seq=1, text=RETRACTED)
        await writer.send(type="end", seq=2)
        frames = await writer.until("end")
    assert released(frames).endswith(RETRACTED)
    *_, retracted, end = (frame for frame in frames if frame["type"] != "hold")
    assert (retracted["type"], end["reason"]) == ("retract", "content_filter")
    with there.client() as http:
        told = http.get(f"/v1/messages/{retracted['message_id']}").json()
        assert told["state"] == "blocked"
        assert retracted["message_id"] in {
            one["outcome"]["message_id"] for one in http.get("/v1/escalations").json()
        }
    url = f"{there.url}/v1/streams/{opened['stream']}/events"
    assert heard(url, there.headers)[-2:] == [retracted, end]


async def test_what_is_wrong_is_told_and_closes_the_connection(there: Serving) -> None:
    for first, code in (
        ({"type": "append", "seq": 1, "text": "x"}, "invalid-frame"),
        ({**opening("x"), "creator": "nobody"}, "invalid-field"),
        ({"type": "resume", "stream": "str_" + "0" * 32}, "not-found"),
    ):
        async with writing(there, first) as writer:
            (error,) = await writer.until("error")
            assert error["code"] == code
    async with writing(there, opening("gap")) as writer:
        await writer.until("opened")
        await writer.send(type="append", seq=2, text="too early")
        assert (await writer.until("error"))[-1]["code"] == "invalid-frame"
    url = f"{there.url.replace('http', 'ws')}/v1/stream"
    async with connect(url) as connection:
        assert json.loads(await connection.recv())["code"] == "unauthenticated"


IDLE = 2_000
AT_ONCE = 25
SAMPLE = 100


def allowed_open_files() -> int:
    """How many this process may open, and the server it started: the limit is raised softly."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_open_files()
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


async def test_thousands_of_idle_streams_on_one_worker(there: Serving) -> None:
    if (allowed := allowed_open_files()) < IDLE * 2:
        pytest.skip(f"this system allows {allowed} open files; {IDLE} streams need {IDLE * 2}")
    async with AsyncExitStack() as stack:
        writers = await open_many(there, stack, IDLE)
        # Among them one that speaks is heard, and so is anyone else who asks.
        async with writing(there, opening("active")) as active:
            await active.until("opened")
            for seq, text in enumerate(SENTENCES, 1):
                await active.send(type="append", seq=seq, text=text)
            first = await active.until("release")
            async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
                assert (await http.get(f"{there.url}/healthz")).status_code == httpx.codes.OK
            await active.send(type="end", seq=len(SENTENCES) + 1)
            heard = first + await active.until("end")
        assert released(heard).endswith("À demain.")
        # Nobody was dropped meanwhile, and who was silent may still speak.
        assert all(writer.is_open for writer in writers)
        for writer in writers[::SAMPLE]:
            await writer.send(type="append", seq=1, text="Toujours là.")
            await writer.send(type="end", seq=2)
            frames = await writer.until("end")
            assert released(frames).endswith("Toujours là.")


async def open_many(there: Serving, stack: AsyncExitStack, most: int) -> list[Writer]:
    """So many streams, opened a few at a time."""
    writers: list[Writer] = []
    numbers = iter(range(most))

    async def work() -> None:
        for number in numbers:
            said = opening(f"idle-{number}")
            writer = await stack.enter_async_context(writing(there, said))
            await writer.until("opened")
            writers.append(writer)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return writers


def test_the_log_verifies_afterwards(there: Serving, tmp_path: Path) -> None:
    checked = run(there.data_dir, "audit", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr
