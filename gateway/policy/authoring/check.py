"""`policy check`: all that loading checks, and this project's own rules for packs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from gateway.errors import PolicyInvalid
from gateway.model.obligation import ObligationKind
from gateway.model.verdict import Verdict
from gateway.policy.authoring.unused_rules import idle_problems
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.packs.legal import PACK, legal_problems, rule_files
from gateway.policy.packs.metadata import package_metadata
from gateway.policy.packs.phrases import patterns_and_problems
from gateway.policy.packs.server_files import server_files
from gateway.policy.packs.source import RegoModule, Snapshot
from gateway.policy.packs.subset import TEST_BUILT_INS, problems
from gateway.policy.packs.syntax import ParsedModule, parse_module

OPA_TIMEOUT_S = 60.0
"""Seconds for one run of the opa program."""

_SCHEMAS = ("creator.schema.json", "input.schema.json")
_VERDICTS = frozenset(verdict.value for verdict in Verdict)
_OBLIGATIONS = frozenset(kind.value for kind in ObligationKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The result of `policy check`.

    `problems` are in the order found. `opa` is the version of the real program that checked too, or
    says why it did not.
    """

    problems: tuple[PolicyInvalid, ...]
    modules: int
    tests: int
    patterns: int
    opa: str

    @property
    def clean(self) -> bool:
        return not self.problems


def check(snapshot: Snapshot, *, directory: Path, opa: Path | None) -> CheckReport:
    """Everything that is wrong with the policies. `opa` is the real program, if there is one."""
    problems_found: list[PolicyInvalid] = []
    modules = _parse_modules(snapshot.modules, problems_found)
    tests = _parse_modules(snapshot.tests, problems_found)
    problems_found.extend(problems(modules, snapshot.data))
    problems_found.extend(
        problem
        for problem in problems([*modules, *tests], snapshot.data, built_ins=TEST_BUILT_INS)
        if problem.file.endswith("_test.rego")
    )
    problems_found.extend(idle_problems(modules, tests))
    for module in modules:
        problems_found.extend(_naming_problems(module))
        problems_found.extend(_metadata_problems(module))
        problems_found.extend(_missing_test(module, tests))
    phrases = list(patterns_and_problems(snapshot.phrases))
    problems_found.extend(item for item in phrases if isinstance(item, PolicyInvalid))
    problems_found.extend(_schema_problems(snapshot))
    problems_found.extend(_pack_problems(snapshot, modules))
    problems_found.extend(legal_problems(snapshot))
    problems_found.extend(_untested_laws(snapshot, tests))
    if not problems_found:
        problems_found.extend(_compile_problems(snapshot))
    verdict = "not found; its own check was left out"
    if opa is not None:
        version, complaints = _ask_opa(opa, directory, snapshot)
        problems_found.extend(complaints)
        verdict = version
    return CheckReport(
        problems=tuple(problems_found),
        modules=len(snapshot.modules),
        tests=len(snapshot.tests),
        patterns=sum(not isinstance(item, PolicyInvalid) for item in phrases),
        opa=verdict,
    )


def find_opa(given: str | None, search_path: str | None) -> Path | None:
    """The real `opa` program: as `given`, else on `search_path` (as PATH is written)."""
    program = given or shutil.which("opa", path=search_path)
    return Path(program) if program else None


def _parse_modules(
    sources: Iterable[RegoModule], problems_found: list[PolicyInvalid]
) -> list[ParsedModule]:
    modules = []
    for source in sources:
        try:
            modules.append(parse_module(source))
        except PolicyInvalid as problem:
            problems_found.append(problem)
    return modules


def rule_module(module: ParsedModule) -> bool:
    """Whether `module` holds a rule of a pack."""
    return module.package[0] == "packs"


def _naming_problems(module: ParsedModule) -> Iterator[PolicyInvalid]:
    """Yield a package that does not follow from its path, and a rule without `results`."""
    path = PurePosixPath(module.path)
    parts = path.parts
    if len(parts) == 1:
        wanted: tuple[str, ...] = ("gateway",)
    elif parts[0] == "lib":
        wanted = (*parts[:-1], path.stem)
    elif len(parts) == 3 and parts[1] == path.stem:
        wanted = ("packs", *parts[:2])
    else:
        yield PolicyInvalid(
            module.path,
            "a rule stands at <pack>/<rule>/<rule>.rego, a helper at lib/<name>.rego",
            "Move it.",
        )
        return
    if module.package != wanted:
        yield PolicyInvalid(
            module.path,
            f"its package is {'.'.join(module.package)}",
            f"Write package {'.'.join(wanted)}.",
            line=1,
        )
    if wanted[0] == "packs" and not any(
        rule.name == "results" and rule.is_set for rule in module.rules
    ):
        yield PolicyInvalid(
            module.path, "it defines no set `results`", "Write `results contains {…} if …`."
        )


def _metadata_problems(module: ParsedModule) -> Iterator[PolicyInvalid]:
    try:
        metadata = package_metadata(module)
    except PolicyInvalid as problem:
        yield problem
        return
    if metadata is None or not metadata.title or not metadata.description:
        yield PolicyInvalid(
            module.path,
            "its package has no METADATA with title and description",
            "Write them in comments right before `package`.",
        )
        return
    if not rule_module(module):
        return
    _, pack, rule = (*module.package, "", "")[:3]
    name = str(metadata.custom.get("id", "")).replace(".", "_")
    if name not in (rule, f"{pack}_{rule}"):
        yield PolicyInvalid(
            module.path,
            f"its METADATA custom.id is not {pack}.{rule}",
            "The id names the rule in decisions and in the audit log.",
        )
    for field, known in (("verdicts", _VERDICTS), ("obligations", _OBLIGATIONS)):
        if not known.issuperset(_as_list(metadata.custom.get(field, []))):
            yield PolicyInvalid(
                module.path,
                f"its METADATA custom.{field} has a word that is not known",
                f"Use {', '.join(sorted(known))}.",
            )


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [None]


def _missing_test(module: ParsedModule, tests: Sequence[ParsedModule]) -> Iterator[PolicyInvalid]:
    beside = module.path.removesuffix(".rego") + "_test.rego"
    for test in tests:
        if test.path == beside and any(rule.name.startswith("test_") for rule in test.rules):
            return
    yield PolicyInvalid(module.path, "no test stands beside it", f"Write {beside}.")


def _untested_laws(snapshot: Snapshot, tests: Sequence[ParsedModule]) -> Iterator[PolicyInvalid]:
    """Yield each law without a test of its own. One module judges the facts of all laws; so the
    test of a law stands beside its facts, and names the law by its id."""
    tested = {
        test.path: test.text
        for test in tests
        if any(rule.name.startswith("test_") for rule in test.rules)
    }
    for rule, file in rule_files(snapshot):
        law = str(file.value.get("id", rule)) if isinstance(file.value, dict) else rule
        beside = f"{PACK}/{rule}/{rule}_test.rego"
        if f'"{law}"' not in tested.get(beside, ""):
            yield PolicyInvalid(
                file.path,
                f"the law {law} has no test",
                f'Write {beside} with a rule test_… that asks for fixture.law("{law}", …).',
            )


def _schema_problems(snapshot: Snapshot) -> Iterator[PolicyInvalid]:
    for name in _SCHEMAS:
        if name not in snapshot.schemas:
            yield PolicyInvalid(f"schemas/{name}", "it is missing", "Copy the shipped one.")
    for name, schema in snapshot.schemas.items():
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            yield PolicyInvalid(f"schemas/{name}", error.message[:200], "Mend the schema.")


def _pack_problems(snapshot: Snapshot, modules: Iterable[ParsedModule]) -> Iterator[PolicyInvalid]:
    packs = {module.package[1] for module in modules if rule_module(module)}
    for pack in sorted(packs):
        about = snapshot.data.get(pack, {}).get("pack")
        if not isinstance(about, dict) or not about.get("title") or not about.get("version"):
            yield PolicyInvalid(
                f"{pack}/data.yaml",
                "the pack has no title and version",
                "Write `pack: {title: …, version: …}`.",
            )


def _compile_problems(snapshot: Snapshot) -> Iterator[PolicyInvalid]:
    """Problems that the engine finds only when it compiles all modules together."""
    for tests in (False, True):
        try:
            Evaluator(snapshot, tests=tests)
        except PolicyInvalid as problem:
            yield problem
            return


def _ask_opa(opa: Path, directory: Path, snapshot: Snapshot) -> tuple[str, list[PolicyInvalid]]:
    """The real program's version and complaints, in its strict mode."""
    version = _run_program(opa, ["version"])
    if version is None:
        return f"{opa} does not run; its own check was left out", []
    first = version.stdout.splitlines()[0] if version.stdout else "Version: unknown"
    modules = [*(module.path for module in server_files(snapshot).modules[:-1])]
    modules += [test.path for test in snapshot.tests]
    checked = _run_program(opa, ["check", "--strict", *modules], directory)
    if checked is None:
        return f"opa did not finish within {OPA_TIMEOUT_S:.0f} s", []
    if checked.returncode == 0:
        return first.replace("Version:", "opa"), []
    lines = [line for line in checked.stderr.splitlines() if line.strip()]
    return first.replace("Version:", "opa"), [
        PolicyInvalid("opa check --strict", line[:500], "Mend the policy.") for line in lines
    ]


def _run_program(
    program: Path, arguments: Sequence[str], directory: Path | None = None
) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(  # noqa: S603 - the operator names the program
            [program, *arguments],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=OPA_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
