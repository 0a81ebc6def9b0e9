"""Against real servers on this machine: honest ones, and such as lie, stall and flood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.trail.anchors import Quorum
from gateway.trail.checkpoint import Checkpoint, note_keys, parse_checkpoint
from gateway.trail.log import Log
from gateway.trail.note import NoteKey, cosignatures, note_text
from gateway.trail.proof import parse_proof
from gateway.trail.witness import Cosigner, Witness, WitnessResponse
from gateway.trail.witnessing import WitnessAt, WitnessedLog, Witnessing
from tests.unit.trail.conftest import MemoryStore

ORIGIN = "gateway.example/log"
START = datetime(2026, 11, 22, 20, tzinfo=UTC)
COSIGNER = Cosigner(name="w.example/1", keyring=Keyring.generate())
Reply = Callable[[bytes], Awaitable[bytes]]


@asynccontextmanager
async def served(reply: Reply) -> AsyncIterator[str]:
    """A server that answers each request's body with the bytes of `reply`, then hangs up."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        try:
            writer.write(await reply(await reader.readexactly(length)))
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def raw(status: int, body: str, media_type: str = "text/plain") -> bytes:
    data = body.encode()
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def answering(witness: Witness) -> Reply:
    async def reply(body: bytes) -> bytes:
        answer: WitnessResponse = witness.add_checkpoint(body)
        return raw(int(answer.status), answer.body, answer.media_type)

    return reply


def always(status: int, body: str) -> Reply:
    async def reply(_: bytes) -> bytes:
        return raw(status, body)

    return reply


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as made:
        yield made


@pytest.fixture
def witness(keyring: Keyring, tmp_path: Path) -> Witness:
    return Witness(
        logs={ORIGIN: note_keys(ORIGIN, keyring)},
        cosigner=COSIGNER,
        folder=tmp_path / "w",
        now=lambda: START,
    )


def log_of(store: MemoryStore, keyring: Keyring) -> Log:
    return Log(
        store=store,
        keyring=keyring,
        origin=ORIGIN,
        now=lambda: START,
        interval_s=0.001,
        quorum=Quorum(COSIGNER.keys, 1),
    )


def clock_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


async def moderator(
    stack: AsyncExitStack,
    log: WitnessedLog,
    store: MemoryStore,
    *replies: Reply,
    quorum: int = 1,
    timeout_s: float = 5,
) -> Witnessing:
    """One that asks a server for each of `replies`, of which only the first has our key."""
    witnesses = []
    for number, reply in enumerate(replies):
        url = await stack.enter_async_context(served(reply))
        key = COSIGNER.keys[0]
        key = NoteKey(f"{key.name}{number or ''}", key.raw, key.kind)
        witnesses.append(WitnessAt(url, key))
    made = Witnessing(
        log=log,
        store=store,
        witnesses=witnesses,
        quorum=1,
        now=lambda: START,
        interval_s=0,
        timeout_s=timeout_s,
    )
    stack.push_async_callback(made.close)
    return made


async def test_every_checkpoint_is_cosigned_and_proofs_show_it(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    log = log_of(store, keyring)
    witnessing = await moderator(stack, log, store, answering(witness))
    await witnessing.round()  # nothing is signed yet
    for count in (3, 300, 1):
        store.fill(count)
        signed = await log.checkpoint()
        await witnessing.round()
        published = await log.published()
        assert published is not None
        assert published.size == signed.size
        assert len(cosignatures(published.note, COSIGNER.keys)) == 1
        assert witnessing.note == ""
    await witnessing.round()  # asks nobody: it is cosigned
    proof = parse_proof(await log.proof(2))
    assert cosignatures(proof.checkpoint, COSIGNER.keys)
    assert proof.verify(log.keys, origin=ORIGIN, body=store.rows[2].body).size == 304
    (standing,) = witnessing.statuses
    assert (standing.size, standing.problem, standing.alarm) == (304, "", False)
    store.fill(1)
    await log.checkpoint()
    found = (await log.verify()).anchored
    assert (found.witnessed, found.witnessed_checkpoints, found.only_ours) == (304, 3, 1)


async def test_a_restarted_gateway_goes_on(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    store.fill(3)
    for _ in range(2):
        log = log_of(store, keyring)
        await log.checkpoint()
        witnessing = await moderator(stack, log, store, answering(witness))
        await witnessing.round()
        assert witnessing.note == ""
        store.fill(3)
    assert parse_proof(await log_of(store, keyring).proof(0)).checkpoint.count("w.example") == 1


async def test_forgotten_cosignatures_are_asked_for_again(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    """The witness knows more than we remember: it says how much, and gets the proof."""
    store.fill(3)
    log = log_of(store, keyring)
    await log.checkpoint()
    await (await moderator(stack, log, store, answering(witness))).round()
    store.cosigned.clear()
    store.fill(5)
    await log.checkpoint()
    witnessing = await moderator(stack, log, store, answering(witness))
    await witnessing.round()
    assert witnessing.note == ""
    assert store.cosigned == [(8, COSIGNER.keys[0].short)]


async def test_a_rolled_back_log_is_told(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    store.fill(9)
    log = log_of(store, keyring)
    await log.checkpoint()
    await (await moderator(stack, log, store, answering(witness))).round()
    store.rows, store.signed, store.cosigned = store.rows[:4], [], []
    rolled = log_of(store, keyring)
    await rolled.checkpoint()
    witnessing = await moderator(stack, rolled, store, answering(witness))
    await witnessing.round()
    assert "has seen 9 entries of this log, which has 4" in witnessing.note
    assert witnessing.statuses[0].alarm


async def test_another_replica_may_be_ahead(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    """It showed the witness a newer checkpoint while this one was under way: no alarm."""
    store.fill(3)
    log = log_of(store, keyring)
    stale = await log.checkpoint()
    store.fill(4)
    newest = await log.checkpoint()
    await (await moderator(stack, log, store, answering(witness))).round()
    store.cosigned.clear()

    class Stale:
        def __init__(self) -> None:
            self.told = [newest, stale]

        async def latest(self) -> Checkpoint | None:
            return self.told.pop()

        consistency = log.consistency
        look_for_witnessed = log.look_for_witnessed

    witnessing = await moderator(stack, Stale(), store, answering(witness))
    await witnessing.round()
    assert witnessing.note == ""
    assert store.cosigned == [(7, COSIGNER.keys[0].short)]


@pytest.mark.parametrize("size", [9, 12])
async def test_a_forked_log_is_told(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness, size: int
) -> None:
    store.fill(9)
    log = log_of(store, keyring)
    await log.checkpoint()
    await (await moderator(stack, log, store, answering(witness))).round()
    store.rows = store.rows[:4]
    store.rows.reverse()
    store.fill(size - 4)
    store.signed.clear()
    forked = log_of(store, keyring)
    await forked.checkpoint()
    witnessing = await moderator(stack, forked, store, answering(witness))
    await witnessing.round()
    assert witnessing.statuses[0].alarm
    assert witnessing.statuses[0].problem


GOOD = "— w.example/1 "


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, "", "without a cosignature"),
        (200, "nonsense", "no signature lines"),
        (200, "nonsense\n", "malformed"),
        (200, "\n\n", "more than signature lines"),
        (200, GOOD + "AAAA\n", "malformed"),
        (200, "x" * 70_000, "too long"),
        (200, "\x00", "forbidden"),
        (200, (GOOD + "AAAAAAAAAAAA\n") * 200, "too many"),
        (404, "no", "does not watch this log"),
        (403, "no", "does not know the log's key"),
        (422, "no", "not what it was"),
        (409, "0\n", "contradicts itself"),
        (409, "3\n", "first 3, then 3"),
        (409, "99999999999999999\n", "has seen 99999999999999999"),
        (409, "9" * 30 + "\n", "answered 409"),
        (409, "-1\n", "answered 409"),
        (409, "", "answered 409"),
        (500, "", "answered 500"),
        (302, "", "answered 302"),
    ],
)
async def test_hostile_answers_cost_a_cosignature_only(
    *,
    stack: AsyncExitStack,
    store: MemoryStore,
    keyring: Keyring,
    status: int,
    body: str,
    told: str,
) -> None:
    store.fill(7)
    log = log_of(store, keyring)
    await log.checkpoint()
    witnessing = await moderator(stack, log, store, always(status, body))
    await witnessing.round()
    assert told in witnessing.note
    assert witnessing.note
    assert store.cosigned == []
    assert log.problem == ""


async def test_a_cosignature_of_another_text_is_refused(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring
) -> None:
    """What a witness adds must not move the end of the text that it signs."""

    async def reply(body: bytes) -> bytes:
        note = body.decode().partition("\n\n")[2]
        other = replace(
            parse_checkpoint(note_text(note)), note=f"{note}more\n\n— o.example AAAAAAAA\n"
        )
        line = COSIGNER.cosign(other, START)
        return raw(200, f"more\n\n{line}")

    store.fill(3)
    log = log_of(store, keyring)
    await log.checkpoint()
    witnessing = await moderator(stack, log, store, reply)
    await witnessing.round()
    assert "more than signature lines" in witnessing.note
    assert store.cosigned == []


async def test_a_bad_cosignature_in_the_store_stops_no_checkpoint(
    store: MemoryStore, keyring: Keyring
) -> None:
    store.fill(3)
    first = await log_of(store, keyring).checkpoint()
    other = replace(first, size=9, note=first.note.replace("\n3\n", "\n9\n", 1))
    line = COSIGNER.cosign(other, START)
    key = COSIGNER.keys[0].short
    await store.put_cosignature(size=3, key=key, line=line, at=START)
    store.fill(1)
    log = log_of(store, keyring)
    await log.start()
    await log.close()
    assert log.problem == ""
    assert store.signed[-1][0] == 4
    with pytest.raises(LogInvalid, match="cosignature"):
        await log.verify()


async def test_slow_gone_and_cut_answers(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    stalled = asyncio.Event()

    async def stall(_: bytes) -> bytes:
        await stalled.wait()
        return b""

    async def drip(_: bytes) -> bytes:
        await stalled.wait()
        return raw(200, "")

    async def cut(_: bytes) -> bytes:
        return b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf"

    async def garbage(_: bytes) -> bytes:
        return b"\x00\x01"

    store.fill(3)
    log = log_of(store, keyring)
    await log.checkpoint()
    witnessing = await moderator(
        stack, log, store, answering(witness), stall, drip, cut, garbage, timeout_s=4
    )
    await witnessing.round()
    stalled.set()
    well, *others = witnessing.statuses
    assert well.problem == ""
    assert ["no answer" in one.problem for one in others[:2]] == [True, True]
    assert all("cannot be reached" in one.problem for one in others[2:])
    assert witnessing.note == ""  # one is enough
    closed = Witnessing(
        log=log,
        store=store,
        witnesses=[WitnessAt("http://127.0.0.1:1", COSIGNER.keys[0])],
        quorum=1,
        now=lambda: START,
    )
    await closed.round()
    assert closed.note.startswith("witnesses: 0 of 1 needed (w.example/1: cannot be reached")
    await closed.close()


async def test_a_cosignature_by_another_key_or_from_the_future_is_refused(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, tmp_path: Path
) -> None:
    store.fill(3)
    log = log_of(store, keyring)
    await log.checkpoint()
    stranger = Cosigner(name="w.example/1", keyring=Keyring.generate())
    for cosigner, now, told in (
        (stranger, START, "without a cosignature"),
        (COSIGNER, START + timedelta(hours=1), "ahead"),
    ):
        other = Witness(
            logs={ORIGIN: log.keys},
            cosigner=cosigner,
            folder=tmp_path / told[:5],
            now=clock_at(now),
        )
        witnessing = await moderator(stack, log, store, answering(other))
        await witnessing.round()
        assert told in witnessing.note


async def test_asked_again_more_rarely_and_back_when_it_is(
    stack: AsyncExitStack, store: MemoryStore, keyring: Keyring, witness: Witness
) -> None:
    asked: list[int] = []
    clock = [0.0]
    broken = [True]
    good = answering(witness)

    async def reply(body: bytes) -> bytes:
        asked.append(int(clock[0]))
        return raw(503, "") if broken[0] else await good(body)

    store.fill(3)
    log = log_of(store, keyring)
    await log.checkpoint()
    url = await stack.enter_async_context(served(reply))
    witnessing = Witnessing(
        log=log,
        store=store,
        witnesses=[WitnessAt(url, COSIGNER.keys[0])],
        quorum=1,
        now=lambda: START,
        interval_s=10,
        clock=lambda: clock[0],
    )
    stack.push_async_callback(witnessing.close)
    for _ in range(200):
        await witnessing.round()
        clock[0] += 1
    assert 4 <= len(asked) <= 9
    broken[0] = False
    while witnessing.note:
        clock[0] += 100
        await witnessing.round()
    assert witnessing.statuses[0].size == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://w.example " + str(COSIGNER.keys[0]),
        "http://user:secret@w.example " + str(COSIGNER.keys[0]),
        "http://w.example",
        "http://w.example nonsense",
        "http://w.example " + str(NoteKey("w", COSIGNER.keys[0].raw)),
    ],
    ids=["empty", "ftp", "password", "no key", "nonsense", "key of another kind"],
)
def test_what_names_no_witness(text: str) -> None:
    with pytest.raises(LogInvalid):
        WitnessAt.parse(text)


def test_what_names_a_witness() -> None:
    found = WitnessAt.parse(f" https://w.example/prefix/ {COSIGNER.keys[0]} ")
    assert found == WitnessAt("https://w.example/prefix", COSIGNER.keys[0])
