"""The disclosure clock against a plain model: in Rego alone, and through whole gateways that share
a database, on both engines, with restarts in between."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gateway.disclosure.discloser import LabelDiscloser
from gateway.keyring import SigningKey
from gateway.model.creator import Creator
from gateway.model.decision import Contact, Facts
from gateway.model.disclosure import Redaction
from gateway.model.finding import Detection, Finding, Stage
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.record import Outcome
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Audience, Channel, Minor, Submission
from gateway.model.text import ReadText
from gateway.model.verdict import State
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.gateway import Gateway
from gateway.policy.engine.embedded import DECISION_PATH, EmbeddedEngine
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.engine.input import InputBuilder, serialise
from gateway.policy.engine.result import parse_json
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.packs.source import load_snapshot
from gateway.storage.store import Store
from gateway.text.reader import TextReader
from tests.generations import always
from tests.paths import ROOT
from tests.properties.clock_model import EDGES, Memory, Talk, expected
from tests.stores import Clock, Place, new_database

POLICIES = ROOT / "policies"
BEGIN = datetime(2027, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)  # all laws of the model are in force
PLACES = ("EU", "US-CA", "US-NY", "US-WA", "US-OR", "US-ME", "US-UT", "CN", "KR", "CH")
SECOND = timedelta(seconds=1)
WAITS = [
    timedelta(),
    SECOND,
    *itertools.chain.from_iterable((edge - SECOND, edge) for edge in EDGES),
]
ASKED = Finding(
    stage=Stage.SIGNALS,
    kind="creator.asked_if_human",
    score=1.0,
    start=0,
    end=3,
    source="en:x",
    in_human_text=True,
)

MINORS = ("yes", "no", "unknown")
CHANNELS = tuple(channel.value for channel in Channel)

waits = st.sampled_from(WAITS)
talks = st.fixed_dictionaries(
    {
        "place": st.sampled_from(PLACES),
        "minor": st.sampled_from(MINORS),
        "channel": st.sampled_from(CHANNELS),
    }
)


def _notices(obligations: tuple[Obligation, ...]) -> set[str]:
    return {str(one.params["notice"]) for one in obligations if one.kind is ObligationKind.DISCLOSE}


def _submission(talk: Talk, now: datetime, **fields: Any) -> Submission:
    known: dict[str, Any] = {
        "message_id": "m-1",
        "tenant": "studio",
        "channel": Channel(talk.channel),
        "creator": "lea",
        "avatar": "lea-ai",
        "conversation": "c-1",
        "text": "See you on the next stream.",
        "received_at": now,
        "language": "en",
        "audience": Audience(
            id="p-1",
            minor=Minor(talk.minor),
            jurisdictions=(talk.place,),
            age_from=16 if talk.minor == "yes" else None,
        ),
        "human_text": "Are you a real person?" if talk.asked else "Nice.",
        "human_spoke_at": talk.human_spoke_at,
    }
    return Submission(**(known | fields))


class Rego:
    """The policies alone."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._builder = InputBuilder()
        self._read = TextReader()

    def due(self, talk: Talk, memory: Memory, now: datetime) -> set[str]:
        submission = _submission(talk, now)
        signals = (ASKED,) if talk.asked else ()
        facts = Facts(
            now=now,
            submission=submission,
            read=self._read(submission.text, "en"),
            detections=(
                Detection(stage=Stage.TOXICITY, scores={"toxicity": 0.01}),
                Detection(stage=Stage.SIGNALS, findings=signals),
            ),
            unavailable=(),
            creator=Creator(tenant="studio", id="lea", version=1, updated_at=BEGIN, settings={}),
            contact=Contact(
                first_at=memory.first,
                last_message_at=memory.last,
                disclosed_at=dict(memory.told),
            ),
            route=Route(name="sandbox", kind=RouteKind.SANDBOX),
        )
        document = serialise(self._builder.build(facts))
        return _notices(parse_json(self._evaluator.evaluate(document, DECISION_PATH)).obligations)


class RegoClock(RuleBasedStateMachine):
    """One person, one avatar: the model says what was shown, the policies what is due."""

    def __init__(self, rego: Rego) -> None:
        super().__init__()
        self._rego = rego
        self._now = BEGIN
        self._memory = Memory()
        self._spoke: datetime | None = None

    @initialize(given=talks)
    def meet(self, given: dict[str, str]) -> None:
        self._given = given

    @rule(by=waits)
    def wait(self, by: timedelta) -> None:
        self._now += by

    @rule()
    def human_speaks(self) -> None:
        self._spoke = self._now

    @rule(asked=st.booleans(), published=st.booleans())
    def say(self, asked: bool, published: bool) -> None:
        talk = Talk(**self._given, asked=asked, human_spoke_at=self._spoke)
        due = expected(talk, self._memory, self._now)
        assert self._rego.due(talk, self._memory, self._now) == due
        if published:
            self._memory.tell(due, self._now)


@pytest.fixture
def rego() -> Iterator[Rego]:
    evaluator = Evaluator(load_snapshot(POLICIES))
    yield Rego(evaluator)
    evaluator.close()


def test_every_interval_to_the_second(rego: Rego) -> None:
    """At each place, on each channel and for each age: just kept, and just missed."""
    for place, minor, channel, edge in itertools.product(PLACES, MINORS, CHANNELS, EDGES):
        talk, memory = Talk(place=place, minor=minor, channel=channel), Memory()
        told = rego.due(talk, memory, BEGIN)
        assert told == expected(talk, memory, BEGIN)
        memory.tell(told, BEGIN)
        for by in (edge - SECOND, edge):
            due = rego.due(talk, memory, BEGIN + by)
            assert due == expected(talk, memory, BEGIN + by), (talk, by)


def test_rego_agrees_with_the_model(rego: Rego) -> None:
    run_state_machine_as_test(
        lambda: RegoClock(rego),  # type: ignore[arg-type] # called as a class is
        settings=settings(max_examples=100, stateful_step_count=30, deadline=None),
    )


class _Quiet:
    """A detector that finds nothing: what is tested is the clock."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def stage(self) -> Stage:
        return self._stage

    async def warm(self) -> None:
        return None

    async def detect(self, submission: Submission, read: ReadText) -> Detection:
        scores = {"toxicity": 0.01} if self._stage is Stage.TOXICITY else {}
        return Detection(stage=self._stage, scores=scores)

    async def close(self) -> None:
        return None


class _Elsewhere:
    """The platform and the way to it: nothing is delivered here."""

    routes = {"sandbox": Route(name="sandbox", kind=RouteKind.SANDBOX)}  # noqa: RUF012

    def start(self, message_id: str) -> None:
        return None


class Replicas:
    """Two gateways on one database, each with a connection of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._snapshot = load_snapshot(POLICIES)
        self._engine = EmbeddedEngine(snapshot=self._snapshot)
        self._signals = SignalDetector(phrases=self._snapshot.phrases, read=TextReader())
        self._stores: list[Store] = []
        self.gateways: list[Gateway] = []
        self.people = itertools.count(1)
        self.messages = itertools.count(1)

    async def open(self) -> None:
        await self._engine.warm()
        for _ in range(2):
            store = await self._place.open()
            self._stores.append(store)
            self.gateways.append(self._gateway(store))
        await self._stores[0].registry.put_creator("studio", "lea", {}, actor="ann")

    async def restart(self, which: int) -> None:
        await self._stores[which].close()
        self._stores[which] = await self._place.open()
        self.gateways[which] = self._gateway(self._stores[which])

    async def close(self) -> None:
        await self._place.stack.aclose()
        await self._engine.close()

    def _gateway(self, store: Store) -> Gateway:
        elsewhere: Any = _Elsewhere()
        adapters = Adapters(
            ledger=store.ledger,
            registry=store.registry,
            read=TextReader(),
            detectors=(_Quiet(Stage.PII), _Quiet(Stage.TOXICITY)),
            spare=lambda detection, read, facts: detection,
            policies=always(self._signals, self._engine),
            redact=lambda submission, read, detections, obligations: Redaction(
                text=read.clean.text
            ),
            discloser=LabelDiscloser(
                signer=SigningKey.generate(at=BEGIN), issuer="https://gateway.example.org"
            ),
            courier=elsewhere,
            platform=elsewhere,
        )
        patient = Limits(detect_ms=600_000, policy_ms=600_000, record_ms=600_000, deliver_wait_ms=0)
        return Gateway(adapters=adapters, limits=patient, now=self._place.clock)


class GatewayClock(RuleBasedStateMachine):
    """Three people and two avatars, whose messages come by either replica."""

    def __init__(self, replicas: Replicas, clock: Clock, run: Callable[[Any], Any]) -> None:
        super().__init__()
        self._replicas = replicas
        self._clock = clock
        self._run = run
        self._memories: dict[tuple[int, str, str], Memory] = {}
        self._spoke: dict[int, datetime] = {}

    @initialize(given=st.lists(talks, min_size=3, max_size=3))
    def meet(self, given: list[dict[str, str]]) -> None:
        self._people = [(f"p-{next(self._replicas.people)}", one) for one in given]

    @rule(by=waits)
    def wait(self, by: timedelta) -> None:
        self._clock.at += by

    @rule(who=st.integers(0, 2))
    def human_speaks(self, who: int) -> None:
        self._spoke[who] = self._clock.at

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self._run(self._replicas.restart(which))

    @rule(
        who=st.integers(0, 2),
        avatar=st.sampled_from(["lea-ai", "lea-two"]),
        which=st.integers(0, 1),
        asked=st.booleans(),
        fate=st.sampled_from(["published", "published", "published", "held", "dry run"]),
    )
    def say(self, who: int, avatar: str, which: int, asked: bool, fate: str) -> None:
        talk, memory = self._talk(who, avatar, asked)
        due = expected(talk, memory, self._clock.at)
        text = "I promise to call you tonight." if fate == "held" else "See you on the stream."
        fields = {"text": text, "avatar": avatar, "dry_run": fate == "dry run"}
        outcome = self._run(self._submit(who, talk, which, fields))
        assert _notices(outcome.judgement.obligations) == due
        if fate == "held":
            assert outcome.state is State.HELD
            return
        assert outcome.judgement.disclosure is not None
        assert {one.notice for one in outcome.judgement.disclosure.notices} == due
        if fate == "published":
            assert outcome.state is State.QUEUED
            memory.tell(due, self._clock.at)

    @rule(who=st.integers(0, 2), asked=st.booleans())
    def say_twice_at_once(self, who: int, asked: bool) -> None:
        """Whichever is recorded first: nobody is told less than is due."""
        talk, memory = self._talk(who, "lea-ai", asked)
        due = expected(talk, memory, self._clock.at)

        async def both() -> list[Outcome]:
            return list(
                await asyncio.gather(*(self._submit(who, talk, which, {}) for which in (0, 1)))
            )

        first, second = (_notices(one.judgement.obligations) for one in self._run(both()))
        memory.tell(due, self._clock.at)
        then = expected(talk, memory, self._clock.at)
        assert due in (first, second)
        assert {frozenset(first), frozenset(second)} <= {frozenset(due), frozenset(then)}
        memory.tell(then, self._clock.at)

    def _talk(self, who: int, avatar: str, asked: bool) -> tuple[Talk, Memory]:
        _, given = self._people[who]
        key = (who, avatar, given["channel"])
        talk = Talk(**given, asked=asked, human_spoke_at=self._spoke.get(who))
        return talk, self._memories.setdefault(key, Memory())

    async def _submit(self, who: int, talk: Talk, which: int, fields: dict[str, Any]) -> Outcome:
        person, _ = self._people[who]
        submission = _submission(talk, self._clock.at)
        audience = Audience(
            id=person,
            minor=submission.audience.minor,
            jurisdictions=submission.audience.jurisdictions,
            age_from=submission.audience.age_from,
        )
        named = {"message_id": f"m-{next(self._replicas.messages)}", "audience": audience}
        submission = _submission(talk, self._clock.at, **(named | fields))
        return await self._replicas.gateways[which].submit(submission)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("blank_sqlite"), tmp_path / "gateway.db")
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    blank = request.getfixturevalue("blank_postgres")
    server = request.getfixturevalue("postgres_server")
    return new_database(server, f"t{os.urandom(6).hex()}", blank)


@pytest.fixture
def replicas(url: str, tmp_path: Path) -> Iterator[tuple[Replicas, Clock, asyncio.Runner]]:
    clock = Clock()
    clock.at = BEGIN
    place = Place(url=url, keys_path=tmp_path / "subject-keys.db", clock=clock)
    with asyncio.Runner() as runner:
        found = Replicas(place)
        runner.run(found.open())
        yield found, clock, runner
        runner.run(found.close())


def test_every_interval_over_replicas_and_restarts(
    replicas: tuple[Replicas, Clock, asyncio.Runner],
) -> None:
    """One long talk at each place: before each interval ends one replica is asked (a dry run),
    at its end the other speaks; now and then one has been restarted."""
    both, clock, runner = replicas
    cases = [*((place, "dm") for place in PLACES), ("EU", "live")]
    for number, (place, channel) in enumerate(cases):
        talk, memory = Talk(place=place, minor="unknown", channel=channel), Memory()
        fields = {"audience": Audience(id=f"p-{number}", jurisdictions=(place,))}
        for step, edge in enumerate((timedelta(), *EDGES)):
            last = max(memory.told.values(), default=clock.at)
            for early, dry_run in ((SECOND, True), (timedelta(), False)):
                clock.at = max(clock.at, last + edge - early)
                named = {"message_id": f"m-{next(both.messages)}", "dry_run": dry_run}
                submission = _submission(talk, clock.at, **fields, **named)
                outcome = runner.run(both.gateways[step % 2 ^ dry_run].submit(submission))
                due = expected(talk, memory, clock.at)
                assert _notices(outcome.judgement.obligations) == due, (talk, edge, dry_run)
            memory.tell(due, clock.at)
        runner.run(both.restart(number % 2))


def test_gateways_agree_with_the_model(replicas: tuple[Replicas, Clock, asyncio.Runner]) -> None:
    both, clock, runner = replicas
    run_state_machine_as_test(
        lambda: GatewayClock(both, clock, runner.run),  # type: ignore[arg-type] # called as a class is
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
