"""The legal rules: the shape of their facts, and the index by which policies find their duties.

A rule is `legal/<rule>/data.yaml`. Its duties are judged by `legal/duties/duties.rego`, which looks
them up in `law/data.json` by occasion and place; `law_index` makes that file from the facts, and
policies whose index is not that of their facts are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from gateway.errors import PolicyInvalid
from gateway.jurisdictions import CODE
from gateway.model.disclosure import MarkFormatName, NoticeKind, NoticePosition
from gateway.model.submission import Channel
from gateway.policy.packs.circumstances import ALWAYS, ANYWHERE, COUNTRIES, MEMBERS, TOLD
from gateway.policy.packs.source import DataFile, Snapshot

PACK = "legal"
INDEX = "law/data.json"

EVALUATOR = "duties"
"""The folder of the module that judges the facts of all rules."""
_CHANNELS = tuple(channel.value for channel in Channel)
_FOREVER = "9999"  # as text it is later than any day of `input.now`

LEGAL_NOTICES = (
    NoticeKind.AI,
    NoticeKind.AI_REMINDER,
    NoticeKind.AI_PUBLIC,
    NoticeKind.AI_ANSWER,
    NoticeKind.TAKE_A_BREAK,
    NoticeKind.AD,
)
"""Notices that a duty of a law may ask for."""

Facts = Mapping[str, Any]


def legal_problems(snapshot: Snapshot) -> Iterator[PolicyInvalid]:
    """Yield what is wrong with the facts of each rule of the legal pack, and with their index."""
    facts = dict(rule_files(snapshot))
    for module in snapshot.modules:
        pack, _, rest = module.path.partition("/")
        rule = rest.partition("/")[0]
        if pack == PACK and rule not in facts and rule != EVALUATOR:
            yield PolicyInvalid(
                f"{PACK}/{rule}/data.yaml", "it is missing", "Write down the rule's facts."
            )
    sound = True
    for rule, file in facts.items():
        for problem in _fact_problems(rule, file):
            sound = False
            yield problem
    if sound and facts and snapshot.data.get("law") != law_index(snapshot):
        yield PolicyInvalid(
            INDEX,
            "it is not the index of the legal rules as they are now",
            "Run `avatar-gateway policy index`.",
        )


def legal_rules(snapshot: Snapshot) -> tuple[Facts, ...]:
    """The facts of every legal rule, by id."""
    rules = [file.value for _, file in rule_files(snapshot) if isinstance(file.value, dict)]
    return tuple(sorted(rules, key=lambda facts: str(facts.get("id"))))


def law_index(snapshot: Snapshot) -> dict[str, Any]:
    """The content of `data.law`. `duties`, by occasion and place: each duty of each rule that is in
    force, scheduled or switched on, with its result when it is due. `rules`, by place: when and for
    whom each rule holds at all."""
    pack = snapshot.data.get(PACK, {})
    switched_on = pack.get("switched_on") or [] if isinstance(pack, Mapping) else []
    duties: dict[str, dict[str, list[dict[str, Any]]]] = {}
    rules: dict[str, list[dict[str, Any]]] = {}
    for facts in legal_rules(snapshot):
        optional = facts["status"] == "draft" or facts.get("opt_in", False)
        if facts["status"] == "lapsed" or (optional and facts["id"] not in switched_on):
            continue
        where = _lookup_places(facts["jurisdictions"])
        for place in where:
            rules.setdefault(place, []).append({"id": facts["id"], **_duty_scope(facts, {})})
        for duty in facts["duties"]:
            for occasion in _as_list(duty.get("when", ALWAYS)):
                for place in where:
                    lines = duties.setdefault(occasion, {}).setdefault(place, [])
                    lines.extend(_index_lines(facts, duty))
    return {"duties": duties, "rules": rules}


def index_text(snapshot: Snapshot) -> str:
    """The text of the index file. Raises the first PolicyInvalid of the facts."""
    for problem in legal_problems(snapshot):
        if problem.file != INDEX:
            raise problem
    return json.dumps(law_index(snapshot), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def rule_files(snapshot: Snapshot) -> Iterator[tuple[str, DataFile]]:
    """Yield name and facts of each rule of the legal pack that has facts."""
    for file in snapshot.data_files:
        pack, _, rest = file.path.partition("/")
        rule, _, name = rest.partition("/")
        if pack == PACK and name:
            yield rule, file


def _lookup_places(jurisdictions: Iterable[str]) -> list[str]:
    """The places (see circumstances.places) that a rule for `jurisdictions` is looked up by."""
    lookup = {ANYWHERE}
    for code in jurisdictions:
        country, _, within = code.partition("-")
        lookup.add(code)
        if country in MEMBERS:
            lookup.add("EU-*")
        if within:
            lookup.add(f"{country}-*")
    return sorted(lookup)


def _duty_scope(facts: Facts, duty: Facts) -> dict[str, Any]:
    """From when until when and for whom a duty holds. The policies compare each field with the
    document."""
    minors = facts["audience"] == "minors" or duty.get("minors", False)
    return {
        "channels": dict.fromkeys(duty.get("channels", facts["channels"]), True),
        "from": _utc_moment(duty.get("from", facts["effective_from"])) or "",
        "until": _utc_moment(duty.get("until", facts["effective_until"])) or _FOREVER,
        "spares_minor": "no" if minors else "",
        "spares_companion": False if facts["audience"] == "companion" else None,
    }


def _index_lines(facts: Facts, duty: Facts) -> Iterator[dict[str, Any]]:
    """Yield one line for each way in which the duty falls due."""
    notice = duty.get("notice")
    measured = "told" if notice in TOLD else notice
    dues: list[tuple[str, Any]] = []
    if duty.get("start"):
        dues.append(("start", 0))
    for field, since in (("every_s", measured), ("full_s", notice), ("gap_s", "gap")):
        if field in duty:
            dues.append((str(since), duty[field]))
    says = _duty_result(facts, duty)
    for since, wanted in dues or [("each", 0)]:
        scope = _duty_scope(facts, duty)
        by_seconds: dict[int, list[str]] = {}
        for channel in scope["channels"]:
            seconds = wanted.get(channel) if isinstance(wanted, Mapping) else wanted
            if seconds is not None:
                by_seconds.setdefault(seconds, []).append(channel)
        for seconds, channels in by_seconds.items():
            narrow = {**scope, "channels": dict.fromkeys(channels, True)}
            yield {"says": says, "since": since, "seconds": seconds, **narrow}


def _duty_result(facts: Facts, duty: Facts) -> dict[str, Any]:
    """The result of a duty that is due, as main.rego collects it."""
    obligations: list[dict[str, Any]] = []
    if "notice" in duty:
        position = duty.get("position", "start")
        obligations.append(
            {"kind": "disclose", "params": {"notice": duty["notice"], "position": position}}
        )
    if "marks" in duty:
        obligations.append({"kind": "mark", "params": {"formats": duty["marks"]}})
    if "escalate" in duty:
        params = {"to": "reviewer", "why": duty["escalate"]}
        obligations.append({"kind": "escalate", "params": params})
    return {
        "rule": facts["id"],
        "text": " ".join(duty["text"].split()),
        "verdict": duty.get("verdict", "publish"),
        "obligations": obligations,
    }


def _utc_moment(value: str | None) -> str | None:
    """A day as it is, or a moment in the form of `input.now`, so that text order is time order."""
    if value is None or len(value) == len("2026-08-02"):
        return value
    moment = datetime.fromisoformat(value).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _fact_problems(rule: str, file: DataFile) -> Iterator[PolicyInvalid]:
    facts = file.value
    if not isinstance(facts, dict):
        yield PolicyInvalid(file.path, "it is not a table", "Write the rule's facts.")
        return
    yield from _field_problems(file.path, "", facts, _FIELDS, _MAYBE)
    if str(facts.get("id", "")).replace(".", "_") != rule:
        yield PolicyInvalid(file.path, "id does not name its directory", "Use _ for each dot.")
    if facts.get("effective_from") is None and facts.get("status") != "draft":
        yield PolicyInvalid(file.path, "effective_from is not a day", "Only drafts have none.")
    duties = facts.get("duties")
    for number, duty in enumerate(duties if isinstance(duties, list) else ()):
        if not isinstance(duty, dict):
            yield PolicyInvalid(file.path, f"duties[{number}] is not a table", "Write a table.")
            continue
        yield from _field_problems(file.path, f"duties[{number}].", duty, _DUTY, _DUTY_MAYBE)
        timed = duty.keys() & {"start", "every_s", "full_s", "gap_s"}
        if timed and duty.get("notice") not in _TIMED:
            yield PolicyInvalid(
                file.path,
                f"duties[{number}] waits, but its notice has no clock",
                f"Write a notice that is one of {', '.join(_TIMED)}.",
            )
        if duty.get("verdict", "publish") == "publish" and not duty.keys() & _DOING:
            yield PolicyInvalid(
                file.path, f"duties[{number}] asks for nothing", f"Write {', '.join(_DOING)}."
            )


def _field_problems(
    path: str, at: str, facts: Facts, needed: Mapping[str, Any], maybe: Mapping[str, Any]
) -> Iterator[PolicyInvalid]:
    for field, (test, wanted) in {**needed, **maybe}.items():
        if field not in facts:
            if field in needed:
                yield PolicyInvalid(path, f"{at}{field} is missing", f"Write {wanted}.")
        elif not test(facts[field]):
            yield PolicyInvalid(path, f"{at}{field} is not {wanted}", f"Write {wanted}.")
    for field in sorted(facts.keys() - needed.keys() - maybe.keys()):
        yield PolicyInvalid(path, f"{at}{field} is not known", "Put it below params.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_instant(value: Any) -> bool:
    try:
        return _is_day(value) or datetime.fromisoformat(value).tzinfo is not None
    except (ValueError, TypeError):
        return False


def _is_seconds(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(
            name in _CHANNELS and _is_seconds(seconds) and not isinstance(seconds, dict)
            for name, seconds in value.items()
        )
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_jurisdiction(value: Any) -> bool:
    """Whether `value` is a jurisdiction. Subdivisions are allowed only of COUNTRIES: elsewhere a
    rule for one would miss people of whom only the country is known."""
    if not isinstance(value, str) or not re.fullmatch(CODE, value):
        return False
    country, _, within = value.partition("-")
    return not within or country in COUNTRIES


def _list_of(test: Callable[[Any], Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(map(test, value))


def _one_of(*words: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: isinstance(value, str) and value in words, f"one of {', '.join(words)}"


_Fields = Mapping[str, tuple[Callable[[Any], bool], str]]

_CHANNEL_LIST = (_list_of(lambda channel: channel in _CHANNELS), "a list of channels")
_FIELDS: _Fields = {
    "id": (_is_text, "a dotted name"),
    "title": (_is_text, "a text"),
    "citation": (_is_text, "a text"),
    "url": (lambda value: _is_text(value) and value.startswith("https://"), "an https address"),
    "status": _one_of("in_force", "scheduled", "draft", "lapsed"),
    "effective_from": (lambda value: value is None or _is_day(value), 'a day such as "2026-08-02"'),
    "effective_until": (lambda value: value is None or _is_day(value), "a day or null"),
    "jurisdictions": (_list_of(_is_jurisdiction), "a list of codes such as EU, FR or US-CA"),
    "channels": _CHANNEL_LIST,
    "audience": _one_of("all", "companion", "minors"),
    "trigger": (_is_text, "a text"),
    "obligation": (_is_text, "a text"),
    "params": (lambda value: isinstance(value, dict), "a table"),
    "duties": (lambda value: isinstance(value, list), "a list, empty for a rule without any"),
    "verified_on": (_is_day, 'a day such as "2026-11-22"'),
    "source_quality": _one_of("statute", "secondary", "memory"),
}
_MAYBE: _Fields = {
    "reading": (_is_text, "a text"),
    "kept_by": (_is_text, "a text"),
    "opt_in": (lambda value: isinstance(value, bool), "true or false"),
}
_DUTY: _Fields = {"text": (_is_text, "a text")}
_DUTY_MAYBE: _Fields = {
    "when": (lambda value: _is_text(value) or _list_of(_is_text)(value), "an occasion, or a list"),
    "notice": _one_of(*LEGAL_NOTICES),
    "position": _one_of(*NoticePosition),
    "marks": (_list_of(lambda value: value in tuple(MarkFormatName)), "a list of marks"),
    "escalate": (_is_text, "why a person must look"),
    "verdict": _one_of("publish", "hold", "block"),
    "start": (lambda value: value is True, "true"),
    "every_s": (_is_seconds, "seconds, or seconds by channel"),
    "full_s": (_is_seconds, "seconds, or seconds by channel"),
    "gap_s": (_is_seconds, "seconds, or seconds by channel"),
    "minors": (lambda value: isinstance(value, bool), "true or false"),
    "channels": _CHANNEL_LIST,
    "from": (_is_instant, "a day, or a moment with its offset"),
    "until": (_is_instant, "a day, or a moment with its offset"),
}
_TIMED = (*TOLD, NoticeKind.AI_PUBLIC, NoticeKind.TAKE_A_BREAK)
"""Notices that may be due again after some time: the input document says how long ago they were
shown."""
_DOING = ("notice", "marks", "escalate")
