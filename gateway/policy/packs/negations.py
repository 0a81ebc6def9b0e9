"""Negated calls that the two engines answer differently when an argument is undefined.

OPA evaluates the arguments before the negation, so `not f(input.x)` is undefined (the rule stays
silent) where `input.x` is missing; the embedded engine says true. A missing value must mean the
same to both: what a negated call is given has to be certain to be there. Measured between
regorus 0.13 and OPA 1.22; bare comparisons (`not input.x == 1`) agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gateway.errors import PolicyInvalid
from gateway.policy.packs.syntax import (
    ParsedModule,
    Path,
    RegoRule,
    flatten,
    outer_references,
    walk,
    written,
)

ALWAYS = frozenset(
    {
        *("input", "input.now", "input.occasions", "input.media", "input.unavailable"),
        *("input.message", "input.message.id", "input.message.tenant", "input.message.channel"),
        *("input.message.route", "input.message.language", "input.message.dry_run"),
        *("input.message.conversation", "input.message.avatar"),
        *("input.text", "input.text.submitted", "input.text.normalised", "input.text.folded"),
        *("input.text.lower", "input.text.shouted", "input.text.length"),
        *("input.human", "input.human.present", "input.human.text"),
        *("input.audience", "input.audience.known", "input.audience.minor"),
        *("input.audience.jurisdictions", "input.audience.places"),
        *("input.creator", "input.creator.id", "input.creator.quiet", "input.creator.companion"),
        *("input.commercial", "input.commercial.paid_partnership", "input.commercial.brand"),
        *("input.generator", "input.generator.provider", "input.generator.model"),
        *("input.generator.upstream_marking", "input.generator.upstream_marking.type"),
        "input.generator.upstream_marking.verifier",
        "input.generator.upstream_marking.result",
        *("input.editorial", "input.editorial.public_interest", "input.editorial.reviewed_by"),
        "input.editorial.editor",
        *("input.findings", "input.findings.pii", "input.findings.signals"),
        *("input.findings.changes", "input.findings.terms"),
        *("input.contact", "input.contact.first", "input.contact.since_first_s"),
        *("input.contact.gap_s", "input.contact.disclosed_s", "input.contact.since_s"),
        *("input.contact.since_s.each", "input.contact.since_s.start"),
        *("input.contact.since_s.told", "input.contact.since_s.ai"),
        *("input.contact.since_s.ai_public", "input.contact.since_s.take_a_break"),
        "input.contact.since_s.gap",
        *("input.route", "input.route.max_length", "input.route.unit", "input.route.c2pa"),
    }
)
"""Fields that every input document has: those that policies/schemas/input.schema.json requires."""

_MEND = (
    "State it on a line before, use object.get with a default, or hand over what it is in and let "
    "the function look it up."
)
Rules = Mapping[tuple[str, ...], Sequence[RegoRule]]


def negation_problems(
    module: ParsedModule, rule: RegoRule, rules: Rules
) -> Iterator[PolicyInvalid]:
    """Yield the negated calls of `rule` whose arguments may be undefined. `rules` are those of all
    modules, by package and name."""
    yield from _undefined_in_queries(module, rule.tree, frozenset(), rules)


def _undefined_in_queries(
    module: ParsedModule, tree: Any, stated: frozenset[str], rules: Rules
) -> Iterator[PolicyInvalid]:
    """Yield the problems below `tree`. `stated` are the references that earlier statements need to
    be defined."""
    if isinstance(tree, list):
        for item in tree:
            yield from _undefined_in_queries(module, item, stated, rules)
    elif isinstance(tree, dict) and "stmts" in tree:
        for statement in tree["stmts"]:
            literal = statement["literal"]
            if "NotExpr" in literal:
                yield from _undefined_in_negation(module, literal["NotExpr"]["expr"], stated, rules)
            else:
                yield from _undefined_in_queries(module, literal, stated, rules)
                needed = outer_references(_without_branches(literal, _is_query))
                stated |= {_source_of(module, node) for node in needed}
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from _undefined_in_queries(module, item, stated, rules)


def _undefined_in_negation(
    module: ParsedModule, expression: Mapping[str, Any], stated: frozenset[str], rules: Rules
) -> Iterator[PolicyInvalid]:
    for given in _call_arguments(expression):
        for node in (
            *outer_references(_without_branches(given, _is_inner)),
            *_partial_calls(module, given, rules),
        ):
            name = _source_of(module, node)
            if not _is_always_there(module, node, name, stated, rules):
                ((_, body),) = node.items()
                yield PolicyInvalid(
                    module.path,
                    f"where {name} is undefined, engines differ on this `not`",
                    _MEND,
                    line=body["span"]["line"],
                    column=body["span"]["col"],
                )


def _call_arguments(expression: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the arguments of each call in a negated expression."""
    for kind, body in walk(expression):
        if kind == "Call" and flatten(body["fcn"]) != ("object", "get"):
            yield body["params"]
        elif kind == "Membership":
            yield [body["key"], body["value"], body["collection"]]


def _partial_calls(module: ParsedModule, given: Any, rules: Rules) -> Iterator[Mapping[str, Any]]:
    """Yield calls of the packs' own functions that may be undefined."""
    for kind, body in walk(_without_branches(given, lambda kind: kind.endswith("Compr"))):
        if kind == "Call":
            path = module.resolve(flatten(body["fcn"]))
            whole = path[1:] if path[0] == "data" else (*module.package, *path)
            candidates = rules.get(tuple(map(str, whole)))
            if candidates is not None and not any(map(_is_total, candidates)):
                yield {kind: body}


def _without_branches(tree: Any, away: Callable[[str], bool]) -> Any:
    """`tree` without the branches whose keys are `away`."""
    if isinstance(tree, list):
        return [_without_branches(item, away) for item in tree]
    if isinstance(tree, dict):
        return {key: _without_branches(item, away) for key, item in tree.items() if not away(key)}
    return tree


def _is_query(kind: str) -> bool:
    return kind == "query" or kind.endswith("Compr")


def _is_inner(kind: str) -> bool:
    return kind == "Call" or kind.endswith("Compr")


def _source_of(module: ParsedModule, node: Mapping[str, Any]) -> str:
    ((_, body),) = node.items()
    return written(module.text, body["span"])


def _is_always_there(
    module: ParsedModule,
    node: Mapping[str, Any],
    name: str,
    stated: frozenset[str],
    rules: Rules,
) -> bool:
    if any(item == name or item.startswith((f"{name}.", f"{name}[")) for item in stated):
        return True
    if "Call" in node:
        return False
    path = module.resolve(flatten(node))
    if path[0] == "input":
        return ".".join(segment or "?" for segment in path) in ALWAYS
    if path[0] == "data":
        return None not in path and _always_defined(path[1:], rules)
    if (*module.package, path[0]) in rules:
        return _always_defined((*module.package, *path), rules)
    return len(path) == 1  # a local variable


def _always_defined(path: Path, rules: Rules) -> bool:
    """Whether `path` is a set, has a default or is a constant. A path without a rule is data, which
    is always there."""
    for length in range(len(path), 1, -1):
        candidates = rules.get(tuple(map(str, path[:length])))
        if candidates is not None:
            return length == len(path) and any(_is_defined(rule) for rule in candidates)
    return True


def _is_defined(rule: RegoRule) -> bool:
    ((kind, body),) = rule.tree.items()
    return rule.is_set or kind == "Default" or not body["bodies"]


def _is_total(rule: RegoRule) -> bool:
    """Whether `rule` is a function that is defined for all arguments."""
    ((kind, body),) = rule.tree.items()
    if kind == "Default":
        return True
    return not body["bodies"] and all("Var" in item for item in body["head"]["Func"]["args"])
