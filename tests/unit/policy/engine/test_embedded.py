from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from gateway.errors import PolicyInvalid, StageFailure, StageUndefined
from gateway.model.decision import Facts
from gateway.model.verdict import Verdict
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.packs.source import Snapshot

Of = Callable[[Mapping[str, str]], Snapshot]
Make = Callable[..., Facts]


@pytest.fixture
async def engine(shop_snapshot: Snapshot) -> AsyncIterator[EmbeddedEngine]:
    made = EmbeddedEngine(snapshot=shop_snapshot)
    await made.warm()
    yield made
    await made.close()


async def test_it_decides(engine: EmbeddedEngine, make_facts: Make) -> None:
    decision = await engine.decide(make_facts("This is a secret."))
    assert decision.verdict is Verdict.BLOCK
    assert [reason.rule for reason in decision.reasons] == ["shop.word"]
    assert decision.engine.startswith("regorus 0.")
    assert decision.bundle == engine.bundle
    assert decision.document["text"]["submitted"] == "This is a secret."
    assert "secret" not in str(decision.masked)


async def test_decisions_at_once_do_not_mix(engine: EmbeddedEngine, make_facts: Make) -> None:
    texts = ["a secret" if number % 3 == 0 else "a day" for number in range(30)]
    decisions = await asyncio.gather(*(engine.decide(make_facts(text)) for text in texts))
    assert [one.verdict for one in decisions] == [
        Verdict.BLOCK if "secret" in text else Verdict.PUBLISH for text in texts
    ]


async def test_each_engine_decides_by_its_own_policies(
    engine: EmbeddedEngine, snapshot_of: Of, shop: dict[str, str], make_facts: Make
) -> None:
    shop["shop/word/data.yaml"] = "forbidden: stream\n"
    newer = EmbeddedEngine(snapshot=snapshot_of(shop))
    await newer.warm()
    assert newer.bundle != engine.bundle
    assert (await newer.decide(make_facts("the stream"))).verdict is Verdict.BLOCK
    assert (await newer.decide(make_facts("a secret"))).verdict is Verdict.PUBLISH
    assert (await engine.decide(make_facts("a secret"))).verdict is Verdict.BLOCK
    await newer.close()


@pytest.mark.parametrize("text", ["package packs.shop.word\n\nx if {", "package a\n\nf(x) := f(x)"])
async def test_bad_policies_are_refused_and_touch_no_other_engine(
    engine: EmbeddedEngine, snapshot_of: Of, shop: dict[str, str], make_facts: Make, text: str
) -> None:
    before = engine.bundle
    shop["shop/word/word.rego"] = text
    with pytest.raises(PolicyInvalid):
        await EmbeddedEngine(snapshot=snapshot_of(shop)).warm()
    assert engine.bundle is before
    assert (await engine.decide(make_facts("a secret"))).verdict is Verdict.BLOCK


async def test_it_decides_only_while_it_is_warm(shop_snapshot: Snapshot, make_facts: Make) -> None:
    engine = EmbeddedEngine(snapshot=shop_snapshot)
    with pytest.raises(StageFailure, match="not warm"):
        await engine.decide(make_facts("fine"))
    await engine.warm()
    await engine.close()
    with pytest.raises(StageFailure, match="not warm"):
        await engine.decide(make_facts("fine"))


@pytest.mark.parametrize(
    ("decision", "failure"),
    [
        ('decision := {"verdict": "publish"} if input.nothing', StageUndefined),
        ('decision := {"verdict": "publish"}', StageUndefined),
        ('decision := "publish"', StageUndefined),
        (
            'decision := {"verdict": "publish", "reasons": [], "obligations": [1 * input.text]}',
            StageFailure,
        ),
    ],
)
async def test_no_decision_is_never_publish(
    snapshot_of: Of, make_facts: Make, decision: str, failure: type[StageFailure]
) -> None:
    engine = EmbeddedEngine(snapshot=snapshot_of({"main.rego": f"package gateway\n\n{decision}\n"}))
    await engine.warm()
    with pytest.raises(failure):
        await engine.decide(make_facts("fine"))
    await engine.close()


async def test_half_a_character_is_a_failure(engine: EmbeddedEngine, make_facts: Make) -> None:
    facts = make_facts("fine", avatar="\ud83d")
    with pytest.raises(StageFailure, match="JSON"):
        await engine.decide(facts)
