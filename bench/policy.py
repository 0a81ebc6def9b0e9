"""Policies: the cost of a decision, and whether both engines decide alike."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.figure import DataMissing, Figure
from bench.messages import MESSAGES
from gateway.model.creator import Creator
from gateway.model.decision import Contact, Decision, Facts
from gateway.model.finding import Detection, Finding, Stage, Unavailable
from gateway.model.record import Entry, EntryKind
from gateway.model.route import Route, RouteKind
from gateway.model.submission import (
    Audience,
    Channel,
    Commercial,
    Editorial,
    MediaDigest,
    Minor,
    Submission,
)
from gateway.policy.authoring.backtest import backtest
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.engine.opa import OpaEngine
from gateway.policy.engine.signals import MAX_FINDINGS
from gateway.policy.packs.source import load_snapshot, read_folder
from gateway.text.reader import TextReader

POLICIES = Path(__file__).parents[1] / "policies"

_NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
_SEED = 20261122
_ROUNDS = 9  # repetitions
_CORPUS = 1_500  # messages that both engines judge
_CROWD = 1_600  # pieces of personal data in one text
_GENEROUS_MS = 30_000.0  # deadline that no decision reaches
_CATEGORIES = (
    "toxicity",
    "severe_toxicity",
    "obscene",
    "threat",
    "insult",
    "identity_attack",
    "sexual_explicit",
)
_TEXTS = (
    "Thanks for watching!",
    "BUY NOW, BUY NOW, THE BEST STREAM OF ALL TIMES, EVERYBODY!",
    "Straße İstanbul ΑΣ ŉ",
    "hey @everyone look at https://example.org",
    "free skins " * 8,
    "Zenith is great, @a @b @c @d @e @f",
    "",
    "我们明天见",
    "x" * 3_000,
)
_PLACES = (
    (),
    ("FR",),
    ("EU",),
    ("US-CA",),
    ("US-NY", "FR"),
    ("US",),
    ("CN",),
    ("KR",),
    ("JP",),
    ("BR",),
    ("US-UT",),
    ("US-ME", "US-WA"),
)
_AGES = (0, 30, 900, 3_599, 3_600, 7_200, 10_800, 90_000, 700_000)  # seconds
_DAYS = (
    -1_200,
    -400,
    -113,
    -112,
    -60,
    -50,
    0,
    9,
    10,
    39,
    40,
    900,
)  # rules come into force and lapse
_SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"companion": False, "tone": {"profanity": "allow"}},
    {"brands": {"allow": ["zénith"], "deny": ["Acme"]}},
    {"brands": {"exclusive": ["Zenith"]}, "topics": {"deny": ["great", "明天"]}},
    {"kill_switch": True},
    {"consent": {"scope": ["dm", "live"], "until": "2026-12-01T00:00:00+01:00"}},
    {"strictness": {"dm": "strict", "live": "strict"}},
    {"quiet_hours": [{"from": "19:00", "to": "22:00", "timezone": "UTC"}]},
)


def measure() -> Iterator[Figure]:
    yield asyncio.run(_cost())
    yield asyncio.run(_crowded())
    yield asyncio.run(_agreement())
    yield asyncio.run(_backtest())


async def _cost() -> Figure:
    engine = EmbeddedEngine(snapshot=load_snapshot(POLICIES))
    await engine.warm()
    ordinary, strictest = list(_ordinary(known=True)), list(_ordinary(known=False))
    taken: dict[str, list[float]] = {"ordinary": [], "strictest": []}
    for number in range(_ROUNDS + 1):
        for name, messages in (("ordinary", ordinary), ("strictest", strictest)):
            before = time.process_time()
            for facts in messages:
                await engine.decide(facts)
            if number:  # the first round warms up
                taken[name].append((time.process_time() - before) / len(messages) * 1_000)
    await engine.close()
    cost = taken["ordinary"]
    return Figure(
        key="policy.cpu_ms",
        value=median(cost),
        unit="ms",
        bar=1.5,
        aim=0.4,
        n=len(ordinary) * _ROUNDS,
        spread=(min(cost), max(cost)),
        note="one decision with all packs, the document included; with place and age unknown "
        f"{median(taken['strictest']):.2f} ms",
    )


def _ordinary(*, known: bool) -> Iterator[Facts]:
    """The twenty-word messages on every channel, to a person who saw a disclosure an hour ago;
    unless `known`, to a stranger of unknown age and place."""
    read = TextReader()
    scores: dict[str, float | None] = dict.fromkeys(_CATEGORIES, 0.02)
    known_contact = Contact(
        first_at=_NOW - timedelta(hours=1),
        last_message_at=_NOW - timedelta(minutes=1),
        disclosed_at={"ai": _NOW - timedelta(hours=1)},
    )
    settings = {"brands": {"deny": ["Acme", "Zenith"]}, "topics": {"deny": ["the lawsuit"]}}
    for number, text in enumerate(MESSAGES):
        for channel in Channel:
            yield _facts(
                read,
                text,
                channel=channel,
                audience=Audience(id="u", minor=Minor.NO, jurisdictions=("FR", "US-CA"))
                if known
                else Audience(),
                contact=known_contact if known else Contact(),
                detections=(
                    Detection(stage=Stage.PII),
                    Detection(stage=Stage.TOXICITY, scores=scores),
                    Detection(stage=Stage.SIGNALS),
                ),
                settings=settings,
                message_id=f"m-{number}",
                human_text="That was great, tell me more!",
            )


async def _crowded() -> Figure:
    """The decision time of a text that is as crowded as possible: all other messages wait for it,
    since the engine decides on the event loop's thread."""
    engine = EmbeddedEngine(snapshot=load_snapshot(POLICIES))
    await engine.warm()
    taken = {_CROWD // 4: [0.0], _CROWD: [0.0]}
    for _ in range(_ROUNDS):
        for crowd, times in taken.items():
            facts = _crowd(crowd)
            before = time.process_time()
            await engine.decide(facts)
            times.append((time.process_time() - before) * 1_000)
    await engine.close()
    whole, quarter = taken[_CROWD][2:], taken[_CROWD // 4][2:]  # the first warms up
    return Figure(
        key="policy.crowded_ms",
        value=median(whole),
        unit="ms",
        bar=50,
        aim=20,
        n=len(whole),
        spread=(min(whole), max(whole)),
        note=f"{_CROWD} pieces of personal data in one text, every phrase list full of findings; "
        f"with a quarter of the personal data {median(quarter):.1f} ms",
    )


def _crowd(count: int) -> Facts:
    def found(stage: Stage, kind: str, at: int) -> Finding:
        return Finding(stage=stage, kind=kind, score=1.0, start=at, end=at + 7, source="bench")

    lists = [file.value["list"] for file in load_snapshot(POLICIES).phrases]
    return _facts(
        TextReader(),
        "a@b.example " * _CROWD,
        settings={},
        contact=Contact(),
        message_id="crowded",
        channel=Channel.LIVE,
        detections=(
            Detection(
                stage=Stage.PII,
                findings=tuple(found(Stage.PII, "EMAIL_ADDRESS", 12 * at) for at in range(count)),
            ),
            Detection(stage=Stage.TOXICITY, scores=dict.fromkeys(_CATEGORIES, 0.99)),
            Detection(
                stage=Stage.SIGNALS,
                findings=tuple(
                    found(Stage.SIGNALS, name, 12 * at)
                    for name in lists
                    for at in range(MAX_FINDINGS)
                ),
            ),
        ),
    )


async def _agreement() -> Figure:
    program = find_program()
    if program is None:
        raise DataMissing("no opa program: set OPA_BINARY, or put it on the path")
    snapshot = load_snapshot(POLICIES)
    embedded = EmbeddedEngine(snapshot=snapshot)
    await embedded.warm()
    equal = 0
    rules: set[str] = set()
    with serving(program) as url:
        remote = OpaEngine(snapshot=snapshot, url=url, deadline_ms=_GENEROUS_MS)
        await remote.warm()
        for facts in corpus(_CORPUS):
            ours, theirs = await embedded.decide(facts), await remote.decide(facts)
            equal += agreed_parts(ours) == agreed_parts(theirs)
            rules.update(reason.rule for reason in ours.reasons)
        await remote.close()
    return Figure(
        key="policy.agreement",
        value=equal / _CORPUS,
        unit="share",
        bar=1.0,
        aim=1.0,
        n=_CORPUS,
        baseline="OPA 1.22.2",
        lower_is_better=False,
        note=f"verdict, reasons and obligations; {len(rules)} rules fired",
    )


async def _backtest() -> Figure:
    """A backtest: the recorded corpus, judged again by the shipped packs."""
    entries = await _recorded(_CORPUS)
    workers = min(8, os.cpu_count() or 1)

    async def pages() -> AsyncIterator[Sequence[Entry]]:
        for start in range(0, len(entries), 400):
            yield entries[start : start + 400]

    rates: list[float] = []
    changed = 0
    for _ in range(3):
        report = await backtest(pages(), read_folder(POLICIES), workers=workers)
        rates.append(report.per_s)
        changed = report.changed
    return Figure(
        key="policy.backtest_per_s",
        value=median(rates),
        unit="1/s",
        bar=1_000,
        aim=1_000,
        n=_CORPUS * len(rates),
        spread=(min(rates), max(rates)),
        lower_is_better=False,
        note=f"decisions of the past, {workers} processes; {changed} changed by the same packs",
    )


async def _recorded(count: int) -> list[Entry]:
    """Entries with the members that a backtest reads."""
    engine = EmbeddedEngine(snapshot=load_snapshot(POLICIES))
    await engine.warm()
    entries = []
    for number, facts in enumerate(corpus(count)):
        decision = await engine.decide(facts)
        submission = facts.submission
        body = {
            "decision_id": f"dec_{number}",
            "labels": {"channel": submission.channel.value, "creator": submission.creator},
            "input": decision.masked,
            "result": {"verdict": decision.verdict.value},
            "reasons": [
                {"rule": reason.rule, "text": reason.text, "verdict": reason.verdict.value}
                for reason in decision.reasons
            ],
            "obligations": [
                {
                    "kind": obligation.kind.value,
                    "rules": obligation.rules,
                    "params": dict(obligation.params),
                }
                for obligation in decision.obligations
            ],
        }
        entries.append(
            Entry(
                seq=number,
                kind=EntryKind.DECISION,
                at=facts.now,
                tenant=submission.tenant,
                message_id=submission.message_id,
                body=orjson.dumps(body),
                leaf=b"",
            )
        )
    await engine.close()
    return entries


def agreed_parts(decision: Decision) -> tuple[Any, ...]:
    """The parts of a decision that both engines must agree on."""
    return decision.verdict, decision.reasons, decision.obligations, decision.document


def corpus(count: int) -> Iterator[Facts]:
    """Messages over channels, places, ages, findings, settings and clocks; the same at each
    call."""
    chance = random.Random(_SEED)  # noqa: S311 - chosen, not secret
    read = TextReader()
    lists = [file.value["list"] for file in load_snapshot(POLICIES).phrases]
    for number in range(count):
        now = _NOW + timedelta(days=chance.choice(_DAYS))
        yield _facts(
            read,
            chance.choice(_TEXTS),
            now=now,
            channel=chance.choice(list(Channel)),
            audience=Audience(
                id=chance.choice((None, "u")),
                minor=chance.choice(list(Minor)),
                age_from=chance.choice((None, None, 12, 13, 14, 18)),
                guardian_consent=chance.random() < 0.2,
                jurisdictions=chance.choice(_PLACES),
            ),
            commercial=Commercial(
                paid_partnership=chance.random() < 0.3,
                brand=chance.choice((None, None, "Zenith", "ACME", " ")),
            ),
            editorial=Editorial(
                public_interest=chance.random() < 0.3,
                reviewed_by=chance.choice((None, "r")),
                editor=chance.choice((None, "e")),
            ),
            media=(MediaDigest(sha256="a" * 64, content_type="image/png"),)
            * chance.choice((0, 0, 1, 3)),
            human_text=chance.choice((None, "hello", "are you real?")),
            human_spoke_at=chance.choice((None, None, now - timedelta(minutes=5))),
            dry_run=chance.random() < 0.1,
            message_id=f"m-{number}",
            version=number + 1,
            settings=chance.choice(_SETTINGS),
            contact=_contact(chance, now),
            detections=_detections(chance, lists),
            unavailable=(Unavailable(stage=Stage.PII, reason="slow"),) * (chance.random() < 0.1),
        )


def _contact(chance: random.Random, now: datetime) -> Contact:
    def ago() -> datetime:
        return now - timedelta(seconds=chance.choice(_AGES))

    return Contact(
        first_at=chance.choice((None, ago())),
        last_message_at=chance.choice((None, ago())),
        disclosed_at={
            notice: ago()
            for notice in ("ai", "ai_reminder", "ai_public", "ad", "take_a_break")
            if chance.random() < 0.5
        },
    )


def _detections(chance: random.Random, lists: list[str]) -> tuple[Detection, ...]:
    personal = tuple(
        Finding(
            stage=Stage.PII,
            kind=chance.choice(("EMAIL_ADDRESS", "URL", "CREDIT_CARD", "PERSON", "NEW_KIND")),
            score=chance.random(),
            start=0,
            end=5,
            source="x",
            checked=chance.random() < 0.5,
            advisory=chance.random() < 0.2,
        )
        for _ in range(chance.choice((0, 0, 1, 2, 6)))
    )
    signals = tuple(
        Finding(
            stage=Stage.SIGNALS,
            kind=name,
            score=1.0,
            start=0,
            end=3,
            source="en:x",
            in_human_text=chance.random() < 0.5,
        )
        for name in chance.sample(lists, min(len(lists), chance.choice((0, 0, 1, 2, 3))))
    )
    scores: dict[str, float | None] = {
        name: chance.choice((None, 0.0, 0.3, 0.5, round(chance.random(), 5), 1.0))
        for name in _CATEGORIES
    }
    scored = (Detection(stage=Stage.TOXICITY, scores=scores),) * (chance.random() < 0.9)
    return (
        Detection(stage=Stage.PII, findings=personal),
        Detection(stage=Stage.SIGNALS, findings=signals),
        *scored,
    )


def _facts(read: TextReader, text: str, **given: Any) -> Facts:
    now = given.pop("now", _NOW)
    return Facts(
        now=now,
        read=read(text, None),
        detections=given.pop("detections"),
        unavailable=given.pop("unavailable", ()),
        creator=Creator(
            tenant="bench",
            id="bench",
            version=given.pop("version", 1),
            updated_at=now,
            settings=given.pop("settings"),
        ),
        contact=given.pop("contact"),
        route=Route(name="sandbox", kind=RouteKind.SANDBOX),
        submission=Submission(
            tenant="bench",
            creator="bench",
            avatar="bench-twin",
            conversation="c",
            received_at=now,
            text=text,
            **given,
        ),
    )


def find_program() -> str | None:
    """The path of the opa program: from OPA_BINARY, PATH, or where `go install` puts it."""
    go = shutil.which("go")
    home = str(Path.home() / "go")
    if go is not None:
        answer = subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=True)
        home = answer.stdout.strip() or home
    candidates = (os.environ.get("OPA_BINARY"), shutil.which("opa"), f"{home}/bin/opa")
    return next((path for path in candidates if path and Path(path).is_file()), None)


@contextmanager
def serving(program: str, *arguments: str) -> Iterator[str]:
    """Run an OPA server on a free port of this machine; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [program, "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error"]
    process = subprocess.Popen(
        [*command, "--skip-version-check", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_server(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _await_server(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                raise RuntimeError("the OPA server did not start") from None
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the OPA server does not answer")
