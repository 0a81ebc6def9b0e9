from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import PolicyInvalid
from gateway.model.decision import Facts
from gateway.model.verdict import Verdict
from gateway.policy.embedded import EmbeddedEngine
from gateway.policy.reload import reload
from gateway.policy.signals import SignalDetector
from gateway.policy.source import load_snapshot
from gateway.text.reader import Reader

Write = Callable[[Mapping[str, str]], Path]
PHRASES = "list: shop.word\nin: [text]\nlanguages: {en: [%s]}\n"


async def test_changed_policies_are_taken_into_use(
    write: Write, shop: dict[str, str], reader: Reader, make_facts: Callable[..., Facts]
) -> None:
    shop["shop/word/word.phrases.yaml"] = PHRASES % "hello"
    snapshot = load_snapshot(write(shop))
    engine = EmbeddedEngine(snapshot=snapshot)
    await engine.warm()
    signals = SignalDetector(phrases=snapshot.phrases, read=reader)
    facts = make_facts("hello goodbye")

    async def seen() -> tuple[Verdict, list[str]]:
        detection = await signals.detect(facts.submission, facts.read)
        return (await engine.decide(facts)).verdict, [one.source for one in detection.findings]

    assert await seen() == (Verdict.PUBLISH, ["en:hello"])

    shop["shop/word/data.yaml"] = "forbidden: goodbye\n"
    shop["shop/word/word.phrases.yaml"] = PHRASES % "goodbye"
    bundle = await reload(write(shop), engine=engine, signals=signals)
    assert bundle == engine.bundle != snapshot.bundle
    assert await seen() == (Verdict.BLOCK, ["en:goodbye"])

    shop["shop/word/word.phrases.yaml"] = PHRASES % "nothing"
    for broken in (
        {"main.rego": "package gateway\n\nx := {"},
        {"shop/word/data.yaml": "forbidden: no\n"},
        {"shop/word/word.phrases.yaml": PHRASES % "(a"},
    ):
        with pytest.raises(PolicyInvalid):
            await reload(write(shop | broken), engine=engine, signals=signals)
        assert engine.bundle == bundle
        assert await seen() == (Verdict.BLOCK, ["en:goodbye"])
