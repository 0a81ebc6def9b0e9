"""Runs the `test_*` rules of `*_test.rego` in the embedded engine.

For a test that fails it finds the first expression that does not hold, by asking the engine for
longer and longer beginnings of the test's body, and shows what its two sides are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import regorus

from gateway.errors import PolicyInvalid, StageFailure, StageUndefined
from gateway.policy.engine.evaluator import Evaluator, is_panic
from gateway.policy.packs.source import RegoModule, Snapshot
from gateway.policy.packs.subset import TEST_BUILT_INS, problems
from gateway.policy.packs.syntax import ParsedModule, RegoRule, engine_error, parse_module

_PREFIX = "probe_of_the_test_runner"
_UNDEFINED = "undefined"
_OPERATORS = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}


class RuleTestStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestResult:
    """One test. For one that failed: `line` and `expression` of what did not hold, and, for a
    comparison, what its sides were (JSON, or "undefined"). `problem` explains an error."""

    name: str
    file: str
    line: int
    status: RuleTestStatus
    expression: str = ""
    actual: str | None = None
    operator: str | None = None
    expected: str | None = None
    problem: str = ""


def run_tests(snapshot: Snapshot, *, only: str = "") -> tuple[RuleTestResult, ...]:
    """Run all tests whose full name contains `only`, in the order of files. Raises PolicyInvalid
    when the policies or the tests cannot be loaded."""
    modules = [parse_module(module) for module in (*snapshot.modules, *snapshot.tests)]
    for problem in problems(modules, snapshot.data, built_ins=TEST_BUILT_INS):
        if problem.file.endswith("_test.rego"):
            raise problem
    for problem in problems(modules[: len(snapshot.modules)], snapshot.data):
        raise problem
    evaluator = Evaluator(snapshot, tests=True)
    outcomes = tuple(
        _run_test(evaluator, module, rules)
        for module in modules[len(snapshot.modules) :]
        for name, rules in _tests_of(module)
        if only in name
    )
    evaluator.close()
    return outcomes


def _tests_of(module: ParsedModule) -> Iterator[tuple[str, list[RegoRule]]]:
    """Yield full name and rules of each test. Of several rules of one name, one must hold."""
    by_name: dict[str, list[RegoRule]] = {}
    for rule in module.rules:
        if rule.name.startswith("test_"):
            by_name.setdefault(rule.name, []).append(rule)
    for name, rules in by_name.items():
        yield ".".join((*module.package, name)), rules


def _run_test(
    evaluator: Evaluator, module: ParsedModule, rules: Sequence[RegoRule]
) -> RuleTestResult:
    rule = rules[0]
    name = ".".join((*module.package, rule.name))
    path = f"data.{name}"
    try:
        passed = evaluator.evaluate("{}", path) == "true"
    except StageUndefined:
        passed = False
    except StageFailure:
        return RuleTestResult(
            name=name,
            file=module.path,
            line=rule.line,
            status=RuleTestStatus.ERROR,
            problem=_engine_words(evaluator, path),
        )
    if passed:
        return RuleTestResult(
            name=name, file=module.path, line=rule.line, status=RuleTestStatus.PASSED
        )
    return _explain_failure(evaluator, module, rule, name)


def _engine_words(evaluator: Evaluator, path: str) -> str:
    """The engine's own error text, which may be shown: tests hold no messages of real people."""
    try:
        engine = evaluator.clone()
        engine.set_input_json("{}")
        engine.eval_rule_as_json(path)
    except RuntimeError as error:
        return str(engine_error(error, path))
    except BaseException as error:
        if not is_panic(error):
            raise
    return "the engine failed"


def _explain_failure(
    evaluator: Evaluator, module: ParsedModule, rule: RegoRule, name: str
) -> RuleTestResult:
    source = module.text.encode("utf-8")
    bodies = rule.tree.get("Spec", {}).get("bodies") or []
    statements = bodies[0]["query"]["stmts"] if len(bodies) == 1 else []
    probes = Probes(evaluator, module, source, statements)
    for index, statement in enumerate(statements):
        if probes.holds(index + 1):
            continue
        operator, left, right = comparison(statement)
        return RuleTestResult(
            name=name,
            file=module.path,
            line=statement["span"]["line"],
            status=RuleTestStatus.FAILED,
            expression=source_text(source, statement),
            actual=None if left is None else probes.value(index, left, statement),
            operator=operator,
            expected=None if right is None else probes.value(index, right, statement),
        )
    return RuleTestResult(name=name, file=module.path, line=rule.line, status=RuleTestStatus.FAILED)


def comparison(
    statement: Mapping[str, Any],
) -> tuple[str | None, Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """(operator, left, right) of a comparison; (None, expression, None) of `not` and of others."""
    literal = statement["literal"]
    if "NotExpr" in literal:
        return None, literal["NotExpr"]["expr"], None
    expression = literal.get("Expr", {}).get("expr", {})
    if "BoolExpr" in expression:
        comparison = expression["BoolExpr"]
        return (
            _OPERATORS.get(comparison["op"], comparison["op"]),
            comparison["lhs"],
            comparison["rhs"],
        )
    if "AssignExpr" in expression:
        return None, expression["AssignExpr"]["rhs"], None
    return None, expression or None, None


class Probes:
    """Asks the engine about parts of one rule's body, for one input document (JSON), in a module
    put beside the rule's."""

    def __init__(
        self,
        evaluator: Evaluator,
        module: ParsedModule,
        source: bytes,
        statements: Sequence[Mapping[str, Any]],
        document: str = "{}",
    ) -> None:
        self._evaluator = evaluator
        self._document = document
        self._source = source
        self._package = ".".join(module.package)
        self._header = f"package {self._package}\n\n" + "".join(
            f"import {'.'.join(str(segment) for segment in path)} as {name}\n"
            for name, path in module.imports.items()
        )
        self._lines = [source_text(source, statement) for statement in statements]

    def holds(self, count: int) -> bool:
        """Whether the first `count` statements hold together."""
        body = "\n\t".join(self._lines[:count])
        return self._evaluate_probe(f"{_PREFIX} if {{\n\t{body}\n}}\n") == "true"

    def holds_without(self, left_out: int) -> bool:
        """Whether all statements but one hold together."""
        kept = [line for number, line in enumerate(self._lines) if number != left_out]
        body = "\n\t".join(kept) or "true"
        return self._evaluate_probe(f"{_PREFIX} if {{\n\t{body}\n}}\n") == "true"

    def value(self, index: int, part: Mapping[str, Any], statement: Mapping[str, Any]) -> str:
        """The JSON of an expression in statement `index`, with that statement's `with`; of all
        its values where earlier statements leave several."""
        lines = [*self._lines[:index]]
        part_text = source_text(self._source, part)
        lines.append(f"{_PREFIX}_value := {part_text}{self._with_modifiers(statement)}")
        body = "\n\t".join(lines)
        answer = self._evaluate_probe(f"{_PREFIX} contains {_PREFIX}_value if {{\n\t{body}\n}}\n")
        values = [] if answer == _UNDEFINED else json.loads(answer)
        shown = [json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values]
        return " or ".join(shown) or _UNDEFINED

    def _with_modifiers(self, statement: Mapping[str, Any]) -> str:
        parts = [
            [source_text(self._source, modifier[side]) for side in ("refr", "as")]
            for modifier in statement.get("with_mods") or []
        ]
        return "".join(f" with {target} as {value}" for target, value in parts)

    def _evaluate_probe(self, rule: str) -> str:
        try:
            engine: regorus.Engine = self._evaluator.clone(
                RegoModule(f"{_PREFIX}.rego", f"{self._header}\n{rule}")
            )
            engine.set_input_json(self._document)
            answer: str = engine.eval_rule_as_json(f"data.{self._package}.{_PREFIX}")
        except RuntimeError:
            return _UNDEFINED
        except BaseException as error:
            if not is_panic(error):
                raise
            return _UNDEFINED
        return _UNDEFINED if answer == '"<undefined>"' else answer


def source_text(source: bytes, tree: Mapping[str, Any]) -> str:
    """The source of an expression: from the first to the last byte of all its parts."""
    low, high = len(source), 0
    stack: list[tuple[str, Any]] = [("", tree)]
    while stack:
        kind, node = stack.pop()
        if isinstance(node, dict):
            span = node.get("span", node)
            if "start" in span and "end" in span:
                quote = kind in ("String", "RawString")  # their spans leave the quotes out
                low, high = min(low, span["start"] - quote), max(high, span["end"] + quote)
            stack.extend(node.items())
        elif isinstance(node, list):
            stack.extend(("", item) for item in node)
    return source[low:high].decode("utf-8")


def refuse_no_tests(outcomes: Sequence[RuleTestResult], only: str) -> None:
    """Raises PolicyInvalid when nothing ran: a wrong filter must not look like success."""
    if not outcomes:
        raise PolicyInvalid(
            "*_test.rego",
            f"no test has {only!r} in its name" if only else "there are no tests",
            "Check the filter." if only else "Write test_… rules.",
        )
