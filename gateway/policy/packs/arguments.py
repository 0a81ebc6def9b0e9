"""Calls that the two engines answer differently for certain arguments.

Measured between regorus 0.13 and OPA 1.22: sprintf with widths, %d of a negative number (`--1`),
fractions, wrong types or too few arguments; Perl classes in regular expressions (ASCII in OPA,
Unicode in regorus); the length of a text (code points in OPA, UTF-16 units in regorus).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import re2

from gateway.errors import PolicyInvalid
from gateway.policy.packs.phrases import compile_pattern
from gateway.policy.packs.syntax import ParsedModule, flatten, walk

_VERB = re.compile(r"%(.?)", re.DOTALL)
_PERL_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\[bBwWdDsS]")
_TEXTS = (("input", "text"), ("input", "human", "text"))


def argument_problems(module: ParsedModule, tree: Mapping[str, Any]) -> Iterator[PolicyInvalid]:
    """Yield what is wrong with the arguments of the calls in a rule's `tree`."""
    for kind, body in walk(tree):
        if kind != "Call":
            continue
        name = ".".join(segment or "?" for segment in flatten(body["fcn"]))
        complaint: tuple[str, str] | None = None
        if name == "sprintf":
            complaint = _sprintf_problem(body["params"])
        elif name.startswith("regex."):
            complaint = _regex_problem(body["params"])
        elif name == "count":
            complaint = _count_problem(body["params"])
        if complaint is not None:
            span = body["span"]
            yield PolicyInvalid(module.path, *complaint, line=span["line"], column=span["col"])


def _sprintf_problem(params: list[Any]) -> tuple[str, str] | None:
    mend = "Write a constant format with %s for texts, %v for whole numbers, and %%."
    form = _constant_text(params[0])
    if form is None:
        return "the format of sprintf is not a constant", mend
    verbs = [verb for verb in _VERB.findall(form) if verb != "%"]
    if any(verb not in ("s", "v") for verb in verbs):
        return "engines differ on this format of sprintf", mend
    given = params[1].get("Array") if len(params) > 1 else None
    if given is not None and len(given["items"]) != len(verbs):
        return "sprintf has another number of arguments than its format", mend
    return None


def _regex_problem(params: list[Any]) -> tuple[str, str] | None:
    pattern = _constant_text(params[0])
    if pattern is None:
        return "the pattern is not a constant", "Write it out, or use a phrases file."
    if _PERL_CLASS.search(pattern):
        return (
            r"\b, \w, \d and \s are ASCII in one engine and Unicode in the other",
            r"Write [a-z0-9], \p{L}, \p{N} or [ \t\n].",
        )
    try:
        compile_pattern(pattern)
    except re2.error:
        return "the pattern is not RE2", "Look-around and back references are not allowed."
    return None


def _count_problem(params: list[Any]) -> tuple[str, str] | None:
    if "RefDot" not in params[0] and "RefBrack" not in params[0]:
        return None
    path = flatten(params[0])
    if any(path[: len(text)] == text and path != text[:2] for text in _TEXTS):
        return "engines count the length of a text differently", "Use input.text.length."
    return None


def _constant_text(tree: Mapping[str, Any]) -> str | None:
    body = tree.get("String") or tree.get("RawString")
    return None if body is None else str(body["value"])
