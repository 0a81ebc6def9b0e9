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
from gateway.model.record import Change
from gateway.model.verdict import Verdict
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.live.live_policies import KEPT, LivePolicies
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


class Desk:
    """Live policies over a folder that is written anew, and what they noted."""

    def __init__(self, write: Write, shop: dict[str, str], reader: TextReader) -> None:
        self.noted: list[Change] = []
        self._write, self._shop = write, shop
        snapshot = self.version("one")
        self.signals = SignalDetector(phrases=snapshot.phrases, read=reader)
        self.live = LivePolicies(
            snapshot=snapshot,
            signals=self.signals,
            make=lambda given: EmbeddedEngine(snapshot=given),
            note=self.note,
            now=lambda: NOW,
        )

    async def note(self, change: Change) -> None:
        self.noted.append(change)

    def version(self, name: str) -> Snapshot:
        """Each version looks for a list of its own, and its rule for that list alone."""
        self._shop["shop/word/word.rego"] = RULE % (name, name)
        self._shop["shop/word/word.phrases.yaml"] = PHRASES % name
        return load_snapshot(self._write(self._shop))

    async def judged(self, facts: Facts) -> tuple[str, list[str]]:
        """The digest that decided, and the words of the reasons."""
        detection = await self.signals.detect(facts.submission, facts.read)
        await asyncio.sleep(0)
        decision = await self.live.decide(_with(facts, detection))
        return decision.bundle.digest, [reason.text for reason in decision.reasons]


def _with(facts: Facts, *detections: object) -> Facts:
    return replace(facts, detections=detections)  # type: ignore[arg-type]


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
            try:
                seen.append(await reports.judged(facts))
            except StageFailure:  # too old: it is held
                continue

    async def changes() -> None:
        for number in range(30):
            name = ("two", "three", "one")[number % 3]
            await reports.live.replace(versions[name], source="folder", actor="me")
        ended.set()

    await asyncio.gather(changes(), *(caller() for _ in range(16)))
    assert len({digest for digest, _ in seen}) == 3
    assert all(reasons == words[digest] for digest, reasons in seen)


async def test_what_is_older_than_all_that_are_kept_is_not_decided(
    reports: Desk, make_facts: Make
) -> None:
    facts = make_facts("hello")
    detection = await reports.signals.detect(facts.submission, facts.read)
    for number in range(KEPT + 1):
        fine = await reports.live.decide(_with(facts, detection))
        assert fine.verdict is Verdict.HOLD
        await reports.live.replace(reports.version(f"v{number}"), source="folder", actor="me")
    with pytest.raises(StageFailure, match="changed while"):
        await reports.live.decide(_with(facts, detection))
    assert (
        await reports.live.decide(facts)
    ).verdict is Verdict.PUBLISH  # nobody looked for phrases


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
