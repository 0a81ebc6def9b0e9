"""Reads strictly what data.gateway.decision returned: an answer with anything unknown is
refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from gateway.errors import StageUndefined
from gateway.model.decision import Reason
from gateway.model.disclosure import (
    MarkFormatName,
    NoticeKind,
    NoticePosition,
    ReplacementTemplate,
)
from gateway.model.finding import Stage
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.verdict import Verdict, strictest

MAX_RESULT_BYTES = 1 << 20
"""Bytes of the whole answer, far more than any policies say about one message."""
MAX_TEXT = 2_000
"""Most code points of one text of the answer, such as a reason."""

_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_KINDS = {kind.value: kind for kind in ObligationKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """The parsed answer of an engine."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]


def parse_json(answer: str | bytes) -> EngineResult:
    """Parse the answer from JSON. Raises StageUndefined, whose reason never quotes the answer."""
    if len(answer) > MAX_RESULT_BYTES:
        _refuse_answer("it is too long")
    try:
        return parse(orjson.loads(answer))
    except orjson.JSONDecodeError:
        _refuse_answer("it is not JSON")


def parse(answer: Any) -> EngineResult:
    """Check the answer. Raises StageUndefined, whose reason never quotes the answer."""
    table = _expect_table(answer, {"verdict", "reasons", "obligations"})
    reasons = tuple(_parse_reason(item) for item in _expect_list(table["reasons"]))
    verdict = _parse_verdict(table["verdict"])
    if strictest(verdict, *(reason.verdict for reason in reasons)) is not verdict:
        _refuse_answer("its verdict is milder than one of its reasons")
    return EngineResult(
        verdict=verdict,
        reasons=reasons,
        obligations=tuple(_parse_obligation(item) for item in _expect_list(table["obligations"])),
    )


def _parse_reason(item: Any) -> Reason:
    table = _expect_table(item, {"rule", "text", "verdict"})
    return Reason(
        rule=_expect_text(table["rule"]),
        text=_expect_text(table["text"]),
        verdict=_parse_verdict(table["verdict"]),
    )


def _parse_obligation(item: Any) -> Obligation:
    table = _expect_table(item, {"kind", "rules", "params"})
    kind = _KINDS.get(_expect_text(table["kind"]))
    if kind is None:
        _refuse_answer("it has an obligation of a kind that is not known")
    rules = tuple(sorted(_expect_text(rule) for rule in _expect_list(table["rules"])))
    params = table["params"]
    if not rules or not isinstance(params, dict) or not _PARAMS[kind](params):
        _refuse_answer(
            f"its obligation {kind.value} lacks rules, or has parameters nobody can follow"
        )
    return Obligation(kind=kind, rules=rules, params=params)


def _parse_verdict(value: Any) -> Verdict:
    verdict = _VERDICTS.get(value) if isinstance(value, str) else None
    if verdict is None:
        _refuse_answer("it has a verdict that is not known")
    return verdict


def _expect_table(value: Any, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        _refuse_answer("a field is missing or unknown")
    return value


def _expect_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        _refuse_answer("a list is missing")
    return value


def _expect_text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        _refuse_answer("a text is missing, empty or too long")
    return value


def _refuse_answer(what: str) -> NoReturn:
    raise StageUndefined(Stage.POLICY, f"the policies' answer cannot be used: {what}")


def _one_of(*values: str) -> Callable[[Any], bool]:
    return frozenset(values).__contains__


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


_MODE = _one_of("placeholder", "remove", "mask", "hmac", "pseudonym")
_POSITION = _one_of(*NoticePosition)
_NOTICE = _one_of(*NoticeKind)
_FORMAT = _one_of(*MarkFormatName)
_TEMPLATE = _one_of(*ReplacementTemplate)


def _can_redact(params: Mapping[str, Any]) -> bool:
    return (
        params.keys() == {"kinds", "mode"}
        and _is_text_list(params["kinds"])
        and _is_known(_MODE, params["mode"])
    )


def _can_disclose(params: Mapping[str, Any]) -> bool:
    return (
        params.keys() <= {"notice", "position"}
        and _is_known(_NOTICE, params.get("notice"))
        and _is_known(_POSITION, params.get("position", "start"))
    )


def _can_mark(params: Mapping[str, Any]) -> bool:
    return (
        params.keys() == {"formats"}
        and _is_text_list(params["formats"])
        and all(_FORMAT(name) for name in params["formats"])
    )


def _can_replace(params: Mapping[str, Any]) -> bool:
    return params.keys() == {"template"} and _is_known(_TEMPLATE, params["template"])


def _can_escalate(params: Mapping[str, Any]) -> bool:
    return (
        params.keys() <= {"to", "why"}
        and params.get("to") == "reviewer"
        and all(isinstance(value, str) for value in params.values())
    )


def _is_known(test: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, str) and test(value)


_PARAMS: Mapping[ObligationKind, Callable[[Mapping[str, Any]], bool]] = {
    ObligationKind.REDACT: _can_redact,
    ObligationKind.DISCLOSE: _can_disclose,
    ObligationKind.MARK: _can_mark,
    ObligationKind.REPLACE: _can_replace,
    ObligationKind.ESCALATE: _can_escalate,
}
