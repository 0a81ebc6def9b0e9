"""Streams: how soon the first words are published, whether anything leaks at any split of a text,
and the cost of an idle stream."""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, pairwise
from pathlib import Path
from statistics import median

import httpx
import uvloop
from websockets.asyncio.client import connect

from bench.figure import DataMissing, Figure
from bench.messages import MESSAGES
from bench.start import server_of
from gateway.api.schemas import SubmissionIn
from gateway.assembly.build import AssembledGateway, assemble
from gateway.demo.processes import RunningDemo, running
from gateway.model.record import Outcome
from gateway.model.submission import StreamPart, Submission
from gateway.model.verdict import Verdict
from gateway.pipeline.adapters import Limits
from gateway.pipeline.ids import new_id
from gateway.pipeline.judge import Judge as Judging
from gateway.pipeline.stream.hold_back import (
    CheckWhole,
    Command,
    Event,
    HoldBack,
    JudgeSegment,
    ReleaseText,
    SegmentPassed,
    SegmentRefused,
    TextAppended,
    TextEnded,
    TimePassed,
    WholeChecked,
)
from gateway.pipeline.stream.session import Released, StreamSession
from gateway.settings import read_settings
from gateway.telemetry import configure_logs

TOKEN_S = 0.03  # seconds between two tokens of a reply
ROUNDS = 8
PER_REPLY = 4  # messages that make a reply
RANDOM_SPLITS = 40  # random splits of each text
GAPS = (0.0, 0.1, 0.9)  # seconds between two pieces
IDLE = 2_000  # idle streams that are measured
FIRST_IDLE = 100  # what a process sets up once is not counted
OPENING_AT_ONCE = 20  # streams that open at the same time
# (what the avatar would say, what must never be heard of it)
STREAMS = (
    ("Sure! Mail me at dana.holt@example.org, or not. See you!", "dana.holt@example.org"),
    ("Ask dana dot holt at example dot org. She always answers.", "dana dot holt at example"),
    ("Voilà, mon numéro : 06 12 34 56 78. Appelle quand tu veux.", "06 12 34 56 78"),
    ("Mon IBAN est FR76 3000 6000 0112 3456 7890 189. Merci !", "3000 6000 0112 3456 7890 189"),
    ("You can pay with 4111 1111 1111 1111, if you like. Bye now.", "4111 1111 1111 1111"),
    ("Come to me, I live 12 rue de la Paix, 75002 Paris. Soon!", "12 rue de la Paix"),
    ("Well played. I will kill you, you worthless idiot. Bye.", "kill worthless idiot"),
)


def measure() -> Iterator[Figure]:
    configure_logs("warning", "console")
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        yield from runner.run(_measure(Path(folder)))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as there:
        yield asyncio.run(_idle(there))


async def _measure(folder: Path) -> list[Figure]:
    async with assemble(read_settings(None, {"data_dir": folder, "toxicity_cache_s": 0})) as parts:
        await parts.opened.store.registry.put_creator("default", "bench", {}, actor="bench")
        return [await _first_release(parts), await _leaks(parts)]


async def _first_release(parts: AssembledGateway) -> Figure:
    """Time to the first release of the same replies at the same pace: sentence by sentence, and
    held to their end."""
    await _time_to_words(parts, 0, whole=True)
    ratios, firsts = [], []
    for number in range(ROUNDS):
        held = await _time_to_words(parts, number, whole=True)
        first = await _time_to_words(parts, number, whole=False)
        ratios.append(first / held)
        firsts.append(first)
    return Figure(
        key="stream.first_release_ratio",
        value=median(ratios),
        unit="",
        bar=0.25,
        aim=0.12,
        n=ROUNDS,
        spread=(min(ratios), max(ratios)),
        baseline="the same reply held to its end",
        note=f"{median(firsts) * 1e3:.0f} ms to the first words, recorded and labelled, of replies "
        f"of some 90 words, one each {TOKEN_S * 1e3:.0f} ms",
    )


async def _time_to_words(parts: AssembledGateway, number: int, *, whole: bool) -> float:
    if parts.streaming is None:
        raise RuntimeError("streams are not set up")
    session = StreamSession(_opening(), streaming=parts.streaming, observe=_unseen, whole=whole)
    began = time.monotonic()

    async def say() -> None:
        for index, word in enumerate(_reply(number).split(" ")):
            await asyncio.sleep(max(0.0, began + index * TOKEN_S - time.monotonic()))
            await session.append(f"{word} ")
        await session.end()

    saying = asyncio.create_task(say())
    took = None
    async for output in session.run():
        if isinstance(output, Released) and took is None:
            took = time.monotonic() - began
    await saying
    if took is None:
        raise RuntimeError("an ordinary reply was not released")
    return took


def _reply(number: int) -> str:
    """A reply of ordinary talk, in sentences of about ten words."""
    said = [MESSAGES[(number + index) % len(MESSAGES)] for index in range(PER_REPLY)]
    clauses = [clause for sentence in said for clause in sentence.split(", ")]
    return " ".join(f"{clause[0].upper()}{clause[1:]}." for clause in clauses)


def _opening() -> Submission:
    now = datetime.now(UTC)
    said = SubmissionIn.model_validate(
        {
            "channel": "dm",
            "creator": "bench",
            "avatar": "bench-twin",
            "conversation": new_id("conversation", now),
            "audience": {"minor": "no", "jurisdictions": ["FR"]},
            "text": "",
            "route": "stream",
        }
    ).to_submission(
        message_id=new_id("msg", now),
        tenant="default",
        caller="bench",
        received_at=now,
        idempotency_key=None,
        dry_run=False,
    )
    return replace(said, stream=StreamPart(id=new_id("str", now), number=0))


def _unseen(_: Outcome) -> None:
    """Ignore an outcome."""


class _Bench:
    """The real judge, which keeps its results for words that it has judged before."""

    def __init__(self, parts: AssembledGateway) -> None:
        self._parts = parts
        self._judge = Judging(
            adapters=parts.adapters, limits=Limits(detect_ms=60_000), now=lambda: datetime.now(UTC)
        )
        self._known: dict[tuple[str, str], str | None] = {}
        self._opening = _opening()

    async def say(self, context: str, text: str) -> str | None:
        """The published form of `text` after `context`; None when nothing would be published."""
        key = (context, text)
        if key not in self._known:
            said = replace(
                self._opening,
                text=context + text,
                stream=StreamPart(id="s", number=0, fresh=len(context)),
            )
            creator = await self._parts.adapters.registry.creator("default", "bench")
            if creator is None:
                raise RuntimeError("the creator is gone")
            route = self._parts.adapters.platform.routes["stream"]
            judgement, grounds = await self._judge.judge(said, creator, route)
            published = judgement.verdict is Verdict.PUBLISH
            redaction = grounds.redaction if published else None
            self._known[key] = redaction.text if redaction else None
        return self._known[key]


async def _leaks(parts: AssembledGateway) -> Figure:
    bench, leaked, ways = _Bench(parts), 0, 0
    for text, secret in STREAMS:
        shown = await bench.say("", text)
        if shown is not None and secret in shown:
            raise RuntimeError(f"nothing is hidden in {text!r}")
        hidden = Counter(re.findall(r"\w+", secret))
        hidden = Counter({word: 1 for word in hidden if word not in _words(shown or "")})
        for pieces in _splits(text):
            for gap in GAPS:
                ways += 1
                heard = await _play(bench, pieces, gap)
                leaked += bool(hidden.keys() & _words(heard))
    return Figure(
        key="stream.splits_leaked",
        value=leaked,
        unit="",
        bar=0,
        aim=0,
        n=ways,
        note="words of personal data or of blocked text that were heard: every cut in two, every "
        "size of chunk, cuts in three at words, and random cuts, each without a pause, with short "
        "ones and with long ones",
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"\[[^\]]*\]", " ", text)))


def _splits(text: str) -> Iterator[list[str]]:
    size = len(text)
    for cut in range(1, size):
        yield [text[:cut], text[cut:]]
    for step in range(1, size + 1):
        yield [text[start : start + step] for start in range(0, size, step)]
    words = [match.start() for match in re.finditer(r"\S+", text)][1:]
    for first, second in combinations(words, 2):
        yield [text[:first], text[first:second], text[second:]]
    dice = random.Random(text)  # noqa: S311 - the same splits each time
    for _ in range(RANDOM_SPLITS):
        cuts = sorted(dice.sample(range(1, size), dice.randint(2, size // 2)))
        yield [text[start:end] for start, end in pairwise([0, *cuts, size])]


async def _play(bench: _Bench, pieces: Sequence[str], gap: float) -> str:
    """The published text, when each piece comes `gap` seconds after the one before."""
    core, now, heard = HoldBack(language="fr"), 0.0, ""

    async def handle(event: Event) -> None:
        nonlocal heard
        waiting: list[Command] = list(core.handle(event, now))
        while waiting:
            match waiting.pop(0):
                case JudgeSegment(context=context, text=text):
                    said = await bench.say(context, text)
                    verdict = SegmentRefused() if said is None else SegmentPassed(said)
                    waiting += core.handle(verdict, now)
                case CheckWhole():
                    waiting += core.handle(WholeChecked(stands=True), now)
                case ReleaseText(text=text):
                    heard += text

    for piece in pieces:
        due = core.due_in(now)
        if due is not None and due <= gap:
            now += due + 0.001
            await handle(TimePassed())
        now += gap
        await handle(TextAppended(piece))
    await handle(TextEnded())
    return heard


async def _idle(there: RunningDemo) -> Figure:
    """Resident memory of the real server before and after so many streams are opened."""
    _raise_limit(FIRST_IDLE + IDLE + 200)
    token = (there.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=there.gateway, headers=headers) as http:
        (await http.put("/v1/creators/bench", json={})).raise_for_status()
    server = server_of(there)
    async with AsyncExitStack() as open_streams:
        await _open(there, headers, open_streams, FIRST_IDLE)
        before = server.memory_info().rss
        await _open(there, headers, open_streams, IDLE)
        after = server.memory_info().rss
    return Figure(
        key="stream.idle_kb",
        value=(after - before) / IDLE / 1e3,
        unit="KB per stream",
        bar=100,
        aim=50,
        n=IDLE,
        note=f"resident memory of the whole server, {FIRST_IDLE} open streams and {IDLE} more, "
        "which said nothing, each with a WebSocket of its own",
    )


async def _open(
    there: RunningDemo, headers: dict[str, str], open_streams: AsyncExitStack, most: int
) -> None:
    url = f"{there.gateway.replace('http', 'ws')}/v1/stream"
    numbers = iter(range(most))

    async def work() -> None:
        for number in numbers:
            socket = await open_streams.enter_async_context(
                connect(url, additional_headers=headers)
            )
            said = {
                "type": "open",
                "channel": "live",
                "creator": "bench",
                "avatar": "bench-twin",
                "conversation": f"idle-{number}",
            }
            await socket.send(json.dumps(said))
            if json.loads(await socket.recv())["type"] != "opened":
                raise RuntimeError("a stream was not opened")

    await asyncio.gather(*(work() for _ in range(OPENING_AT_ONCE)))


def _raise_limit(files: int) -> None:
    """Raise this process's limit of open files; the server raises its own, or inherits this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        raise DataMissing(f"this machine allows {hard} open files; {files} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
