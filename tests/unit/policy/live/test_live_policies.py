from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import NotRecorded, PolicyInvalid, StageFailure
from gateway.model.decision import Facts
from gateway.model.finding import Detection
from gateway.model.record import Change
from gateway.model.verdict import Verdict
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.live.live_policies import LivePolicies
from gateway.policy.packs.source import Snapshot, load_snapshot
from gateway.text.reader import TextReader

Write = Callable[[Mapping[str, str]], Path]
Make = Callable[..., Facts]
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
RULE = """\
package packs.shop.word

results contains {
	"rule": "shop.word",
	"text": "%s",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "shop.%s"
}
"""
PHRASES = "list: shop.%s\nin: [text]\nlanguages: {en: [hello]}\n"


class WatchedEngine(EmbeddedEngine):
    closed = 0

    async def close(self) -> None:
        self.closed += 1
        await super().close()


class Desk:
    """Live policies over a folder that is written anew, and what they noted."""

    def __init__(self, write: Write, shop: dict[str, str], reader: TextReader) -> None:
        self.noted: list[Change] = []
        self.engines: list[WatchedEngine] = []
        self._write, self._shop = write, shop
        snapshot = self.version("one")
        self.live = LivePolicies(
            snapshot=snapshot,
            read=reader,
            make=self.engine,
            note=self.note,
            now=lambda: NOW,
        )

    async def note(self, change: Change) -> None:
        self.noted.append(change)

    def engine(self, snapshot: Snapshot) -> WatchedEngine:
        self.engines.append(WatchedEngine(snapshot=snapshot))
        return self.engines[-1]

    def version(self, name: str) -> Snapshot:
        """Each version looks for a list of its own, and its rule for that list alone."""
        self._shop["shop/word/word.rego"] = RULE % (name, name)
        self._shop["shop/word/word.phrases.yaml"] = PHRASES % name
        return load_snapshot(self._write(self._shop))

    async def judged(self, facts: Facts) -> tuple[str, list[str]]:
        """The digest that decided, and the words of the reasons."""
        with self.live.current() as policies:
            detection = await policies.signals.detect(facts.submission, facts.read)
            await asyncio.sleep(0)
            decision = await policies.decide(_with(facts, detection))
        return decision.bundle.digest, [reason.text for reason in decision.reasons]


def _with(facts: Facts, *detections: Detection) -> Facts:
    return replace(facts, detections=detections)


@pytest.fixture
async def reports(write: Write, shop: dict[str, str], reader: TextReader) -> AsyncIterator[Desk]:
    made = Desk(write, shop, reader)
    await made.live.warm()
    yield made
    await made.live.close()


async def test_changed_policies_decide_and_are_noted(reports: Desk, make_facts: Make) -> None:
    facts = make_facts("hello")
    old = reports.live.bundle.digest
    assert await reports.judged(facts) == (old, ["one"])
    new = reports.version("two")
    assert await reports.live.replace(new, source="folder", actor="me") == new.bundle
    assert await reports.judged(facts) == (new.bundle.digest, ["two"])
    (change,) = reports.noted
    assert (change.what, change.actor) == ("policy", "me")
    assert (change.before, change.after) == (old, new.bundle.digest)
    assert change.detail["files"] == ["shop/word/word.phrases.yaml", "shop/word/word.rego"]
    assert reports.live.status.taken == 1
    await reports.live.replace(new, source="bundle", actor="me")  # the same: nothing to note
    assert (len(reports.noted), reports.live.status.source) == (1, "bundle")


async def test_no_message_sees_a_mixture(reports: Desk, make_facts: Make) -> None:
    facts = make_facts("hello")
    versions = {name: reports.version(name) for name in ("one", "two", "three")}
    words = {one.bundle.digest: [name] for name, one in versions.items()}
    ended = asyncio.Event()
    seen: list[tuple[str, list[str]]] = []

    async def caller() -> None:
        while not ended.is_set():
            seen.append(await reports.judged(facts))

    async def changes() -> None:
        for number in range(30):
            name = ("two", "three", "one")[number % 3]
            await reports.live.replace(versions[name], source="folder", actor="me")
        ended.set()

    await asyncio.gather(changes(), *(caller() for _ in range(16)))
    assert len({digest for digest, _ in seen}) == 3
    assert all(reasons == words[digest] for digest, reasons in seen)
    await asyncio.sleep(0)
    assert [engine.closed for engine in reports.engines] == [1] * 30 + [0]


async def test_policies_stay_open_for_the_messages_that_hold_them(
    reports: Desk, make_facts: Make
) -> None:
    facts = make_facts("hello")
    with reports.live.current() as first, reports.live.current() as same:
        detection = await first.signals.detect(facts.submission, facts.read)
        for number in range(5):
            fine = await first.decide(_with(facts, detection))
            assert fine.verdict is Verdict.HOLD
            assert fine == await same.decide(_with(facts, detection))
            await reports.live.replace(reports.version(f"v{number}"), source="folder", actor="me")
        fine = await first.decide(_with(facts, detection))
        assert [reason.text for reason in fine.reasons] == ["one"]
        assert [engine.closed for engine in reports.engines] == [0, 1, 1, 1, 1, 0]
    await asyncio.sleep(0)  # closed in a task
    assert [engine.closed for engine in reports.engines] == [1, 1, 1, 1, 1, 0]
    with pytest.raises(StageFailure, match="not warm"):
        await first.decide(_with(facts, detection))
    with reports.live.current() as now:  # nobody looked for phrases
        assert (await now.decide(facts)).verdict is Verdict.PUBLISH


async def test_closing_closes_what_messages_still_hold(reports: Desk) -> None:
    with reports.live.current():
        await reports.live.replace(reports.version("two"), source="folder", actor="me")
        await reports.live.close()
        assert [engine.closed for engine in reports.engines] == [1, 1]


async def test_what_cannot_be_noted_or_kept_is_not_taken(reports: Desk, make_facts: Make) -> None:
    facts = make_facts("hello")
    old = reports.live.bundle.digest

    async def full(_: Change) -> None:
        raise NotRecorded("full")

    def no_place() -> None:
        raise OSError("full")

    reports.live._note = full
    with pytest.raises(NotRecorded):
        await reports.live.replace(reports.version("two"), source="folder", actor="me")
    reports.live._note = reports.note
    with pytest.raises(OSError, match="full"):
        await reports.live.replace(reports.version("two"), source="push", actor="me", keep=no_place)
    assert await reports.judged(facts) == (old, ["one"])


async def test_a_refusal_is_told_everywhere(reports: Desk) -> None:
    error = PolicyInvalid("a.rego", "it is wrong", "Mend it.", line=3, column=4)
    with capture_logs() as logs:
        await reports.live.refuse(error, source="folder", actor="me")
    refused = reports.live.status.refused
    assert refused is not None
    assert (refused.file, refused.line, refused.column) == ("a.rego", 3, 4)
    assert [one["event"] for one in logs] == ["policies refused"]
    (change,) = reports.noted
    assert change.before == change.after == reports.live.bundle.digest
    assert change.detail["refused"] == "a.rego:3:4: it is wrong. Mend it."
    await reports.live.replace(reports.version("two"), source="folder", actor="me")
    assert reports.live.status.refused is None
    assert reports.live.status.refusals == 1


async def test_a_start_with_other_policies_is_noted(reports: Desk) -> None:
    await reports.live.started(reports.live.bundle.digest)
    assert reports.noted == []
    await reports.live.started(None)
    assert (reports.noted[0].actor, reports.noted[0].before) == ("start", None)
    assert reports.noted[0].after == reports.live.bundle.digest


async def test_creators_are_checked_by_the_schema_in_use(reports: Desk) -> None:
    reports.live.check_creator({})
    reports._shop["schemas/creator.schema.json"] = '{"type": "object", "required": ["x"]}'
    await reports.live.replace(reports.version("one"), source="folder", actor="me")
    with pytest.raises(Exception, match="required"):
        reports.live.check_creator({})
