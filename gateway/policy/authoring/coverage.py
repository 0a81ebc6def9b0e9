"""Which lines of the policies the tests reach, as the embedded engine counts them.

The engine reports lines, not branches: a line counts when any expression on it was evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.errors import PolicyInvalid
from gateway.policy.engine.evaluator import Evaluator, is_panic
from gateway.policy.packs.source import Snapshot
from gateway.policy.packs.subset import TEST_BUILT_INS, problems
from gateway.policy.packs.syntax import parse_module


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCoverage:
    """Lines of one module, ascending, and its rules that no test reaches (`name:line`)."""

    file: str
    covered: tuple[int, ...]
    missed: tuple[int, ...]
    unreached_rules: tuple[str, ...]

    @property
    def share(self) -> float:
        """0..1; 1 where there is nothing to reach."""
        total = len(self.covered) + len(self.missed)
        return len(self.covered) / total if total else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    files: tuple[FileCoverage, ...]

    @property
    def share(self) -> float:
        covered = sum(len(file.covered) for file in self.files)
        total = covered + sum(len(file.missed) for file in self.files)
        return covered / total if total else 1.0


def coverage(snapshot: Snapshot) -> Coverage:
    """Run every test, and count the lines that they reach. Failing tests count too: it is `policy
    test` that reports them. Raises PolicyInvalid when the policies or the tests cannot be
    loaded."""
    modules = [parse_module(module) for module in (*snapshot.modules, *snapshot.tests)]
    for problem in problems(modules, snapshot.data, built_ins=TEST_BUILT_INS):
        raise problem
    evaluator = Evaluator(snapshot, tests=True)
    engine = evaluator.clone()
    engine.set_enable_coverage(True)
    engine.set_input_json("{}")
    for module in modules[len(snapshot.modules) :]:
        names = dict.fromkeys(rule.name for rule in module.rules)
        for name in names:
            if name.startswith("test_"):
                _run_rule(engine, ".".join(("data", *module.package, name)))
    report = json.loads(engine.get_coverage_report_as_json())
    evaluator.close()
    lines = {
        file["path"]: (set(file["covered"]), set(file["not_covered"])) for file in report["files"]
    }
    return Coverage(files=tuple(_file_coverages(snapshot, lines)))


def _run_rule(engine: object, path: str) -> None:
    try:
        engine.eval_rule_as_json(path)  # type: ignore[attr-defined] # regorus is untyped
    except RuntimeError:
        return
    except BaseException as error:
        if not is_panic(error):
            raise
        raise PolicyInvalid(path, "the policy engine panicked on it", "Simplify it.") from None


def _file_coverages(
    snapshot: Snapshot, lines: dict[str, tuple[set[int], set[int]]]
) -> Iterator[FileCoverage]:
    for source in snapshot.modules:
        covered, missed = lines.get(source.path, (set(), set()))
        missed -= covered
        module = parse_module(source)
        unreached = []
        for rule in module.rules:
            first = source.text.encode().count(b"\n", 0, rule.start) + 1
            last = source.text.encode().count(b"\n", 0, rule.end) + 1
            span = set(range(first, last + 1))
            if span & missed and not span & covered:
                unreached.append(f"{rule.name}:{rule.line}")
        yield FileCoverage(
            file=source.path,
            covered=tuple(sorted(covered)),
            missed=tuple(sorted(missed)),
            unreached_rules=tuple(unreached),
        )
