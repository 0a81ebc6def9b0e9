"""Creators' own rules: one Rego module in the settings, which can only tighten.

The module is evaluated by itself, in another process (see sandbox): it sees the input document and
nothing else, no packs and no data. What it may answer is fixed when it is stored: each result is an
object of constants that holds or blocks. So nothing it answers can loosen what legal and platform
packs decide, and no words of a message reach an entry through it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from gateway.errors import InvalidField, PolicyInvalid
from gateway.model.decision import Decision, Reason
from gateway.model.verdict import Verdict, strictest
from gateway.policy.packs.source import RegoModule
from gateway.policy.packs.subset import problems
from gateway.policy.packs.syntax import ParsedModule, RegoRule, parse_module, walk

SETTING = "rego"
MAX_BYTES = 16_384
"""Most UTF-8 bytes of one creator's module."""
MAX_RULES = 50
"""Most rules of one module."""
MAX_LOOPS = 12
"""Most uses of `some`, `every`, comprehensions and open indices in one module. The deadline of the
sandbox bounds every module; this keeps honest ones well below it."""

_FILE = "settings.rego"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_LOOPS = frozenset({"SomeIn", "SomeVars", "Every", "ArrayCompr", "SetCompr", "ObjectCompr"})
_VERDICTS = {"hold": Verdict.HOLD, "block": Verdict.BLOCK}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatorRules:
    """A module that may be used. `answers` are all it can answer: rule, text, verdict."""

    text: str
    path: str
    answers: frozenset[tuple[str, str, str]]


def creator_rules(text: str) -> CreatorRules:
    """Parse and check a creator's module. Raises InvalidField, with line and column where known."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidField("settings.rego", f"is larger than {MAX_BYTES} bytes", "Shorten it.")
    try:
        module = parse_module(RegoModule(_FILE, text))
        for problem in problems([module], {}):
            raise problem
        return _checked_rules(module)
    except PolicyInvalid as error:
        raise InvalidField(error.what, error.problem, error.mend) from None


def _checked_rules(module: ParsedModule) -> CreatorRules:
    """Check that `module` keeps to the limits of creators' rules. Raises PolicyInvalid."""
    if len(module.package) != 2 or module.package[0] != "creator":
        raise PolicyInvalid(
            _FILE, "its package is not creator.<id>", "Write package creator.<id>.", line=1
        )
    if len(module.rules) > MAX_RULES:
        raise PolicyInvalid(_FILE, f"it has more than {MAX_RULES} rules", "Shorten it.")
    loops = sum(_count_loops(rule) for rule in module.rules)
    if loops > MAX_LOOPS:
        raise PolicyInvalid(
            _FILE, f"it loops in {loops} places, more than {MAX_LOOPS}", "Shorten it."
        )
    for rule in module.rules:
        for mention in (*rule.calls, *rule.references):
            path = module.resolve(mention.path)
            if path[0] == "data" and path[1:3] != module.package:
                raise PolicyInvalid(
                    _FILE,
                    "it looks at data that is not its own",
                    "A creator's rules see input and themselves alone.",
                    line=mention.line,
                    column=mention.column,
                )
    answers = frozenset(_constant_answer(rule) for rule in module.rules if rule.name == "results")
    if not answers:
        raise PolicyInvalid(
            _FILE, "it defines no set `results`", 'Write results contains {"rule": …} if …'
        )
    full = ".".join(("data", *module.package, "results"))
    return CreatorRules(text=module.text, path=full, answers=answers)


def _count_loops(rule: RegoRule) -> int:
    count = 0
    for kind, body in walk(rule.tree):
        open_index = kind == "RefBrack" and "Var" in body["index"]
        count += kind in _LOOPS or open_index
    return count


def _constant_answer(rule: RegoRule) -> tuple[str, str, str]:
    """The constants of one result."""
    key = rule.tree.get("Spec", {}).get("head", {}).get("Set", {}).get("key") or {}
    given: dict[str, str] = {}
    for _, name, value in key.get("Object", {}).get("fields", ()):
        if "String" in name and "String" in value:
            given[name["String"]["value"]] = value["String"]["value"]
    fields = len(key.get("Object", {}).get("fields", ()))
    name, text, verdict = (given.get(field, "") for field in ("rule", "text", "verdict"))
    if not rule.is_set or fields != 3 or not _NAME.match(name) or verdict not in _VERDICTS:
        raise PolicyInvalid(
            _FILE,
            "a result is not an object of three constants",
            'Write {"rule": "name", "text": "Why, and the mend.", "verdict": "hold"}, with hold '
            "or block: a creator's rules only tighten.",
            line=rule.line,
            column=rule.column,
        )
    if not text or len(text) > 300:
        raise PolicyInvalid(
            _FILE, "a result's text is empty or longer than 300", "Say why.", line=rule.line
        )
    return name, text, verdict


def tightened(decision: Decision, rules: CreatorRules, answer: bytes, *, creator: str) -> Decision:
    """`decision`, made stricter by what the module answered (JSON). Raises ValueError for an
    answer that the module cannot have given."""
    reasons_found: list[Reason] = []
    for result in orjson.loads(answer):
        given = (result["rule"], result["text"], result["verdict"])
        if given not in rules.answers:
            raise ValueError("an answer that is not among those of the module")
        reasons_found.append(
            Reason(rule=rule_name(creator, given[0]), text=given[1], verdict=_VERDICTS[given[2]])
        )
    return _with_reasons(decision, reasons_found)


def held(decision: Decision, *, creator: str, why: str) -> Decision:
    """`decision`, held because the creator's own rules gave no answer."""
    reason = Reason(
        rule=rule_name(creator, "rules"),
        text=f"The creator's own rules failed: {why}. A person decides; mend settings.rego.",
        verdict=Verdict.HOLD,
    )
    return _with_reasons(decision, [reason])


def rule_name(creator: str, rule: str) -> str:
    """The name of a creator's rule in audit entries."""
    return f"creator.{re.sub(r'[^a-z0-9_]', '_', creator.lower())}.{rule}"


def _with_reasons(decision: Decision, reasons_found: list[Reason]) -> Decision:
    if not reasons_found:
        return decision
    return replace(
        decision,
        verdict=strictest(decision.verdict, *(reason.verdict for reason in reasons_found)),
        reasons=tuple(sorted((*decision.reasons, *reasons_found), key=lambda reason: reason.rule)),
    )


def rules_in(settings: Mapping[str, Any]) -> str | None:
    """The module in a creator's settings, if there is one."""
    text = settings.get(SETTING)
    return text if isinstance(text, str) and text.strip() else None
