"""The shape of a legal rule's facts: `legal/<rule>/data.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from gateway.errors import PolicyInvalid
from gateway.model.submission import Channel
from gateway.policy.source import DataFile, Snapshot

PACK = "legal"

_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_CHANNELS = frozenset(channel.value for channel in Channel)


def legal_problems(snapshot: Snapshot) -> Iterator[PolicyInvalid]:
    """What is wrong with the facts of each rule of the legal pack."""
    facts = {}
    for file in snapshot.data_files:
        pack, _, rest = file.path.partition("/")
        rule, _, name = rest.partition("/")
        if pack == PACK and name:
            facts[rule] = file
    for module in snapshot.modules:
        pack, _, rest = module.path.partition("/")
        rule = rest.partition("/")[0]
        if pack == PACK and rule not in facts:
            yield PolicyInvalid(
                f"{PACK}/{rule}/data.yaml", "it is missing", "Write down the rule's facts."
            )
    for rule, file in facts.items():
        yield from _problems(rule, file)


def _problems(rule: str, file: DataFile) -> Iterator[PolicyInvalid]:
    facts = file.value
    if not isinstance(facts, dict):
        return
    for field, (test, wanted) in _FIELDS.items():
        if field not in facts:
            yield PolicyInvalid(file.path, f"{field} is missing", f"Write {wanted}.")
        elif not test(facts[field]):
            yield PolicyInvalid(file.path, f"{field} is not {wanted}", f"Write {wanted}.")
    for field in sorted(facts.keys() - _FIELDS.keys()):
        yield PolicyInvalid(file.path, f"{field} is not known", "Put it below params.")
    if str(facts.get("id", "")).replace(".", "_") != rule:
        yield PolicyInvalid(file.path, "id does not name its directory", "Use _ for each dot.")


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _list_of(test: Callable[[Any], Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(map(test, value))


def _one_of(*words: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: isinstance(value, str) and value in words, f"one of {', '.join(words)}"


_FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "id": (_text, "a dotted name"),
    "title": (_text, "a text"),
    "citation": (_text, "a text"),
    "url": (lambda value: _text(value) and value.startswith("https://"), "an https address"),
    "status": _one_of("in_force", "scheduled", "draft", "lapsed"),
    "effective_from": (_day, 'a day such as "2026-08-02"'),
    "effective_until": (lambda value: value is None or _day(value), "a day or null"),
    "jurisdictions": (
        _list_of(lambda one: isinstance(one, str) and _JURISDICTION.fullmatch(one)),
        "a list of codes such as EU, FR or US-CA",
    ),
    "channels": (_list_of(lambda one: one in _CHANNELS), "a list of channels"),
    "audience": _one_of("all", "companion", "minors"),
    "trigger": (_text, "a text"),
    "obligation": (_text, "a text"),
    "params": (lambda value: isinstance(value, dict), "a table"),
    "verified_on": (_day, 'a day such as "2026-11-22"'),
    "source_quality": _one_of("statute", "secondary", "memory"),
}
