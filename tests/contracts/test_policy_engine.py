"""One suite for every PolicyEngine: the embedded one, and an OPA server that is given the same
policies. The servers are real; so are those that fail."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bench.policy import POLICIES as SHIPPED
from bench.policy import agreed_parts, corpus, serving
from gateway.errors import (
    ConfigurationError,
    PolicyInvalid,
    StageFailure,
    StageTimeout,
    StageUndefined,
)
from gateway.model.creator import Creator
from gateway.model.decision import Contact, Decision, Facts
from gateway.model.finding import Stage, Unavailable
from gateway.model.record import Change
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import Verdict
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.engine.opa import OpaEngine
from gateway.policy.live.live_policies import LivePolicies
from gateway.policy.packs.server_files import write_bundle
from gateway.policy.packs.source import Snapshot, load_snapshot
from gateway.ports import PolicyEngine
from gateway.text.reader import TextReader

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
GENEROUS_MS = 600_000.0  # the machine may be busy; deadlines have tests of their own
MAIN = """\
package gateway

decision := {"verdict": verdict, "reasons": reasons, "obligations": obligations} if {
	not contains(input.text.submitted, "undefined")
}

verdict := "block" if {
	contains(input.text.submitted, data.shop.forbidden)
} else := "hold" if {
	input.unavailable != []
} else := "publish"

reasons := [{"rule": "shop.word", "text": "Éa", "verdict": verdict}]

obligations := [{"kind": "disclose", "params": {"notice": "ai"}, "rules": ["b", "a"]} |
	data.lib.help.wanted(input.message.channel)
]

fails := to_text(input.text.submitted) if contains(input.text.submitted, "failing")

to_text(text) := text + 1
"""
FILES = {
    "main.rego": MAIN,
    "lib/help.rego": 'package lib.help\n\nwanted(channel) if channel == "live"\n',
    "shop/data.yaml": "pack: {title: Shop, version: 2.0.0}\nforbidden: secret\n",
    "schemas/creator.schema.json": '{"type": "object"}',
}


def _write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return load_snapshot(_write(tmp_path / "policies", FILES))


@pytest.fixture(scope="session")
def read() -> TextReader:
    return TextReader()


@pytest.fixture
def make(read: TextReader) -> Callable[..., Facts]:
    def making(text: str, **given: Any) -> Facts:
        return Facts(
            now=given.pop("now", NOW),
            read=read(text, None),
            detections=given.pop("detections", ()),
            unavailable=given.pop("unavailable", ()),
            creator=Creator(
                tenant="t",
                id="lea",
                version=given.pop("version", 1),
                updated_at=NOW,
                settings=given.pop("settings", {}),
            ),
            contact=given.pop("contact", Contact()),
            route=Route(name="sandbox", kind=RouteKind.SANDBOX),
            submission=Submission(
                message_id="m-1",
                tenant="t",
                creator="lea",
                avatar="lea-ai",
                conversation="c-1",
                received_at=NOW,
                text=text,
                **({"channel": Channel.DM} | given),
            ),
        )

    return making


# Servers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(opa: str) -> Iterator[str]:
    with serving(opa) as url:
        yield url


# What every engine does

Start = Callable[[Snapshot], Awaitable[PolicyEngine]]


@pytest_asyncio.fixture(params=["embedded", "opa"])
async def start(request: pytest.FixtureRequest) -> AsyncIterator[Start]:
    """Makes warm engines, and closes them."""
    made: list[PolicyEngine] = []

    async def starting(snapshot: Snapshot) -> PolicyEngine:
        engine: PolicyEngine
        if request.param == "embedded":
            engine = EmbeddedEngine(snapshot=snapshot)
        else:
            url = request.getfixturevalue("server")
            engine = OpaEngine(snapshot=snapshot, url=url, deadline_ms=GENEROUS_MS)
        made.append(engine)
        await engine.warm()
        return engine

    yield starting
    for engine in made:
        await engine.close()


@dataclass(frozen=True, kw_only=True)
class Live:
    """Makes warm policies that can be replaced, on engines of one kind."""

    engine: Callable[[Snapshot], PolicyEngine]
    remote: bool
    read: TextReader
    made: list[LivePolicies] = field(default_factory=list)

    async def __call__(self, snapshot: Snapshot) -> LivePolicies:
        async def note(_: Change) -> None:
            return None

        policies = LivePolicies(
            snapshot=snapshot, read=self.read, make=self.engine, note=note, now=lambda: NOW
        )
        self.made.append(policies)
        await policies.warm()
        return policies


@pytest_asyncio.fixture(params=["embedded", "opa"])
async def live(request: pytest.FixtureRequest, read: TextReader) -> AsyncIterator[Live]:
    def engine(snapshot: Snapshot) -> PolicyEngine:
        if request.param == "embedded":
            return EmbeddedEngine(snapshot=snapshot)
        url = request.getfixturevalue("server")
        return OpaEngine(snapshot=snapshot, url=url, deadline_ms=GENEROUS_MS)

    making = Live(engine=engine, remote=request.param == "opa", read=read)
    yield making
    for policies in making.made:
        await policies.close()


def _version(folder: Path, name: str) -> Snapshot:
    """Policies that look for a list `shop.<name>`, and give `name` as the reason for it."""
    reasons = """reasons := [{"rule": "shop.word", "text": "%s", "verdict": verdict} |
	some signal in input.findings.signals
	signal.list == "shop.%s"
]
""" % (name, name)  # noqa: UP031 - braces are Rego's
    main = MAIN.replace(
        'reasons := [{"rule": "shop.word", "text": "Éa", "verdict": verdict}]\n', reasons
    )
    assert main != MAIN
    phrases = f"list: shop.{name}\nin: [text]\nlanguages: {{en: [hello]}}\n"
    files = FILES | {"main.rego": main, "shop/word.phrases.yaml": phrases}
    return load_snapshot(_write(folder, files))


async def _judged(policies: LivePolicies, facts: Facts) -> Decision:
    """As the pipeline does: signals and decision of one generation."""
    with policies.current() as generation:
        detection = await generation.signals.detect(facts.submission, facts.read)
        await asyncio.sleep(0)
        return await generation.decide(replace(facts, detections=(detection,)))


async def test_it_publishes_and_blocks(
    start: Start, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    engine = await start(snapshot)
    assert (await engine.decide(make("fine"))).verdict is Verdict.PUBLISH
    assert (await engine.decide(make("a secret"))).verdict is Verdict.BLOCK


async def test_it_tells_what_it_decided_and_by_what(
    start: Start, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    engine = await start(snapshot)
    decision = await engine.decide(make("a sécret 😀 day", channel=Channel.LIVE))
    assert [(one.rule, one.text) for one in decision.reasons] == [("shop.word", "Éa")]
    (obligation,) = decision.obligations
    assert (obligation.kind, obligation.rules) == ("disclose", ("a", "b"))
    assert decision.bundle == engine.bundle == snapshot.bundle
    assert decision.bundle.revisions == {"shop": "2.0.0"}
    assert decision.path == "data.gateway.decision"
    assert decision.engine
    assert decision.document["text"]["submitted"] == "a sécret 😀 day"
    assert "day" not in json.dumps(decision.masked)


async def test_a_failed_stage_is_seen(
    start: Start, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    engine = await start(snapshot)
    failed = (Unavailable(stage=Stage.PII, reason="timed out"),)
    assert (await engine.decide(make("fine", unavailable=failed))).verdict is Verdict.HOLD


async def test_undefined_is_never_a_decision(
    start: Start, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    engine = await start(snapshot)
    with pytest.raises(StageUndefined):
        await engine.decide(make("undefined"))
    assert (await engine.decide(make("fine"))).verdict is Verdict.PUBLISH


@pytest.mark.parametrize(
    "main",
    [
        MAIN.replace('"verdict": verdict, "reasons"', '"verdict": "maybe", "reasons"'),
        MAIN.replace('"reasons": reasons, ', ""),
        MAIN.replace('"kind": "disclose"', '"kind": "sing"'),
        MAIN.replace('} else := "publish"', "} else := to_text(input.text.submitted)"),
        MAIN.replace('} else := "publish"', '} else := "publish"\n\nverdict := "hold" if true'),
    ],
    ids=["verdict", "field", "obligation", "wrong type", "conflict"],
)
async def test_what_cannot_be_used_is_a_failure(
    start: Start, tmp_path: Path, make: Callable[..., Facts], main: str
) -> None:
    assert main != MAIN
    engine = await start(load_snapshot(_write(tmp_path / "bad", FILES | {"main.rego": main})))
    with pytest.raises(StageFailure) as caught:
        await engine.decide(make("my private words", channel=Channel.LIVE))
    for words in ("private", "a secret text"):
        assert words not in str(caught.value)


async def test_wrong_policies_are_refused_with_their_place(start: Start, tmp_path: Path) -> None:
    files = FILES | {"lib/help.rego": "package lib.help\n\nwanted(channel) if {\n"}
    with pytest.raises(PolicyInvalid, match=r"lib/help\.rego:4"):
        await start(load_snapshot(_write(tmp_path / "bad", files)))


async def test_changed_policies_are_taken_and_bad_ones_are_not(
    live: Live, snapshot: Snapshot, tmp_path: Path, make: Callable[..., Facts]
) -> None:
    policies = await live(snapshot)
    files = FILES | {"shop/data.yaml": "forbidden: fine\n"}
    del files["lib/help.rego"]
    files["main.rego"] = MAIN.replace("data.lib.help.wanted(input.message.channel)", "false")
    await policies.replace(load_snapshot(_write(tmp_path / "new", files)), source="f", actor="me")
    assert (await _judged(policies, make("fine", channel=Channel.LIVE))).verdict is Verdict.BLOCK
    bundle = policies.bundle
    bad = FILES | {"main.rego": "package gateway\n\nf(x) := f(x)\n"}
    broken = load_snapshot(_write(tmp_path / "bad", bad))
    with pytest.raises(PolicyInvalid):
        await policies.replace(broken, source="f", actor="me")
    assert policies.bundle == bundle != snapshot.bundle
    assert (await _judged(policies, make("a secret"))).verdict is Verdict.PUBLISH


async def test_a_message_meets_one_set_of_policies_while_they_change(
    live: Live, tmp_path: Path, make: Callable[..., Facts]
) -> None:
    """Each version looks for a phrase of its own and has a rule for that phrase alone. A server
    holds one version: it may leave a message undecided, never judge it by two."""
    versions = {name: _version(tmp_path / name, name) for name in ("one", "two", "three")}
    words = {version.bundle.digest: name for name, version in versions.items()}
    policies = await live(versions["one"])
    facts, ended = make("hello"), asyncio.Event()
    seen: list[str] = []
    undecided: list[StageFailure] = []

    async def caller() -> None:
        while not ended.is_set():
            try:
                decision = await _judged(policies, facts)
            except StageFailure as failure:
                undecided.append(failure)
                continue
            seen.append(words[decision.bundle.digest])
            assert [one.text for one in decision.reasons] == [seen[-1]]

    async def changes() -> None:
        for number in range(6):
            name = ("two", "three", "one")[number % 3]
            await policies.replace(versions[name], source="folder", actor="me")
            await _judged(policies, facts)
        ended.set()

    await asyncio.gather(changes(), *(caller() for _ in range(4)))
    assert set(seen) <= set(versions)
    assert seen
    assert not undecided or live.remote


async def test_a_message_taken_before_a_change_is_never_decided_by_the_new_policies(
    live: Live, tmp_path: Path, make: Callable[..., Facts]
) -> None:
    policies = await live(_version(tmp_path / "one", "one"))
    facts, new = make("hello"), _version(tmp_path / "two", "two")
    with policies.current() as old:
        detection = await old.signals.detect(facts.submission, facts.read)
        facts = replace(facts, detections=(detection,))
        before = await old.decide(facts)
        assert [one.text for one in before.reasons] == ["one"]
        await policies.replace(new, source="folder", actor="me")
        assert [one.kind for one in detection.findings] == ["shop.one"]
        again = await old.signals.detect(facts.submission, facts.read)
        assert again == detection
        if live.remote:  # the server has the new ones: the message waits for a person
            with pytest.raises(StageUndefined, match="other policies"):
                await old.decide(facts)
        else:
            assert await old.decide(facts) == before
    after = await _judged(policies, make("hello"))
    assert (after.bundle, [one.text for one in after.reasons]) == (new.bundle, ["two"])


async def test_many_decisions_at_once_do_not_mix(
    start: Start, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    engine = await start(snapshot)
    texts = [f"number {n}" + (" secret" if n % 3 == 0 else "") for n in range(40)]
    decisions = await asyncio.gather(*(engine.decide(make(text)) for text in texts))
    for text, decision in zip(texts, decisions, strict=True):
        assert decision.document["text"]["submitted"] == text
        assert (decision.verdict is Verdict.BLOCK) is ("secret" in text)


# What only a server can do


async def test_a_server_with_other_policies_is_not_believed(
    server: str, snapshot: Snapshot, tmp_path: Path, make: Callable[..., Facts]
) -> None:
    ours = OpaEngine(snapshot=snapshot, url=server, deadline_ms=GENEROUS_MS)
    changed = load_snapshot(_write(tmp_path / "new", FILES | {"shop/data.yaml": "forbidden: x\n"}))
    theirs = OpaEngine(snapshot=changed, url=server, deadline_ms=GENEROUS_MS)
    try:
        await ours.warm()
        assert (await ours.decide(make("fine"))).verdict is Verdict.PUBLISH
        await theirs.warm()
        with pytest.raises(StageUndefined, match="other policies"):
            await ours.decide(make("fine"))
        assert (await theirs.decide(make("fine"))).verdict is Verdict.PUBLISH
    finally:
        await ours.close()
        await theirs.close()


async def test_a_server_that_loads_an_exported_bundle(
    opa: str, snapshot: Snapshot, tmp_path: Path, make: Callable[..., Facts]
) -> None:
    write_bundle(snapshot, tmp_path / "bundle")
    with serving(opa, "--bundle", str(tmp_path / "bundle")) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, upload=False, deadline_ms=GENEROUS_MS)
        await engine.warm()
        assert (await engine.decide(make("a secret"))).verdict is Verdict.BLOCK
        await engine.close()


async def test_a_server_without_policies_is_refused(opa: str, snapshot: Snapshot) -> None:
    with serving(opa) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, upload=False)
        with pytest.raises(ConfigurationError, match="not the ones loaded here"):
            await engine.warm()
        await engine.close()


async def test_rules_of_others_on_the_server_are_refused(
    opa: str, snapshot: Snapshot, tmp_path: Path
) -> None:
    other = tmp_path / "other.rego"
    other.write_text("package packs.other.rule\n\nresults := set()\n", encoding="utf-8")
    with serving(opa, str(other)) as url:
        engine = OpaEngine(snapshot=snapshot, url=url)
        with pytest.raises(ConfigurationError, match=r"packs\.other\.rule"):
            await engine.warm()
        await engine.close()


async def test_a_server_that_asks_for_a_token(
    opa: str, snapshot: Snapshot, tmp_path: Path, make: Callable[..., Facts]
) -> None:
    rule = 'package system.authz\n\ndefault allow := false\n\nallow if input.identity == "key"\n'
    (tmp_path / "authz.rego").write_text(rule, encoding="utf-8")
    arguments = ("--authentication=token", "--authorization=basic", str(tmp_path / "authz.rego"))
    with serving(opa, *arguments) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, token="key", deadline_ms=GENEROUS_MS)
        await engine.warm()
        assert (await engine.decide(make("fine"))).verdict is Verdict.PUBLISH
        await engine.close()
        stranger = OpaEngine(snapshot=snapshot, url=url, token="other")
        with pytest.raises(StageFailure) as caught:
            await stranger.warm()
        assert "other" not in str(caught.value)
        await stranger.close()


async def test_a_server_that_goes_away_and_comes_back(
    opa: str, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    clock = [0.0]
    with serving(opa) as url:
        engine = OpaEngine(
            snapshot=snapshot,
            url=url,
            deadline_ms=GENEROUS_MS,
            failures=2,
            cooldown_s=5,
            clock=lambda: clock[0],
        )
        await engine.warm()
    for _ in range(2):
        with pytest.raises(StageFailure, match="cannot be reached"):
            await engine.decide(make("fine"))
    with pytest.raises(StageFailure, match="left alone"):
        await engine.decide(make("fine"))
    clock[0] = 5.0
    with pytest.raises(StageFailure, match="cannot be reached"):
        await engine.decide(make("fine"))
    with pytest.raises(StageFailure, match="left alone"):
        await engine.decide(make("fine"))
    await engine.close()


async def test_no_server_at_all(snapshot: Snapshot) -> None:
    engine = OpaEngine(snapshot=snapshot, url=f"http://127.0.0.1:{_free_port()}")
    with pytest.raises(StageFailure, match="cannot be reached"):
        await engine.warm()
    await engine.close()


# Servers that are none

Reply = Callable[[str], Awaitable[tuple[int, str, bytes]]]


@asynccontextmanager
async def _pretending(snapshot: Snapshot, reply: Reply) -> AsyncIterator[str]:
    """A small HTTP server that knows our digest, and answers questions by `reply(path)`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, path, _ = line.decode("latin-1").split(" ", 2)
                length = 0
                while (header := await reader.readline()).strip():
                    name, _, value = header.decode("latin-1").partition(":")
                    length = int(value) if name.lower() == "content-length" else length
                await reader.readexactly(length)
                digest = json.dumps({"result": snapshot.bundle.digest}).encode()
                known = (200, "application/json", digest)
                status, kind, body = known if method == "GET" else await reply(path)
                head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n"
                writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def _always(status: int, body: bytes, kind: str = "application/json") -> Reply:
    async def reply(path: str) -> tuple[int, str, bytes]:
        assert path.startswith("/v1/data/gateway_bundle/answer?strict-builtin-errors=true")
        return status, kind, body

    return reply


@pytest.mark.parametrize(
    "reply",
    [
        _always(200, b"{}"),
        _always(200, b"[]"),
        _always(200, b"null"),
        _always(200, b'{"result": "publish"}'),
        _always(200, b'{"result": {"decision": {"verdict": "publish"}}}'),
        _always(200, b'{"result": {'),
        _always(200, b"\xff\xfe"),
        _always(200, b""),
        _always(200, b"<html>my private words</html>", "text/html"),
        _always(204, b""),
        _always(400, b'{"code": "invalid", "message": "my private words"}'),
        _always(401, b"{}"),
        _always(404, b"{}"),
        _always(500, b'{"message": "my private words"}'),
        _always(503, b""),
    ],
)
async def test_rubbish_is_a_failure_and_is_not_quoted(
    snapshot: Snapshot, make: Callable[..., Facts], reply: Reply
) -> None:
    async with _pretending(snapshot, reply) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, upload=False, deadline_ms=GENEROUS_MS)
        await engine.warm()
        with pytest.raises(StageFailure) as caught:
            await engine.decide(make("my private words"))
        assert "private" not in str(caught.value)
        assert caught.value.__cause__ is None
        await engine.close()


async def test_a_slow_server_is_not_waited_for(
    snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    asked: list[str] = []

    async def reply(path: str) -> tuple[int, str, bytes]:
        asked.append(path)
        await asyncio.sleep(600)
        raise AssertionError("nobody waits that long")

    async with _pretending(snapshot, reply) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, upload=False, deadline_ms=2_000)
        await engine.warm()
        with pytest.raises(StageTimeout, match="2000 ms"):
            await engine.decide(make("fine"))
        await engine.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
    assert len(asked) == 1, "a question is never repeated"


async def test_a_connection_that_was_closed_is_opened_again(
    snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    asked: list[str] = []
    decision = {"verdict": "publish", "reasons": [], "obligations": []}
    answer = {"result": {"digest": snapshot.bundle.digest, "decision": decision}}

    async def reply(path: str) -> tuple[int, str, bytes]:
        asked.append(path)
        if len(asked) == 2:
            raise ConnectionResetError
        return 200, "application/json", json.dumps(answer).encode()

    async with _pretending(snapshot, reply) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, upload=False, deadline_ms=GENEROUS_MS)
        await engine.warm()
        for _ in range(3):
            assert (await engine.decide(make("fine"))).verdict is Verdict.PUBLISH
        await engine.close()
    assert len(asked) == 4


async def test_half_a_character_is_a_failure(
    start: Start, snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    engine = await start(snapshot)
    with pytest.raises(StageFailure, match="JSON"):
        await engine.decide(make("fine", human_text="\ud83d"))


async def test_a_server_that_fails_is_asked_once(
    snapshot: Snapshot, make: Callable[..., Facts]
) -> None:
    asked: list[str] = []

    async def reply(path: str) -> tuple[int, str, bytes]:
        asked.append(path)
        return 502, "application/json", b"{}"

    async with _pretending(snapshot, reply) as url:
        engine = OpaEngine(snapshot=snapshot, url=url, upload=False, deadline_ms=GENEROUS_MS)
        await engine.warm()
        with pytest.raises(StageFailure, match="answered 502"):
            await engine.decide(make("fine"))
        await engine.close()
    assert len(asked) == 1


# Both engines alike


async def test_the_shipped_packs_decide_alike(server: str) -> None:
    snapshot = load_snapshot(SHIPPED)
    embedded = EmbeddedEngine(snapshot=snapshot)
    remote = OpaEngine(snapshot=snapshot, url=server, deadline_ms=GENEROUS_MS)
    await embedded.warm()
    await remote.warm()
    seen: set[str] = set()
    for facts in corpus(400):
        ours, theirs = await embedded.decide(facts), await remote.decide(facts)
        assert agreed_parts(ours) == agreed_parts(theirs)
        seen.update(reason.rule for reason in ours.reasons)
    await remote.close()
    assert len(seen) > 15, "the corpus must make rules fire"


def test_the_shipped_tests_pass_in_opa(opa: str) -> None:
    ran = subprocess.run(
        [opa, "test", "--bundle", str(SHIPPED)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
