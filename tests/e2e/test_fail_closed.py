"""Whatever breaks, nothing unchecked, unlabelled or unrecorded reaches the platform."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
import pytest_asyncio
import uvicorn

from gateway.api.app import build_app
from gateway.assembly.build import AssembledGateway
from gateway.assembly.serving import api_services
from gateway.delivery.backoff import Backoff
from gateway.delivery.courier import OutboxCourier
from gateway.demo.sandbox import PlannedFailure, SandboxPlatform
from gateway.errors import DatabaseUnusable, LogInvalid, NotRecorded, StageUndefined
from gateway.model.access import Role
from gateway.model.finding import Detection, Stage
from gateway.model.record import (
    Dispatch,
    DispatchResult,
    Outcome,
    Review,
    ReviewAction,
    Settlement,
)
from gateway.model.submission import Channel, Submission
from gateway.model.text import ReadText
from gateway.model.verdict import State, Verdict
from gateway.pipeline.adapters import Limits
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.ids import new_id
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.packs.source import load_snapshot
from gateway.settings import read_settings
from tests import generations
from tests.deliveries import webhook_platform
from tests.house import SECRET, House
from tests.patience import PATIENCE_S
from tests.processes import free_port
from tests.unhurried import assemble_unhurried

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRIVATE = "lea.perso@example.org"
HARMLESS = f"Écris-moi à {PRIVATE}, je réponds toujours !"
PATIENT = Limits(detect_ms=600_000, policy_ms=600_000, record_ms=600_000, deliver_wait_ms=600_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Real rooms; a test breaks one of them."""

    parts: AssembledGateway
    sandbox: SandboxPlatform
    url: str
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def submission(self, **more: Any) -> Submission:
        number = next(self.numbers)
        now = datetime.now(UTC)
        given: dict[str, Any] = {
            "message_id": new_id("msg", now),
            "tenant": "default",
            "channel": Channel.DM,
            "creator": "lea",
            "avatar": "lea-twin",
            "conversation": f"c-{number}",
            "text": HARMLESS,
            "received_at": now,
        }
        return Submission(**{**given, **more})

    def gateway(self, limits: Limits = PATIENT, **adapters: Any) -> Gateway:
        return Gateway(
            adapters=replace(self.parts.adapters, **adapters),
            limits=limits,
            now=lambda: datetime.now(UTC),
        )

    def client(self, gateway: Gateway, key: dict[str, str]) -> httpx.AsyncClient:
        services = replace(api_services(self.parts), gateway=gateway)
        app = build_app(services, version="test", max_body_bytes=100_000)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=key)

    def arrived(self, message_id: str) -> list[dict[str, Any]]:
        return [one for one in self.sandbox.messages if one["message_id"] == message_id]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    sandbox = SandboxPlatform(secret=SECRET.encode())
    async with sandbox.running() as url:
        settings = read_settings(
            None,
            {
                "data_dir": tmp_path_factory.mktemp("scene"),
                "sandbox_url": f"{url}/messages",
                "webhook_secret": SECRET,
            },
        )
        async with assemble_unhurried(settings) as parts:
            await parts.opened.store.registry.put_creator("default", "lea", {}, actor="tests")
            yield Scene(parts=parts, sandbox=sandbox, url=url)


async def held_for(scene: Scene, outcome: Outcome, stage: Stage) -> None:
    """Held because of that stage, recorded so, and not sent."""
    assert outcome.state is State.HELD
    assert outcome.judgement.text is None
    assert outcome.judgement.receipt is None
    failed = {one.stage: one.reason for one in outcome.judgement.unavailable}
    assert stage in failed
    assert "gateway.unavailable" in {reason.rule for reason in outcome.judgement.reasons}
    assert PRIVATE not in repr(outcome)
    assert scene.arrived(outcome.message_id) == []
    entries = await scene.parts.opened.store.log.entries_of_message(outcome.message_id)
    assert [entry.kind.value for entry in entries] == ["decision"]
    assert PRIVATE.encode() not in entries[0].body


async def test_when_all_works_it_arrives_without_what_is_private(scene: Scene) -> None:
    outcome = await scene.gateway().submit(scene.submission())
    assert outcome.state is State.DELIVERED
    (arrived,) = scene.arrived(outcome.message_id)
    assert PRIVATE not in str(arrived)


# What a stage can do wrong


async def raises(*_: Any) -> NoReturn:
    raise ValueError(f"cannot make sense of {HARMLESS}")


async def hangs(*_: Any) -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def says_nothing(*_: Any) -> None:
    return None


async def says_something_else(*_: Any) -> str:
    return "all is well"


async def gives_up(*_: Any) -> None:
    """Something it waited for was cancelled."""
    raise asyncio.CancelledError


async def says_it_cannot(*_: Any) -> NoReturn:
    raise StageUndefined("pii", "it has no idea")


WRONG = (raises, hangs, says_nothing, says_something_else, gives_up, says_it_cannot)


def limits_for(wrong: Callable[..., Awaitable[Any]]) -> Limits:
    return replace(PATIENT, detect_ms=300, policy_ms=300) if wrong is hangs else PATIENT


@dataclass(frozen=True, slots=True)
class Broken:
    """A detector that does one thing wrong."""

    stage: Stage
    wrong: Callable[..., Awaitable[Any]]

    async def detect(self, submission: Submission, read: ReadText) -> Detection:
        found: Detection = await self.wrong()
        return found

    async def warm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
@pytest.mark.parametrize("stage", [Stage.PII, Stage.TOXICITY, Stage.SIGNALS])
async def test_a_broken_detector_holds(scene: Scene, stage: Stage, wrong: Any) -> None:
    adapters, broken = scene.parts.adapters, Broken(stage, wrong)
    if stage is Stage.SIGNALS:
        replaced: dict[str, Any] = {
            "policies": generations.instead(adapters.policies, signals=broken)
        }
    else:
        detectors = tuple(broken if one.stage is stage else one for one in adapters.detectors)
        assert broken in detectors
        replaced = {"detectors": detectors}
    gateway = scene.gateway(limits_for(wrong), **replaced)
    await held_for(scene, await gateway.submit(scene.submission()), stage)


async def test_a_detector_that_answers_for_another_stage_holds(scene: Scene) -> None:
    async def elsewhere(*_: Any) -> Detection:
        return Detection(stage=Stage.TOXICITY)

    gateway = scene.gateway(detectors=(Broken(Stage.PII, elsewhere),))
    await held_for(scene, await gateway.submit(scene.submission()), Stage.PII)


@pytest.mark.parametrize("missing", [Stage.PII, Stage.TOXICITY, Stage.SIGNALS])
async def test_a_detector_that_is_not_there_holds(scene: Scene, missing: Stage) -> None:
    """Wired wrongly: nobody failed, and yet nobody looked."""
    adapters = scene.parts.adapters
    if missing is Stage.SIGNALS:  # the policies always bring a detector: one for another stage
        policies = generations.instead(adapters.policies, signals=adapters.detectors[0])
        gateway = scene.gateway(policies=policies)
    else:
        left = tuple(one for one in adapters.detectors if one.stage is not missing)
        gateway = scene.gateway(detectors=left)
    outcome = await gateway.submit(scene.submission())
    await held_for(scene, outcome, missing)


@dataclass(frozen=True, slots=True)
class With:
    """A real room with some of its attributes replaced."""

    room: Any
    attributes: dict[str, object]

    def __getattr__(self, name: str) -> Any:
        return self.attributes[name] if name in self.attributes else getattr(self.room, name)


def instead(room: Any, **attributes: object) -> Any:
    return With(room, attributes)


@pytest.mark.parametrize(
    "wrong", [raises, hangs, says_nothing, gives_up, says_it_cannot], ids=lambda one: one.__name__
)
async def test_a_broken_policy_engine_holds(scene: Scene, wrong: Any) -> None:
    policies = generations.instead(scene.parts.adapters.policies, decide=wrong)
    outcome = await scene.gateway(limits_for(wrong), policies=policies).submit(scene.submission())
    await held_for(scene, outcome, Stage.POLICY)


@pytest.mark.parametrize(
    "rule",
    [
        "decision := x if x := input.no_such_thing",  # undefined
        'decision := {"verdict": "publish"}',  # incomplete
        'decision := {"verdict": "ship it", "reasons": [], "obligations": []}',
        'decision := {"verdict": time.parse_rfc3339_ns(concat("", [input.now, "?"]))}',  # fails
    ],
)
async def test_a_decision_that_is_none_holds(scene: Scene, rule: str, tmp_path: Path) -> None:
    """The real engine, asked for what is no decision."""
    (tmp_path / "main.rego").write_text(f"package gateway\n\n{rule}\n", encoding="utf-8")
    engine = EmbeddedEngine(snapshot=load_snapshot(tmp_path))
    await engine.warm()
    policies = generations.instead(scene.parts.adapters.policies, decide=engine.decide)
    outcome = await scene.gateway(policies=policies).submit(scene.submission())
    await held_for(scene, outcome, Stage.POLICY)
    await engine.close()


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
async def test_a_contact_that_cannot_be_known_holds(scene: Scene, wrong: Any) -> None:
    ledger = instead(scene.parts.adapters.ledger, contact=wrong)
    outcome = await scene.gateway(limits_for(wrong), ledger=ledger).submit(scene.submission())
    assert outcome.state is State.HELD
    assert scene.arrived(outcome.message_id) == []


def fails(*_: Any) -> NoReturn:
    raise ValueError(f"cannot make sense of {HARMLESS}")


def answers_nothing(*_: Any) -> None:
    return None


@pytest.mark.parametrize("wrong", [fails, answers_nothing])
@pytest.mark.parametrize(
    ("room", "stage"),
    [("read", Stage.READ), ("spare", Stage.PII), ("redact", Stage.REDACT)],
)
async def test_a_broken_pure_step_holds(scene: Scene, room: str, stage: Stage, wrong: Any) -> None:
    outcome = await scene.gateway(**{room: wrong}).submit(scene.submission())
    await held_for(scene, outcome, stage)


@pytest.mark.parametrize(
    "methods", [{"disclose": fails}, {"disclose": answers_nothing}, {"attest": fails}]
)
async def test_what_cannot_be_labelled_or_proved_holds(
    scene: Scene, methods: dict[str, Any]
) -> None:
    discloser = instead(scene.parts.adapters.discloser, **methods)
    outcome = await scene.gateway(discloser=discloser).submit(scene.submission())
    await held_for(scene, outcome, Stage.DISCLOSE)


async def test_a_route_may_ask_to_block_instead(scene: Scene) -> None:
    platform = scene.parts.adapters.platform
    strict = {
        name: replace(route, on_failure=Verdict.BLOCK) for name, route in platform.routes.items()
    }
    gateway = scene.gateway(
        detectors=(Broken(Stage.PII, raises),), platform=instead(platform, routes=strict)
    )
    outcome = await gateway.submit(scene.submission())
    assert outcome.state is State.BLOCKED
    assert scene.arrived(outcome.message_id) == []


async def test_a_person_cannot_release_what_was_not_checked(scene: Scene) -> None:
    broken = scene.gateway(detectors=(Broken(Stage.TOXICITY, raises),))
    held = await broken.submit(scene.submission())
    review = Review(
        action=ReviewAction.RELEASE,
        reviewer="someone",
        reason="It reads well.",
        at=datetime.now(UTC),
    )
    again = await broken.review("default", held.message_id, review)
    assert again.state is State.HELD
    assert scene.arrived(held.message_id) == []
    mended = await scene.gateway().review("default", held.message_id, review)
    assert mended.state is State.DELIVERED
    assert len(scene.arrived(held.message_id)) == 1


# What cannot be recorded is not sent


async def not_recorded(*_: Any) -> NoReturn:
    raise NotRecorded("the disk is full")


async def unusable(*_: Any, **__: Any) -> NoReturn:
    raise DatabaseUnusable("gateway.db", "is gone", "Find it")


IMPATIENT = replace(PATIENT, record_ms=2_000)


def body(scene: Scene) -> dict[str, Any]:
    submission = scene.submission()
    return {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": submission.conversation,
        "text": HARMLESS,
    }


@pytest.mark.parametrize(
    "methods",
    [
        {"claim": not_recorded},
        {"claim": hangs},
        {"record": not_recorded},
        {"record": unusable},
        {"record": hangs},
    ],
    ids=lambda methods: ", ".join(f"{name} {how.__name__}" for name, how in methods.items()),
)
async def test_without_an_entry_nothing_leaves_and_a_retry_works(
    scene: Scene, methods: dict[str, Any]
) -> None:
    house = House(parts=scene.parts, client=httpx.AsyncClient(timeout=PATIENCE_S), platform="")
    headers = await house.key(Role.SERVICE)
    message, retry = body(scene), {"Idempotency-Key": f"retry-{next(scene.numbers)}"}
    before = len(scene.sandbox.messages)
    ledger = instead(scene.parts.adapters.ledger, **methods)
    limits = IMPATIENT if hangs in methods.values() else PATIENT
    async with scene.client(scene.gateway(limits, ledger=ledger), headers) as client:
        answer = await client.post("/v1/messages", json=message, headers=retry)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"].endswith("/not-recorded")
    assert PRIVATE not in answer.text
    assert len(scene.sandbox.messages) == before
    async with scene.client(scene.gateway(), headers) as client:
        answer = await client.post("/v1/messages", json=message, headers=retry)
    assert answer.status_code == 200
    assert answer.json()["replayed"] is False
    assert len(scene.sandbox.messages) == before + 1


async def test_a_writer_that_fails_altogether_blocks_no_key(scene: Scene) -> None:
    """Neither the entry nor the end of the claim can be written: a retry need not wait."""
    database = scene.parts.opened.store._writer._database
    ledger = scene.parts.adapters.ledger

    async def full(record: Any) -> NoReturn:
        monkey.setattr(type(database), "begin", broken)
        raise NotRecorded("the disk is full")

    def broken(*_: Any) -> NoReturn:
        raise sqlite3.OperationalError("database or disk is full")

    submission = scene.submission(idempotency_key="full-1")
    with pytest.MonkeyPatch.context() as monkey, pytest.raises(NotRecorded):
        await scene.gateway(ledger=instead(ledger, record=full)).submit(submission)
    retry = replace(submission, message_id=new_id("msg", datetime.now(UTC)))
    assert (await scene.gateway().submit(retry)).state is State.DELIVERED


async def test_what_was_recorded_after_all_is_told_by_a_retry(scene: Scene) -> None:
    """The caller heard 503, the entry became durable: the retry tells, and nothing is sent
    twice."""
    ledger = scene.parts.adapters.ledger

    async def late(record: Any) -> NoReturn:
        await ledger.record(record)
        raise NotRecorded("nobody knows")

    submission = scene.submission(idempotency_key="late-1")
    with pytest.raises(NotRecorded):
        await scene.gateway(ledger=instead(ledger, record=late)).submit(submission)
    assert scene.arrived(submission.message_id) == []
    retry = replace(submission, message_id=new_id("msg", datetime.now(UTC)))
    told = await scene.gateway().submit(retry)
    assert told.replayed
    assert told.message_id == submission.message_id
    assert scene.arrived(retry.message_id) == []


async def test_what_was_delivered_is_never_told_as_not_published(scene: Scene) -> None:
    ledger = instead(scene.parts.adapters.ledger, outcome=unusable)
    outcome = await scene.gateway(ledger=ledger).submit(scene.submission())
    assert outcome.state is State.DELIVERED  # the courier told it
    assert outcome.judgement.receipt is not None
    assert len(scene.arrived(outcome.message_id)) == 1


@pytest.mark.parametrize("wrong", [raises, hangs, gives_up])
async def test_a_broken_courier_leaves_it_queued(scene: Scene, wrong: Any) -> None:
    gateway = scene.gateway(
        replace(PATIENT, deliver_wait_ms=300 if wrong is hangs else 600_000),
        courier=instead(scene.parts.courier, deliver=wrong),
    )
    outcome = await gateway.submit(scene.submission())
    assert outcome.state is State.QUEUED
    await scene.parts.courier.deliver(outcome.message_id)
    assert len(scene.arrived(outcome.message_id)) == 1


async def test_a_caller_that_goes_away_cuts_off_no_delivery(scene: Scene) -> None:
    submission, before = scene.submission(), scene.sandbox.requests
    scene.sandbox.failure = PlannedFailure(slow_s=0.3)
    waiting = asyncio.create_task(scene.gateway().submit(submission))
    while scene.sandbox.requests == before:  # noqa: ASYNC110 - the sandbox knows no events
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert (await settled(scene, submission.message_id)).state is State.DELIVERED
    assert len(scene.arrived(submission.message_id)) == 1


async def test_a_caller_that_does_not_wait_is_told_queued(scene: Scene) -> None:
    outcome = await scene.gateway(replace(PATIENT, deliver_wait_ms=0)).submit(scene.submission())
    assert outcome.state is State.QUEUED
    assert (await settled(scene, outcome.message_id)).state is State.DELIVERED
    assert len(scene.arrived(outcome.message_id)) == 1


# The platform


@asynccontextmanager
async def platform_at(port: int, sandbox: SandboxPlatform) -> AsyncIterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(sandbox.app(), port=port, log_config=None, lifespan="off", ws="none")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn's way
        await asyncio.sleep(0.005)
    yield
    server.should_exit = server.force_exit = True
    await serving


@asynccontextmanager
async def courier_to(scene: Scene, url: str) -> AsyncIterator[tuple[OutboxCourier, Any]]:
    platform = webhook_platform(url, secret=SECRET.encode())
    courier = OutboxCourier(
        outbox=scene.parts.opened.store.outbox,
        platform=platform,
        now=lambda: datetime.now(UTC),
        poll_s=0.05,
        backoff=Backoff(random=lambda: 0.5, base_s=0.1, cap_s=0.1),
        max_attempts=10_000,  # however long the platform takes to come back
    )
    running = asyncio.create_task(courier.run())
    yield courier, platform
    running.cancel()
    await asyncio.wait([running])
    await platform.close()


async def settled(scene: Scene, message_id: str) -> Outcome:
    """Once it is not queued any more."""
    while True:
        outcome = await scene.parts.adapters.ledger.outcome("default", message_id)
        if outcome is not None and outcome.state is not State.QUEUED:
            return outcome
        await asyncio.sleep(0.02)


async def test_a_platform_that_is_down_gets_it_when_it_is_back(scene: Scene) -> None:
    port = free_port()
    async with courier_to(scene, f"http://127.0.0.1:{port}/messages") as (courier, platform):
        gateway = scene.gateway(courier=courier, platform=platform)
        headers = await House(
            parts=scene.parts, client=httpx.AsyncClient(timeout=PATIENCE_S), platform=""
        ).key(Role.SERVICE)
        async with scene.client(gateway, headers) as client:
            answer = await client.post("/v1/messages", json=body(scene))
        assert answer.status_code == 202
        assert answer.json()["state"] == "queued"
        back = SandboxPlatform(secret=SECRET.encode())
        async with platform_at(port, back):
            outcome = await settled(scene, answer.json()["message_id"])
    assert outcome.state is State.DELIVERED
    assert outcome.attempts > 1
    assert [one["message_id"] for one in back.messages] == [outcome.message_id]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
async def test_a_platform_that_refuses_is_not_asked_again(scene: Scene, status: int) -> None:
    scene.sandbox.failure = PlannedFailure(times=1, status=status)
    before = scene.sandbox.requests
    headers = await House(
        parts=scene.parts, client=httpx.AsyncClient(timeout=PATIENCE_S), platform=""
    ).key(Role.SERVICE)
    retry = {"Idempotency-Key": f"refused-{status}"}
    message = body(scene)
    async with scene.client(scene.gateway(), headers) as client:
        answers = [await client.post("/v1/messages", json=message, headers=retry) for _ in range(2)]
    for answer in answers:
        assert answer.status_code == 502
        assert answer.json()["state"] == "refused"
        assert answer.json()["type"].endswith("/refused")
    assert scene.sandbox.requests == before + 1


# What was tampered with


def tampered_with(scene: Scene, outcome: Outcome) -> None:
    """One bit of what is sealed, by somebody who can write to the database."""
    path = scene.parts.opened.settings.data_dir / "gateway.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        changed = database.execute(
            "UPDATE payload SET ciphertext = CAST(x'00' || substr(ciphertext, 2) AS BLOB)"
            " WHERE seq = ?",
            (outcome.entry_seq,),
        )
        assert changed.rowcount == 1


async def test_one_payload_that_was_changed_is_not_sent_and_holds_up_no_other(
    scene: Scene,
) -> None:
    gateway = scene.gateway(courier=instead(scene.parts.courier, deliver=gives_up))
    bad, good = [await gateway.submit(scene.submission()) for _ in range(2)]
    assert {bad.state, good.state} == {State.QUEUED}
    # As after a restart: nothing is remembered, all of it is due.
    outbox = scene.parts.opened.store.outbox
    for outcome in (bad, good):
        for delivery in await outbox.lease(
            message_id=outcome.message_id, until=datetime.now(UTC) + timedelta(hours=1)
        ):
            await outbox.settle(
                Settlement(
                    delivery=delivery,
                    dispatch=Dispatch(result=DispatchResult.RETRY),
                    state=State.QUEUED,
                    at=datetime.now(UTC),
                    next_attempt_at=datetime.now(UTC),
                )
            )
    tampered_with(scene, bad)
    async with courier_to(scene, f"{scene.url}/messages"):
        await settled(scene, good.message_id)
    assert len(scene.arrived(good.message_id)) == 1
    assert scene.arrived(bad.message_id) == []


async def test_one_payload_that_was_changed_hides_no_review(scene: Scene) -> None:
    broken = scene.gateway(detectors=(Broken(Stage.PII, raises),))
    bad, good = [await broken.submit(scene.submission()) for _ in range(2)]
    tampered_with(scene, bad)
    ledger, store = scene.parts.adapters.ledger, scene.parts.opened.store
    waiting = {
        held.outcome.message_id for held in await store.reviews.waiting("default", limit=500)
    }
    assert good.message_id in waiting
    assert bad.message_id not in waiting
    review = Review(
        action=ReviewAction.RELEASE, reviewer="x", reason="Reads well.", at=datetime.now(UTC)
    )
    with pytest.raises(LogInvalid):
        await scene.gateway().review("default", bad.message_id, review)
    assert scene.arrived(bad.message_id) == []
    await store.reviews.expire(datetime.now(UTC) + timedelta(days=2))
    outcome = await ledger.outcome("default", good.message_id)
    assert outcome is not None
    assert outcome.state is State.EXPIRED
