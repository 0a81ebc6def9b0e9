"""Describes the packs and their rules for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.policy.packs.legal import legal_rules
from gateway.policy.packs.metadata import package_metadata
from gateway.policy.packs.source import Snapshot
from gateway.policy.packs.syntax import ParsedModule, parse_module


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """One rule of a pack. `verdicts` and `obligations` are what it may ask for, `tests` how many
    tests stand beside it."""

    id: str
    pack: str
    title: str
    description: str
    verdicts: tuple[str, ...]
    obligations: tuple[str, ...]
    file: str
    tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFacts:
    name: str
    title: str
    version: str
    rules: tuple[RuleFacts, ...]


def describe(snapshot: Snapshot) -> tuple[PackFacts, ...]:
    """Packs and rules by name. Raises PolicyInvalid for a module that does not parse."""
    tests = {
        test.path: sum(rule.name.startswith("test_") for rule in parse_module(test).rules)
        for test in snapshot.tests
    }
    packs: dict[str, list[RuleFacts]] = {}
    for source in snapshot.modules:
        module = parse_module(source)
        if module.package[0] == "packs" and len(module.package) > 2:
            packs.setdefault(module.package[1], []).append(_rule_facts(module, tests))
    return tuple(
        _pack_facts(snapshot, name, tuple(sorted(rules, key=lambda rule: rule.id)))
        for name, rules in sorted(packs.items())
    )


def rule_titles(snapshot: Snapshot) -> dict[str, str]:
    """The title of each rule, by its id. Raises PolicyInvalid."""
    by_rego = {rule.id: rule.title for pack in describe(snapshot) for rule in pack.rules}
    by_law = {
        str(facts["id"]): str(facts["title"])
        for facts in legal_rules(snapshot)
        if {"id", "title"} <= facts.keys()
    }
    return by_rego | by_law


def _pack_facts(snapshot: Snapshot, name: str, rules: tuple[RuleFacts, ...]) -> PackFacts:
    data = snapshot.data.get(name)
    about = data.get("pack") if isinstance(data, Mapping) else None
    title = about.get("title", name) if isinstance(about, Mapping) else name
    return PackFacts(
        name=name,
        title=str(title),
        version=snapshot.bundle.revisions.get(name, ""),
        rules=rules,
    )


def _rule_facts(module: ParsedModule, tests: Mapping[str, int]) -> RuleFacts:
    metadata = package_metadata(module)
    custom = metadata.custom if metadata else {}
    return RuleFacts(
        id=str(custom.get("id", ".".join(module.package[1:]))),
        pack=module.package[1],
        title=metadata.title if metadata else "",
        description=metadata.description if metadata else "",
        verdicts=_text_tuple(custom.get("verdicts")),
        obligations=_text_tuple(custom.get("obligations")),
        file=module.path,
        tests=tests.get(module.path.removesuffix(".rego") + "_test.rego", 0),
    )


def _text_tuple(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
