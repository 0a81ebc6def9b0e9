"""Rules, references and imports of a Rego module, from the embedded engine's syntax tree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regorus

from gateway.errors import PolicyInvalid
from gateway.policy.packs.source import RegoModule

MAX_NESTING = 10  # brackets inside each other: the embedded parser takes twice as long for each

Path = tuple[str | None, ...]  # None: a segment that is only known when evaluating

_LOCATION = re.compile(r"--> (?P<file>.+?):(?P<line>[0-9]+):(?P<column>[0-9]+)")
_MESSAGE = re.compile(r"^error: (?P<message>.+)$", re.MULTILINE)
_LITERAL_TOKENS = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*|\$["`]|[\[\]{}]|\n')
_MENDS = {
    "invalid character": 'Both engines must know it; build texts with sprintf, not $"…".',
}


@dataclass(frozen=True, slots=True)
class RegoReference:
    """A mention of `path`, which begins with "data", "input", or a local or rule name."""

    path: Path
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegoRule:
    """One rule as written (a name may have several). `path` is its head below the package,
    `start` and `end` are byte offsets in the module's text. `implicit` are names that need no
    declaration: indices and the sides of `=`."""

    name: str
    path: Path
    line: int
    column: int
    start: int
    end: int
    is_function: bool
    is_set: bool
    calls: tuple[RegoReference, ...]
    references: tuple[RegoReference, ...]
    implicit: frozenset[str]
    divisions: tuple[RegoReference, ...]
    tree: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedModule:
    """One Rego module with its rules and imports.

    `imports` maps a local name to the full path it stands for.
    """

    path: str
    text: str
    package: tuple[str, ...]
    imports: Mapping[str, Path]
    rules: tuple[RegoRule, ...]

    def resolve(self, path: Path) -> Path:
        """`path` with an import at its head replaced by what it stands for."""
        head = path[0]
        if head is not None and head in self.imports:
            return (*self.imports[head], *path[1:])
        return path


def parse_module(module: RegoModule) -> ParsedModule:
    """Parse `module`. Raises PolicyInvalid with the place of the first error."""
    check_nesting(module)
    engine = regorus.Engine()
    try:
        engine.add_policy(module.path, module.text)
    except RuntimeError as error:
        problem = engine_error(error, module.path)
        del engine  # else the traceback takes it to another thread, where it may not be dropped
        raise problem from None
    tree = json.loads(engine.get_ast_as_json())[0]["ast"]
    imports: dict[str, Path] = {}
    for entry in tree["imports"]:
        path = flatten(entry["refr"])
        alias = entry.get("as")
        name = written(module.text, alias) if alias else path[-1]
        if name is not None and path[:2] != ("rego", "v1"):
            imports[name] = path
    return ParsedModule(
        path=module.path,
        text=module.text,
        package=tuple(str(segment) for segment in flatten(tree["package"]["refr"])),
        imports=imports,
        rules=tuple(_parse_rule(rule, module) for rule in tree["rules"]),
    )


def check_nesting(module: RegoModule) -> None:
    """Refuse brackets nested deeper than MAX_NESTING before the parser sees them."""
    depth, line = 0, 1
    for match in _LITERAL_TOKENS.finditer(module.text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > MAX_NESTING:
                raise PolicyInvalid(
                    module.path,
                    f"brackets are nested deeper than {MAX_NESTING}",
                    "Give the inner part a name of its own.",
                    line=line,
                    column=match.start() - module.text.rfind("\n", 0, match.start()),
                )
        elif mark in "]}":
            depth = max(0, depth - 1)
        elif mark[0] == "$":
            raise PolicyInvalid(
                module.path,
                "string interpolation is not known to both engines",
                "Use sprintf.",
                line=line,
                column=match.start() - module.text.rfind("\n", 0, match.start()),
            )
        line += mark.count("\n")


def engine_error(error: BaseException, file: str) -> PolicyInvalid:
    """The embedded engine's complaint about a policy, with its place."""
    text = str(error).split("Stack backtrace:", 1)[0]
    place, message = _LOCATION.search(text), _MESSAGE.search(text)
    problem = message["message"].strip() if message else "the engine refused it"
    return PolicyInvalid(
        place["file"] if place else file,
        problem,
        _MENDS.get(problem, "Mend the policy."),
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
    )


def error_place(error: BaseException) -> str:
    """Where the engine failed, as "file:line:column". Its message is left out: it may quote what
    was evaluated."""
    place = _LOCATION.search(str(error))
    return f"{place['file']}:{place['line']}:{place['column']}" if place else "an unknown place"


def walk(tree: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every (kind, body) node below `tree`, outermost first."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for kind, body in node.items():
                if isinstance(body, dict) and kind[0].isupper():
                    yield kind, body
            stack.extend(reversed(node.values()))
        elif isinstance(node, list):
            stack.extend(reversed(node))


def _parse_rule(tree: Mapping[str, Any], module: RegoModule) -> RegoRule:
    kind, body = next(iter(tree.items()))
    head = body if kind == "Default" else next(iter(body["head"].values()))
    path = flatten(head["refr"])
    span = (body if kind == "Spec" else head["refr"][next(iter(head["refr"]))])["span"]
    inner = dict(body) if kind == "Default" else dict(body["head"]) | {"bodies": body["bodies"]}
    calls, references, divisions = _split_mentions(
        inner, _declared_names(inner, module), head["refr"]
    )
    return RegoRule(
        name=str(path[0]),
        path=path,
        line=span["line"],
        column=span["col"],
        start=span["start"],
        end=span["end"],
        is_function="Func" in body.get("head", {}) or bool(body.get("args")),
        is_set="Set" in body.get("head", {}),
        calls=tuple(calls),
        references=tuple(references),
        implicit=frozenset(_implicit_names(inner)),
        divisions=tuple(divisions),
        tree=tree,
    )


def _declared_names(tree: Any, module: RegoModule) -> frozenset[str]:
    """Names that the rule declares itself: arguments, `some`, `every`, `:=`."""
    names: set[str] = set()
    for kind, body in walk(tree):
        if kind == "Func":
            names.update(_bare_variables(body["args"]))
        elif kind == "AssignExpr":
            names.update(_bare_variables(body["lhs"]))
        elif kind == "SomeIn":
            names.update(_bare_variables([body["key"], body["value"]]))
        elif kind == "SomeVars":
            names.update(written(module.text, span) for span in body["vars"])
        elif kind == "Every":
            names.update(
                written(module.text, span) for span in (body["key"], body["value"]) if span
            )
    return frozenset(names)


def _implicit_names(tree: Any) -> Iterator[str]:
    for kind, body in walk(tree):
        if kind == "RefBrack":
            yield from _bare_variables(body["index"])
        elif kind == "AssignExpr" and body["op"] == "Eq":
            yield from _bare_variables([body["lhs"], body["rhs"]])


def _bare_variables(tree: Any) -> Iterator[str]:
    """Yield the variables that a pattern binds, not those that it only looks up."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            if "Var" in node:
                yield node["Var"]["value"]
            elif "Array" in node:
                stack.extend(node["Array"]["items"])
            elif "Object" in node:
                stack.extend(value for _, _, value in node["Object"]["fields"])


def _split_mentions(
    tree: Any, local: frozenset[str], head: Any
) -> tuple[list[RegoReference], list[RegoReference], list[RegoReference]]:
    nodes = list(walk(tree))
    calls = [_make_reference(body["fcn"]) for kind, body in nodes if kind == "Call"]
    mentions = (_make_reference(node) for node in outer_references(tree, but=head))
    references = [
        item for item in mentions if item.path[0] is not None and item.path[0] not in local
    ]
    divisions = [
        RegoReference(("/",), body["span"]["line"], body["span"]["col"])
        for kind, body in nodes
        if kind == "ArithExpr" and body["op"] == "Div"
    ]
    return calls, references, divisions


def outer_references(
    tree: Any, *, but: Mapping[str, Any] | None = None
) -> Iterator[Mapping[str, Any]]:
    """The nodes of whole references below `tree`: neither parts of one nor functions' names, nor
    those of the reference `but`."""
    inner = {id(body) for body in _path_nodes(but)} if but else set()
    for kind, body in walk(tree):
        if id(body) in inner:
            continue
        if kind == "Call":
            inner.update(id(part) for part in _path_nodes(body["fcn"]))
        elif kind in ("Var", "RefDot", "RefBrack"):
            inner.update(id(part) for part in _path_nodes({kind: body}))
            yield {kind: body}


def _path_nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The nodes of one dotted or bracketed path, without the expressions in its brackets."""
    node = tree
    while True:
        kind, body = next(iter(node.items()))
        if kind in ("Var", "RefDot", "RefBrack"):
            yield body
        if kind not in ("RefDot", "RefBrack"):
            return
        node = body["refr"]


def _make_reference(tree: Mapping[str, Any]) -> RegoReference:
    *_, deepest = _path_nodes(tree)
    span = deepest["span"]
    return RegoReference(flatten(tree), span["line"], span["col"])


def flatten(tree: Mapping[str, Any]) -> Path:
    """The segments of a dotted or bracketed path."""
    segments: list[str | None] = []
    node: Mapping[str, Any] = tree
    while True:
        kind, body = next(iter(node.items()))
        if kind == "RefDot":
            segments.append(body["field"][1])
        elif kind == "RefBrack":
            index = body["index"]
            segments.append(index["String"]["value"] if "String" in index else None)
        else:
            segments.append(body["value"] if kind == "Var" else None)
            return tuple(reversed(segments))
        node = body["refr"]


def written(text: str, span: Mapping[str, Any]) -> str:
    """The part of `text` at `span`, whose offsets are bytes."""
    return text.encode("utf-8")[span["start"] : span["end"]].decode("utf-8")


def rules_by_path(modules: Iterable[ParsedModule]) -> dict[tuple[str, ...], list[RegoRule]]:
    """Rules by package and name, "data" left out."""
    by_path: dict[tuple[str, ...], list[RegoRule]] = {}
    for module in modules:
        for rule in module.rules:
            by_path.setdefault((*module.package, rule.name), []).append(rule)
    return by_path
