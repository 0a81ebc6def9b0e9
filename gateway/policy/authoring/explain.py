"""Why the policies decided as they did about one document: the rules that fired, what they read,
and the rules that nearly fired.

Each rule of a pack is evaluated condition by condition. A rule nearly fired if it would have fired
without one of its conditions, unless that condition is about a finding or setting that is absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.policy.authoring.testing import Probes, comparison, source_text
from gateway.policy.engine.embedded import DECISION_PATH
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.engine.result import EngineResult, parse_json
from gateway.policy.packs.metadata import package_metadata
from gateway.policy.packs.source import Snapshot
from gateway.policy.packs.subset import compile_snapshot
from gateway.policy.packs.syntax import ParsedModule, RegoRule

MAX_VALUE = 120  # characters of a value that is shown: one line of a terminal

_ABOUT = re.compile(r"\.(?:list|kind) == \"")
WORDS = ("submitted", "normalised", "folded", "lower")
"""Fields of `input.text` that hold the words of the message."""


class RuleFate(StrEnum):
    FIRED = "fired"
    NEARLY = "nearly"
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a rule. `facts` maps the parts of the input document that it names to
    their values (JSON, cut short); for a comparison that does not hold, what its sides were."""

    line: int
    expression: str
    holds: bool
    facts: Mapping[str, str]
    actual: str | None = None
    operator: str | None = None
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """The result of one rule, written at `file`:`line`. Conditions after the first that does not
    hold are left out, unless the rule nearly fired."""

    rule: str
    file: str
    line: int
    fate: RuleFate
    verdict: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why the policies decided as they did about one document.

    `masked`: the document holds no words, so that rules that read words could not see them:
    `blind` names those rules.
    """

    result: EngineResult
    stories: tuple[RuleTrace, ...]
    masked: bool
    blind: tuple[str, ...]

    def of(self, fate: RuleFate) -> tuple[RuleTrace, ...]:
        return tuple(story for story in self.stories if story.fate is fate)


def explain(snapshot: Snapshot, document: Mapping[str, Any]) -> Explanation:
    """Explain what the policies decide about `document`. Raises PolicyInvalid for policies, and
    StageFailure for a document, that cannot be used."""
    modules = compile_snapshot(snapshot)
    evaluator = Evaluator(snapshot)
    text = json.dumps(document)
    try:
        result = parse_json(evaluator.evaluate(text, DECISION_PATH))
        stories = [
            _trace_rule(evaluator, module, rule, document, text)
            for module in modules
            if module.package[0] == "packs"
            for rule in module.rules
            if rule.name == "results" and rule.is_set
        ]
    finally:
        evaluator.close()
    masked = document.get("text", {}).get("submitted") is None
    return Explanation(
        result=result,
        stories=tuple(stories),
        masked=masked,
        blind=tuple(sorted(reads_words(modules))) if masked else (),
    )


def reads_words(modules: Sequence[ParsedModule]) -> frozenset[str]:
    """The ids of rules that read words of the message, directly or through a helper. A masked
    document has no words."""
    reading = {module.package for module in modules if any(map(_mentions_words, module.rules))}
    grown = True
    while grown:
        more = {module.package for module in modules if _uses_packages(module, reading)} - reading
        reading |= more
        grown = bool(more)
    return frozenset(
        rule_id(module)
        for module in modules
        if module.package in reading and module.package[0] == "packs"
    )


def rule_id(module: ParsedModule) -> str:
    """The id by which decisions name the rule of `module`."""
    metadata = package_metadata(module)
    given = metadata.custom.get("id") if metadata else None
    return str(given or ".".join(module.package[1:]))


def _mentions_words(rule: RegoRule) -> bool:
    for reference in rule.references:
        path = reference.path
        if path[:2] == ("input", "text") and (len(path) < 3 or path[2] in (*WORDS, None)):
            return True
        if path[:2] == ("input", "human") and (len(path) < 3 or path[2] in ("text", None)):
            return True
        if path == ("input",):
            return True
    return False


def _uses_packages(module: ParsedModule, packages: set[tuple[str, ...]]) -> bool:
    for rule in module.rules:
        for reference in (*rule.calls, *rule.references):
            path = module.resolve(reference.path)
            if path[0] == "data" and any(
                path[1 : len(package) + 1] == package for package in packages
            ):
                return module.package[0] != "gateway"
    return False


def _trace_rule(
    evaluator: Evaluator,
    module: ParsedModule,
    rule: RegoRule,
    document: Mapping[str, Any],
    text: str,
) -> RuleTrace:
    source = module.text.encode("utf-8")
    bodies = rule.tree.get("Spec", {}).get("bodies") or []
    statements = bodies[0]["query"]["stmts"] if len(bodies) == 1 else []
    probes = Probes(evaluator, module, source, statements, text)
    failing = _first_failing(probes, len(statements))

    def describe_first(count: int) -> tuple[Condition, ...]:
        return tuple(
            _describe_condition(
                probes, source, rule, (index, tree), document=document, holds=index != failing
            )
            for index, tree in enumerate(statements[:count])
        )

    fate, conditions = RuleFate.FIRED, describe_first(len(statements))
    if failing is not None:
        near = len(statements) > 1 and not _selects_subject(statements[failing], source)
        facts = conditions[failing].facts.values()
        near = near and (not facts or set(facts) != {"null"}) and probes.holds_without(failing)
        fate = RuleFate.NEARLY if near else RuleFate.NOT
        conditions = conditions if near else conditions[: failing + 1]
    return RuleTrace(
        rule=rule_id(module),
        file=module.path,
        line=rule.line,
        fate=fate,
        verdict=_verdict_of(rule, source),
        conditions=conditions,
    )


def _first_failing(probes: Probes, count: int) -> int | None:
    """Index of the first statement that does not hold; None if all hold. Found by bisection: if the
    first n statements hold together, so do fewer of them."""
    if count == 0 or probes.holds(count):
        return None
    low, high = 0, count - 1
    while low < high:
        middle = (low + high) // 2
        if probes.holds(middle + 1):
            low = middle + 1
        else:
            high = middle
    return low


def _selects_subject(statement: Mapping[str, Any], source: bytes) -> bool:
    """Whether `statement` declares a name that others may need, or selects the finding that the
    rule is about: without it the rule would be about any other finding."""
    literal = statement["literal"]
    if {"SomeIn", "SomeVars"} & literal.keys():
        return True
    if "AssignExpr" in literal.get("Expr", {}).get("expr", {}):
        return True
    return _ABOUT.search(source_text(source, statement)) is not None


def _describe_condition(
    probes: Probes,
    source: bytes,
    rule: RegoRule,
    statement: tuple[int, Mapping[str, Any]],
    *,
    document: Mapping[str, Any],
    holds: bool,
) -> Condition:
    index, tree = statement
    operator, left, right = comparison(tree)
    shown = not holds and operator is not None
    return Condition(
        line=tree["span"]["line"],
        expression=source_text(source, tree),
        holds=holds,
        facts=dict(_input_facts(rule, tree["span"], document)),
        actual=_shorten_value(probes.value(index, left, tree)) if shown and left else None,
        operator=operator if shown else None,
        expected=_shorten_value(probes.value(index, right, tree)) if shown and right else None,
    )


def _input_facts(
    rule: RegoRule, span: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield path and JSON of every part of the document that the line of `span` names."""
    last = span["line"]
    for reference in rule.references:
        if reference.path[0] != "input" or reference.line != last:
            continue
        node: Any = document
        walked = ["input"]
        for segment in reference.path[1:]:
            if segment is None or not isinstance(node, Mapping) or segment not in node:
                if segment is not None:
                    node = None
                    walked.append(segment)
                break
            node = node[segment]
            walked.append(segment)
        yield ".".join(walked), _shorten_value(json.dumps(node, ensure_ascii=False))


def _verdict_of(rule: RegoRule, source: bytes) -> str:
    """The verdict that the head of `rule` names; "" when it is computed."""
    head = source[rule.start : rule.end].decode("utf-8", "replace")
    for verdict in ("publish", "hold", "block"):
        if f'"verdict": "{verdict}"' in head:
            return verdict
    return ""


def _shorten_value(value: str) -> str:
    return value if len(value) <= MAX_VALUE else f"{value[:MAX_VALUE]}…"
