"""Finds rules that nothing uses, and rules that never count because an earlier one always does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.errors import PolicyInvalid
from gateway.policy.packs.syntax import ParsedModule, RegoRule

_ENTRY = {("gateway", "decision")}


def idle_problems(
    modules: Sequence[ParsedModule], tests: Sequence[ParsedModule]
) -> Iterator[PolicyInvalid]:
    """Yield what `policy check` reports of such rules. A helper that only tests use counts as used:
    libraries of fixtures lie among the policies."""
    used = _mentioned_paths([*modules, *tests])
    for module in modules:
        yield from _unused_problems(module, used)
        yield from _shadowed_problems(module)


def _mentioned_paths(modules: Sequence[ParsedModule]) -> set[tuple[str | None, ...]]:
    """Every path that anything mentions."""
    used: set[tuple[str | None, ...]] = set(_ENTRY)
    for module in modules:
        for rule in module.rules:
            own = (*module.package, rule.name)
            for mention in (*rule.calls, *rule.references):
                path = module.resolve(mention.path)
                full = path[1:] if path[0] == "data" else (*module.package, *path)
                if full[: len(own)] != own:
                    used.add(full)
    return used


def _unused_problems(
    module: ParsedModule, used: set[tuple[str | None, ...]]
) -> Iterator[PolicyInvalid]:
    reported: set[str] = set()
    for rule in module.rules:
        path = (*module.package, rule.name)
        if rule.name in reported or (module.package[0] == "packs" and rule.name == "results"):
            continue
        if not any(_mentions_path(mention, path) for mention in used):
            reported.add(rule.name)
            yield _problem_at(module, rule, f"nothing uses {rule.name}", "Use it, or remove it.")


def _mentions_path(mention: tuple[str | None, ...], path: tuple[str, ...]) -> bool:
    """Whether a mention names the rule, something below it, or a package that it stands in."""
    return all(
        given is None or given == own for given, own in zip(mention, path, strict=False)
    ) and (len(mention) >= len(path) or None in mention or mention == path[: len(mention)])


def _shadowed_problems(module: ParsedModule) -> Iterator[PolicyInvalid]:
    """Yield each `else` after a body that always holds, and each rule that is written twice."""
    source = module.text.encode("utf-8")
    seen: dict[bytes, int] = {}
    for rule in module.rules:
        if "Default" in rule.tree:
            continue
        text = b" ".join(source[rule.start : rule.end].split())
        if text in seen:
            yield _problem_at(
                module, rule, f"{rule.name} is the same as in line {seen[text]}", "Remove it."
            )
        seen.setdefault(text, rule.line)
        bodies = rule.tree.get("Spec", {}).get("bodies") or []
        for body in bodies[:-1]:
            if not body["query"]["stmts"]:
                yield _problem_at(
                    module, rule, f"an else of {rule.name} can never count", "Remove it."
                )


def _problem_at(module: ParsedModule, rule: RegoRule, problem: str, mend: str) -> PolicyInvalid:
    return PolicyInvalid(module.path, problem, mend, line=rule.line, column=rule.column)
