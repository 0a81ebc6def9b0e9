from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StageFailure
from gateway.model.decision import Facts
from gateway.model.verdict import Verdict
from gateway.policy.authoring.explain import RuleFate, explain, reads_words
from gateway.policy.engine.input import InputBuilder, mask
from gateway.policy.packs.source import Snapshot, load_snapshot
from gateway.policy.packs.subset import compile_snapshot

RULE = """\
# METADATA
# title: Late
# description: Late and loud.
# custom:
#   id: shop.late
package packs.shop.late

results contains {
	"rule": "shop.late",
	"text": "Not now.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.message.channel == "dm"
	input.text.length > limit
	not input.creator.quiet
}

limit := 100

results contains {
	"rule": "shop.late",
	"text": "Not that.",
	"verdict": "block",
	"obligations": [],
} if {
	some finding in input.findings.pii
	finding.kind == "URL"
	input.message.channel == "dm"
}
"""
SnapshotOf = Callable[[Mapping[str, str]], Snapshot]


def _document(**given: Any) -> dict[str, Any]:
    return {
        "message": {"channel": "dm"},
        "text": {"length": 200, "folded": "a secret", "submitted": "a secret"},
        "creator": {"quiet": False},
        "findings": {"pii": []},
        **given,
    }


@pytest.fixture
def snapshot(snapshot_of: SnapshotOf, shop: dict[str, str]) -> Snapshot:
    return snapshot_of({**shop, "shop/late/late.rego": RULE})


def test_rules_that_fired_show_what_they_saw(snapshot: Snapshot) -> None:
    found = explain(snapshot, _document())
    assert found.result.verdict is Verdict.BLOCK
    late, word = found.of(RuleFate.FIRED)
    assert (late.rule, late.file, late.line, late.verdict) == (
        "shop.late",
        "shop/late/late.rego",
        8,
        "hold",
    )
    assert [(one.line, one.expression, one.holds) for one in late.conditions] == [
        (14, 'input.message.channel == "dm"', True),
        (15, "input.text.length > limit", True),
        (16, "not input.creator.quiet", True),
    ]
    assert late.conditions[0].facts == {"input.message.channel": '"dm"'}
    assert word.rule == "shop.word"
    assert not found.masked


def test_rules_that_nearly_fired_show_the_condition_that_did_not_hold(snapshot: Snapshot) -> None:
    found = explain(snapshot, _document(text={"length": 99, "folded": "", "submitted": ""}))
    (late,) = found.of(RuleFate.NEARLY)
    assert [one.holds for one in late.conditions] == [True, False, True]
    failing = late.conditions[1]
    assert (failing.actual, failing.operator, failing.expected) == ("99", ">", "100")
    assert failing.facts == {"input.text.length": "99"}


def test_rules_that_were_far_from_it_end_at_the_first_condition(snapshot: Snapshot) -> None:
    far = _document(message={"channel": "live"}, text={"length": 1, "folded": "", "submitted": ""})
    found = explain(snapshot, far)
    assert found.of(RuleFate.NEARLY) == ()
    assert [len(story.conditions) for story in found.of(RuleFate.NOT)] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["EMAIL_ADDRESS", "URL"])
def test_another_finding_is_not_nearly_the_one_that_is_meant(snapshot: Snapshot, kind: str) -> None:
    document = _document(findings={"pii": [{"kind": kind}]})
    fates = {story.line: story.fate for story in explain(snapshot, document).stories}
    assert fates[21] is (RuleFate.FIRED if kind == "URL" else RuleFate.NOT)


def test_a_setting_that_is_not_there_is_not_nearly_set(
    snapshot_of: SnapshotOf, shop: dict[str, str]
) -> None:
    rule = RULE.replace("not input.creator.quiet", "input.creator.loud")
    found = explain(snapshot_of({**shop, "shop/late/late.rego": rule}), _document())
    assert [story.rule for story in found.of(RuleFate.NEARLY)] == []


def test_a_masked_document_names_the_rules_that_are_blind(
    shipped: Path, make_facts: Callable[..., Facts]
) -> None:
    snapshot = load_snapshot(shipped)
    facts = make_facts("Hello @everyone")
    document = InputBuilder().build(facts)
    assert not explain(snapshot, document).blind
    found = explain(snapshot, mask(document))
    assert found.masked
    assert "platform.mentions" in found.blind
    assert "creator.brands" not in found.blind


def test_words_are_read_through_helpers_too(snapshot_of: SnapshotOf, shop: dict[str, str]) -> None:
    shop["lib/words.rego"] = "package lib.words\n\nloud if input.text.submitted\n"
    shop["shop/late/late.rego"] = (
        "package packs.shop.late\n\nimport data.lib.words\n\nresults contains 1 if words.loud\n"
    )
    modules = compile_snapshot(snapshot_of(shop))
    assert reads_words(modules) == {"shop.word", "shop.late"}


def test_what_cannot_be_decided_cannot_be_explained(
    snapshot_of: SnapshotOf, shop: dict[str, str]
) -> None:
    shop["main.rego"] = "package gateway\n\ndecision := 1 if input.x\n"
    with pytest.raises(StageFailure):
        explain(snapshot_of(shop), _document())
