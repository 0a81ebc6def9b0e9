"""The subset of Rego that both engines read alike and that neither crashes nor silently misleads
the embedded one.

Checked whenever policies are loaded, not only by `policy check`: the embedded engine answers
"undefined" for a built-in it lacks, lets data override a rule of the same path, and dies of
recursion through functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.errors import PolicyInvalid
from gateway.policy.packs.arguments import argument_problems
from gateway.policy.packs.legal import legal_problems
from gateway.policy.packs.negations import negation_problems
from gateway.policy.packs.source import RESERVED, Snapshot
from gateway.policy.packs.syntax import (
    ParsedModule,
    Path,
    RegoReference,
    RegoRule,
    parse_module,
    rules_by_path,
)

DECISION = ("gateway", "decision")

Node = tuple[str, ...]  # a rule: package and name

BUILT_INS = frozenset(
    {
        # numbers: no division, no rounding, no `to_number`
        *("abs", "ceil", "floor", "format_int", "max", "min", "product", "sum"),
        # arrays, sets, objects
        *("array.concat", "array.reverse", "array.slice", "count", "intersection"),
        *("object.filter", "object.get", "object.keys", "object.remove", "object.subset"),
        *("object.union", "object.union_n", "sort", "union"),
        # texts: no `lower` and `upper`, which differ on letters such as ß, İ and Σ
        *("concat", "contains", "endswith", "indexof", "regex.match", "regex.split", "replace"),
        *("split", "sprintf", "startswith", "strings.any_prefix_match"),
        *("strings.any_suffix_match", "substring", "trim", "trim_left", "trim_prefix"),
        *("trim_right", "trim_space", "trim_suffix"),
        # types and time
        *("is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string"),
        *("time.parse_rfc3339_ns", "type_name"),
    }
)
TEST_BUILT_INS = BUILT_INS | {"json.patch", "json.remove", "lower", "numbers.range", "print"}

_MENDS = {
    "print": "Remove it: it would write message texts into the log.",
    "round": "Compare with the unrounded number.",
    "time.now_ns": "Use input.now, so that an old decision can be replayed.",
    "http.send": "Put what the policy needs into the input document or into data.yaml.",
    "opa.runtime": "Policies know only input and data.",
    "lower": "Use input.text.lower, input.text.folded or input.findings.terms.",
    "upper": "Use input.text.shouted.",
    "strings.replace_n": "Use replace, once for each text.",
    "to_number": "Write numbers as numbers.",
}
_MEND = "`policy check --built-ins` lists those that both engines share."


def compile_snapshot(snapshot: Snapshot) -> tuple[ParsedModule, ...]:
    """The parsed modules. Raises the first PolicyInvalid."""
    modules = tuple(parse_module(module) for module in snapshot.modules)
    for problem in problems(modules, snapshot.data):
        raise problem
    for problem in legal_problems(snapshot):  # a stale index would leave duties undone
        raise problem
    return modules


def problems(
    modules: Sequence[ParsedModule],
    data: Mapping[str, Any],
    *,
    built_ins: frozenset[str] = BUILT_INS,
) -> Iterator[PolicyInvalid]:
    """Yield everything that keeps `modules` from being loaded."""
    rules = rules_by_path(modules)
    packages: frozenset[Path] = frozenset(module.package for module in modules)
    for module in modules:
        if module.package[0] == RESERVED:
            yield _problem_at(module, _START, f"the package {RESERVED} is reserved", "Rename it.")
        yield from _hidden_rules(module, data)
        for rule in module.rules:
            yield from argument_problems(module, rule.tree)
            yield from negation_problems(module, rule, rules)
            for call in rule.calls:
                yield from _call_problems(module, call, rules, built_ins)
            for reference in rule.references:
                yield from _unknown_name_problems(module, rule, reference, rules)
                yield from _reference_problems(module, reference, rules, packages, data)
            for division in rule.divisions:
                yield _problem_at(
                    module,
                    division,
                    "engines round quotients differently",
                    "Multiply the other side of the comparison instead.",
                )
    yield from _recursion_problems(modules)
    if DECISION not in rules and any(module.path == "main.rego" for module in modules):
        yield PolicyInvalid(
            "main.rego", "there is no rule data.gateway.decision", "Define it; it is what decides."
        )


_START = RegoReference((), 1, 1)


def _problem_at(module: ParsedModule, at: RegoReference, problem: str, mend: str) -> PolicyInvalid:
    return PolicyInvalid(module.path, problem, mend, line=at.line, column=at.column)


def _call_problems(
    module: ParsedModule,
    call: RegoReference,
    rules: Mapping[tuple[str, ...], Any],
    built_ins: frozenset[str],
) -> Iterator[PolicyInvalid]:
    path = module.resolve(call.path)
    name = ".".join(segment or "?" for segment in call.path)
    if path[0] == "data":
        if _known_rule(path[1:], rules) is None:
            yield _problem_at(module, call, f"there is no function {name}", "Check its spelling.")
    elif (*module.package, path[0]) not in rules and name not in built_ins:
        yield _problem_at(
            module,
            call,
            f"{name} is neither a function here nor a built-in that both engines share",
            _MENDS.get(name, _MEND),
        )


def _known_rule(path: Path, rules: Mapping[tuple[str, ...], Any]) -> tuple[str, ...] | None:
    """The longest beginning of `path` that is a rule."""
    for length in range(len(path), 1, -1):
        head = path[:length]
        if None not in head and head in rules:
            return tuple(str(segment) for segment in head)
    return None


def _unknown_name_problems(
    module: ParsedModule, rule: RegoRule, reference: RegoReference, rules: Mapping[Node, Any]
) -> Iterator[PolicyInvalid]:
    """Yield a name that nothing declares: the embedded engine takes some misspelt names for
    undefined."""
    name = reference.path[0]
    if (
        name is not None
        and name not in ("_", "input", "data")
        and name not in rule.implicit
        and name not in module.imports
        and (*module.package, name) not in rules
    ):
        yield _problem_at(module, reference, f"there is no {name} here", "Check its spelling.")


def _reference_problems(
    module: ParsedModule,
    reference: RegoReference,
    rules: Mapping[tuple[str, ...], Any],
    packages: frozenset[Path],
    data: Mapping[str, Any],
) -> Iterator[PolicyInvalid]:
    """Yield a name below a package that is neither a rule nor data. Such a misspelling would always
    be undefined, and the rule would never fire."""
    path = module.resolve(reference.path)
    if path[0] != "data":
        return
    for length in range(len(path) - 1, 1, -1):
        package, name = path[1:length], path[length]
        if package in packages and name is not None:
            if (*package, name) in rules or _has_path(data, path[1 : length + 1]):
                return
            if any(other[:length] == (*package, name) for other in packages):
                return
            full = ".".join(str(segment) for segment in path[: length + 1])
            yield _problem_at(module, reference, f"there is no {full}", "Check its spelling.")
            return


def _has_path(data: Mapping[str, Any], path: Path) -> bool:
    node: Any = data
    for segment in path:
        if not isinstance(node, Mapping) or segment not in node:
            return False
        node = node[segment]
    return True


def _hidden_rules(module: ParsedModule, data: Mapping[str, Any]) -> Iterator[PolicyInvalid]:
    node: Any = data
    for segment in module.package:
        if isinstance(node, Mapping):
            if segment not in node:
                return
            node = node[segment]
    for rule in module.rules:
        if not isinstance(node, Mapping) or rule.name in node:
            where = ".".join(("data", *module.package, rule.name))
            yield PolicyInvalid(
                module.path,
                f"a data file defines {where} too and would override the rule",
                "Rename one of them.",
                line=rule.line,
                column=rule.column,
            )


def _recursion_problems(modules: Sequence[ParsedModule]) -> Iterator[PolicyInvalid]:
    """Yield one problem for each cycle of rules that need each other."""
    edges, places = _rule_graph(modules)
    state: dict[Node, int] = {}
    for start in edges:
        if start in state:
            continue
        trail: list[tuple[Node, Iterator[Node]]] = [(start, iter(edges[start]))]
        state[start] = 1
        while trail:
            node, rest = trail[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                trail.pop()
            elif state.get(following) == 1:
                names = [".".join(step) for step, _ in trail]
                cycle = names[names.index(".".join(following)) :]
                module, line, column = places[following]
                yield PolicyInvalid(
                    module,
                    f"recursion: {' → '.join([*cycle, cycle[0]])}",
                    "A rule may not need itself.",
                    line=line,
                    column=column,
                )
            elif following not in state:
                state[following] = 1
                trail.append((following, iter(edges.get(following, ()))))


def _rule_graph(
    modules: Sequence[ParsedModule],
) -> tuple[dict[Node, set[Node]], dict[Node, tuple[str, int, int]]]:
    nodes = list(rules_by_path(modules))
    known = set(nodes)
    edges: dict[Node, set[Node]] = {node: set() for node in nodes}
    places: dict[Node, tuple[str, int, int]] = {}
    for module in modules:
        for rule in module.rules:
            node = (*module.package, rule.name)
            places.setdefault(node, (module.path, rule.line, rule.column))
            for mention in (*rule.calls, *rule.references):
                path = module.resolve(mention.path)
                if path[0] == "data":
                    edges[node].update(_reachable_rules(path[1:], nodes, known))
                elif path[0] != "input" and (*module.package, str(path[0])) in known:
                    edges[node].add((*module.package, str(path[0])))
    return edges, places


def _reachable_rules(
    path: Path, nodes: Sequence[tuple[str, ...]], known: set[tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    """Yield the rules that a reference may reach: the one it names, or all below it."""
    exact = _known_rule(path, dict.fromkeys(known))
    if exact is not None:
        yield exact
        return
    for node in nodes:
        if all(a is None or a == b for a, b in zip(path, node, strict=False)):
            yield node
