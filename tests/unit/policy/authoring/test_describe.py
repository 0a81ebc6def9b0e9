from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.policy.authoring.describe import describe, rule_titles
from gateway.policy.packs.source import Snapshot, load_snapshot


def test_packs_and_rules(shop_snapshot: Snapshot) -> None:
    (pack,) = describe(shop_snapshot)
    assert (pack.name, pack.title, pack.version) == ("shop", "Shop", "1.2.0")
    (rule,) = pack.rules
    assert (rule.id, rule.title, rule.verdicts, rule.obligations, rule.tests) == (
        "shop.word",
        "Forbidden word",
        ("block",),
        (),
        2,
    )


def test_packs_that_say_nothing_of_themselves(
    snapshot_of: Callable[[Mapping[str, str]], Snapshot],
) -> None:
    (pack,) = describe(snapshot_of({"p/r/r.rego": "package packs.p.r\n\nresults := set()\n"}))
    assert (pack.title, pack.version, pack.rules[0].id) == ("p", "", "p.r")


def test_every_shipped_rule_says_what_it_is(shipped: Path) -> None:
    packs = describe(load_snapshot(shipped))
    assert {pack.name for pack in packs} >= {"baseline", "creator", "legal", "platform"}
    for pack in packs:
        assert pack.version
        for rule in pack.rules:
            assert rule.title
            assert rule.verdicts
            assert rule.tests


def test_titles_of_rules_and_of_laws(shipped: Path) -> None:
    titles = rule_titles(load_snapshot(shipped))
    assert titles["creator.promise"] == "Promises and appointments in the creator's name"
    assert titles["eu.aia.50.1"] == "Tell people that they talk to an AI"
