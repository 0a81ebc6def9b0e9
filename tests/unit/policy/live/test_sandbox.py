from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from gateway.model.decision import Bundle, Decision, Facts
from gateway.model.verdict import Verdict
from gateway.policy.engine.input import InputBuilder
from gateway.policy.live.replay import read_frame, write_frame
from gateway.policy.live.sandbox import REST_S, CreatorRuleSandbox, SandboxWorker, serve
from tests.unit.policy.packs.test_creator_rules import RULES

Make = Callable[..., Facts]
SLOW = """\
package creator.lea

results contains {"rule": "slow", "text": "Slow.", "verdict": "hold"} if {
	some a in input.findings.pii
	some b in input.findings.pii
	some c in input.findings.pii
	some d in input.findings.pii
	a.start + b.start + c.start + d.start == 7
}
"""


def _decision(facts: Facts) -> Decision:
    return Decision(
        verdict=Verdict.PUBLISH,
        reasons=(),
        obligations=(),
        bundle=Bundle(digest="d", revisions={}),
        engine="e",
        path="p",
        document=InputBuilder().build(facts),
        masked={},
    )


@pytest.fixture
async def sandbox() -> AsyncIterator[CreatorRuleSandbox]:
    made = CreatorRuleSandbox(deadline_s=600)
    yield made
    await made.close()


async def test_creators_rules_tighten_their_own_messages(
    sandbox: CreatorRuleSandbox, make_facts: Make
) -> None:
    without = make_facts("hi")
    assert await sandbox.tighten(_decision(without), without) == _decision(without)
    assert sandbox._process is None  # nothing runs for nobody
    facts = make_facts("hi", settings={"rego": RULES})
    assert "rego" not in _decision(facts).document["creator"]
    after = await sandbox.tighten(_decision(facts), facts)
    assert after.verdict is Verdict.HOLD
    assert [one.rule for one in after.reasons] == ["creator.lea.no_mornings"]
    long = make_facts("x" * 600, settings={"rego": RULES})
    assert (await sandbox.tighten(_decision(long), long)).verdict is Verdict.BLOCK
    other = make_facts("y" * 60, settings={"rego": RULES})
    assert (await sandbox.tighten(_decision(other), other)).verdict is Verdict.PUBLISH


async def test_rules_that_fail_hold_this_creator_alone(
    sandbox: CreatorRuleSandbox, make_facts: Make
) -> None:
    bad = RULES.replace("length < 50", 'contains(length, "x")')
    for broken in ("package x", bad):
        facts = make_facts("hi", settings={"rego": broken})
        after = await sandbox.tighten(_decision(facts), facts)
        assert after.verdict is Verdict.HOLD
        assert "own rules failed" in after.reasons[0].text
    fine = make_facts("hi", settings={"rego": RULES})
    assert (await sandbox.tighten(_decision(fine), fine)).reasons[0].rule.endswith("no_mornings")


async def test_rules_that_take_too_long_are_ended_and_rest(make_facts: Make) -> None:
    now = [0.0]
    sandbox = CreatorRuleSandbox(deadline_s=0.5, clock=lambda: now[0])
    facts = make_facts("hi", settings={"rego": SLOW})
    document = _decision(facts)
    document.document["findings"]["pii"] = [{"start": n} for n in range(900)]
    after = await sandbox.tighten(document, facts)
    assert after.verdict is Verdict.HOLD
    assert "took too long" in after.reasons[0].text
    assert sandbox._process is None
    again = await sandbox.tighten(document, facts)
    assert "rest for a while" in again.reasons[0].text
    now[0] += REST_S + 1
    few = replace(document, document={**document.document, "findings": {"pii": []}})
    sandbox._deadline_s = 600
    assert (await sandbox.tighten(few, facts)).verdict is Verdict.PUBLISH
    await sandbox.close()


async def test_a_process_that_died_is_started_again(
    sandbox: CreatorRuleSandbox, make_facts: Make
) -> None:
    facts = make_facts("hi", settings={"rego": RULES})
    await sandbox.tighten(_decision(facts), facts)
    assert sandbox._process is not None
    sandbox._process.kill()
    sandbox._process.wait()
    after = await sandbox.tighten(_decision(facts), facts)
    assert "ended with their process" in after.reasons[0].text
    assert (await sandbox.tighten(_decision(facts), facts)).reasons[0].rule.endswith("mornings")


def test_what_the_process_does() -> None:
    document = json.dumps({"message": {"channel": "dm"}, "text": {"length": 1}}).encode()
    path = b"data.creator.lea.results"
    runner = SandboxWorker()
    (answer,) = runner.answer(path, RULES.encode(), document)
    assert [one["rule"] for one in json.loads(answer)] == ["no_mornings"]
    assert runner.answer(path, RULES.encode(), b"no JSON") == []
    assert runner.answer(path, b"package creator.lea\n\nx {", document) == []
    assert runner.answer(b"data.creator.lea.nothing", RULES.encode(), document) == []
    into, out = io.BytesIO(), io.BytesIO()
    write_frame(into, [])
    write_frame(into, [path, RULES.encode(), document])
    into.seek(0)
    serve(into, out)
    out.seek(0)
    assert read_frame(out) == []
    assert read_frame(out) == [answer]
