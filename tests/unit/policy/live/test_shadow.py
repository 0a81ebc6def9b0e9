from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.model.decision import Decision, Facts
from gateway.model.record import Change
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.live.live_policies import LivePolicies
from gateway.policy.live.shadow import WAITING, Shadow
from gateway.policy.packs.source import load_snapshot, read_folder
from gateway.text.reader import TextReader
from tests.patience import PATIENCE_S

Write = Callable[[Mapping[str, str]], Path]
Make = Callable[..., Facts]
RULE = """\
# METADATA
# title: Hello
# custom:
#   id: trial.hello
package packs.trial.hello

results contains {"rule": "trial.hello", "text": "No.", "verdict": "hold", "obligations": []} if {
	some signal in input.findings.signals
	signal.list == "trial.hello"
}
"""
PHRASES = "list: trial.hello\nin: [text]\nlanguages: {en: [hello]}\n"


class Place:
    def __init__(self, base: Path, folder: Path, reader: TextReader) -> None:
        self.noted: list[Change] = []
        self.told = asyncio.Event()
        self.base, self.folder = base, folder
        self.shadow = Shadow(
            folder=folder, note=self.note, now=lambda: datetime(2026, 11, 22, tzinfo=UTC)
        )
        snapshot = load_snapshot(base)
        self.live = LivePolicies(
            snapshot=snapshot,
            read=reader,
            make=lambda given: EmbeddedEngine(snapshot=given),
            note=self.note,
            now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
            shadow=self.shadow,
        )

    async def note(self, change: Change) -> None:
        self.noted.append(change)
        self.told.set()

    async def decide(self, facts: Facts) -> Decision:
        with self.live.current() as policies:
            return await policies.decide(facts)

    async def refresh(self) -> None:
        await self.shadow.refresh(lambda: read_folder(self.base), self.live.bundle.digest)


@pytest.fixture
async def place(
    write: Write, shop: dict[str, str], tmp_path: Path, reader: TextReader
) -> AsyncIterator[Place]:
    folder = tmp_path / "shadow"
    (folder / "trial/hello").mkdir(parents=True)
    (folder / "trial/data.yaml").write_text("pack: {title: Trial, version: 1}\n", encoding="utf-8")
    (folder / "trial/hello/hello.rego").write_text(RULE, encoding="utf-8")
    (folder / "trial/hello/hello.phrases.yaml").write_text(PHRASES, encoding="utf-8")
    made = Place(write(shop), folder, reader)
    await made.live.warm()
    yield made
    await made.shadow.close()
    await made.live.close()


async def test_what_it_would_decide_is_recorded_and_not_applied(
    place: Place, make_facts: Make
) -> None:
    await place.decide(make_facts("hello"))
    await place.shadow.settle()
    assert place.noted == []  # nothing in the shadow yet
    await place.refresh()
    digest = place.shadow.status.digest
    assert digest not in ("", place.live.bundle.digest)
    for text in ("hello", "good day"):
        facts = make_facts(text)
        assert (await place.decide(facts)).reasons == ()
    await place.shadow.settle()
    (change,) = place.noted
    assert (change.what, change.actor, change.tenant) == ("shadow", "shadow", "studio")
    assert (change.before, change.after) == (place.live.bundle.digest, digest)
    assert (change.detail["applied"], change.detail["shadow"]) == ("publish", "hold")
    assert change.detail["fired"] == ["trial.hello"]
    assert "hello" not in {value for value in change.detail.values() if isinstance(value, str)}
    status = place.shadow.status
    assert (status.same, status.differ, status.failed, status.left_out) == (1, 1, 0, 0)


async def test_changed_policies_in_the_shadow_are_taken_and_bad_ones_told(place: Place) -> None:
    await place.refresh()
    first = place.shadow.status.digest
    rule = place.folder / "trial/hello/hello.rego"
    rule.write_text(RULE.replace("hold", "block"), encoding="utf-8")
    await place.refresh()
    assert place.shadow.status.digest not in ("", first)
    rule.write_text("package packs.trial.hello\n\nno {", encoding="utf-8")
    await place.refresh()
    assert place.shadow.status.digest == ""
    assert "hello.rego:3" in place.shadow.status.problem


async def test_it_is_never_waited_for(place: Place, make_facts: Make) -> None:
    await place.refresh()
    facts = make_facts("hello")
    decision = await place.decide(facts)
    for _ in range(WAITING + 5):
        place.shadow.offer(facts, decision)
    assert place.shadow.status.left_out == 6


async def test_a_process_that_died_is_started_again(place: Place, make_facts: Make) -> None:
    await place.refresh()
    replayer = place.shadow._replayer
    assert replayer is not None
    replayer._process.kill()
    replayer._process.wait()
    await place.decide(make_facts("hello"))
    await place.shadow.settle()
    assert place.shadow.status.failed == 1
    assert place.shadow.status.digest == ""
    await place.refresh()
    running = asyncio.create_task(place.shadow.run())
    await place.decide(make_facts("hello"))
    async with asyncio.timeout(PATIENCE_S):
        await place.told.wait()
    running.cancel()
