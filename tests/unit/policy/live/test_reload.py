from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, InvalidField, NotRecorded
from gateway.model.record import Change
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.live.live_policies import LivePolicies
from gateway.policy.live.reload import BUNDLE, FOLDER, PolicySource, Reloader
from gateway.policy.packs.bundles import pack
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey
from gateway.policy.packs.source import read_folder
from gateway.text.reader import TextReader
from tests.bundle_keys import key_pair

Write = Callable[[Mapping[str, str]], Path]


class Place:
    def __init__(self, folder: Path, reader: TextReader) -> None:
        self.folder = folder
        self.private, public = key_pair()
        self.bundle = folder.parent / "policies.tar.gz"
        self.source = PolicySource(
            folder=folder, bundle=self.bundle, key=BundleVerificationKey(public)
        )
        self.noted: list[Change] = []
        snapshot, name = self.source.read()
        self.live = LivePolicies(
            snapshot=snapshot,
            read=reader,
            make=lambda given: EmbeddedEngine(snapshot=given),
            note=self.note,
            now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
            source=name,
        )
        self.reloader = Reloader(live=self.live, source=self.source)

    async def note(self, change: Change) -> None:
        self.noted.append(change)

    def packed(self) -> bytes:
        return pack(read_folder(self.folder), key=BundleSigningKey(self.private))

    def forbid(self, text: str) -> None:
        (self.folder / "shop/word/data.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
async def place(write: Write, shop: dict[str, str], reader: TextReader) -> AsyncIterator[Place]:
    made = Place(write(shop), reader)
    await made.live.warm()
    yield made
    await made.live.close()


async def test_an_edited_file_counts_and_a_broken_one_does_not(place: Place) -> None:
    first = place.live.bundle.digest
    await place.reloader.look()
    assert place.noted == []
    place.forbid("forbidden: goodbye\n")
    await place.reloader.look()
    second = place.live.bundle.digest
    assert second != first
    place.forbid("forbidden: [\n")
    await place.reloader.look()
    await place.reloader.look()  # told once
    refused = place.reloader.status.refused
    assert refused is not None
    assert (refused.file, refused.line) == ("shop/word/data.yaml", 2)
    assert place.live.bundle.digest == second
    place.forbid("forbidden: secret\n")
    await place.reloader.look()
    assert place.live.bundle.digest == first
    assert place.reloader.status.refused is None
    assert [one.after for one in place.noted] == [second, second, first]
    assert {one.actor for one in place.noted} == {"policies folder"}


async def test_what_could_not_be_noted_is_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_: Change) -> None:
        raise NotRecorded("full")

    monkeypatch.setattr(place.live, "_note", full)
    first = place.live.bundle.digest
    place.forbid("forbidden: goodbye\n")
    await place.reloader.look()
    assert place.live.bundle.digest == first
    monkeypatch.setattr(place.live, "_note", place.note)
    await place.reloader.look()
    assert place.live.bundle.digest != first


async def test_a_pushed_bundle_decides_and_lasts(place: Place, reader: TextReader) -> None:
    first = place.live.bundle.digest
    place.forbid("forbidden: goodbye\n")
    content = place.packed()
    place.forbid("forbidden: secret\n")
    bundle = await place.reloader.push(content, actor="key")
    assert bundle.digest == place.live.bundle.digest != first
    assert place.reloader.status.source == BUNDLE
    await place.reloader.look()  # finds what was pushed
    assert [one.actor for one in place.noted] == ["key"]
    snapshot, name = place.source.read()
    assert (snapshot.bundle.digest, name) == (bundle.digest, BUNDLE)
    await place.reloader.withdraw(actor="key")
    assert place.live.bundle.digest == first
    assert not place.bundle.exists()
    assert place.source.name == FOLDER


async def test_a_bad_bundle_is_refused_and_leaves_no_trace(place: Place) -> None:
    first = place.live.bundle.digest
    (place.folder / "shop/word/word.rego").write_text("package packs.shop.word\n\nno {")
    for content, wrong in (
        (place.packed(), r"word\.rego:3:"),
        (b"rubbish", "no tar.gz"),
        (pack(read_folder(place.folder), key=None), "not signed"),
        (pack(read_folder(place.folder), key=BundleSigningKey(key_pair()[0])), "does not verify"),
    ):
        with pytest.raises(InvalidField, match=wrong):
            await place.reloader.push(content, actor="key")
    assert place.live.bundle.digest == first
    assert not place.bundle.exists()
    assert place.reloader.status.refusals == 4
    with pytest.raises(InvalidField, match="word"):
        await place.reloader.withdraw(actor="key")


async def test_without_a_key_no_bundle_is_taken(place: Place) -> None:
    keyless = PolicySource(folder=place.folder, bundle=place.bundle, key=None)
    reports = Reloader(live=place.live, source=keyless)
    with pytest.raises(InvalidField, match="policies_bundle_key"):
        await reports.push(place.packed(), actor="key")
    place.bundle.write_bytes(place.packed())
    with pytest.raises(ConfigurationError, match="policies_bundle_key"):
        keyless.read()
