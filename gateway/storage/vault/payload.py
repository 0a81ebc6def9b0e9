"""The payload that is sealed for each record: its texts, and what an outcome is rebuilt from."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson

from gateway.model.decision import Reason
from gateway.model.disclosure import Disclosure
from gateway.model.finding import Unavailable
from gateway.model.obligation import Obligation
from gateway.model.receipt import Receipt
from gateway.model.record import Record, TextCommitment
from gateway.model.submission import Submission

Load = Callable[[Any], Any]
"""Builds a value from its JSON form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The texts of a record, and what its outcome needs beside the database's columns.

    `document` is the policies' input, by which the message can be judged again; None when no
    policy decided.
    """

    submission: Submission
    reasons: tuple[Reason, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    disclosure: Disclosure | None = None
    receipt: Receipt | None = None
    redacted_kinds: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    document: Mapping[str, Any] | None = None
    commitment: TextCommitment | None = None


def payload_of(record: Record) -> Payload:
    """The payload of a record."""
    judgement, decision = record.judgement, record.grounds.decision
    return Payload(
        submission=record.submission,
        reasons=judgement.reasons,
        obligations=judgement.obligations,
        unavailable=judgement.unavailable,
        disclosure=judgement.disclosure,
        receipt=judgement.receipt,
        redacted_kinds=judgement.redacted_kinds,
        timings_ms=judgement.timings_ms,
        document=decision.document if decision else None,
        commitment=record.commitment,
    )


def dump_payload(payload: Payload) -> bytes:
    """Encode a payload as JSON, UTF-8. Raises TypeError for what JSON cannot express."""
    return orjson.dumps(payload, default=_json_default)


def load_payload(data: bytes) -> Payload:
    """Decode what `dump_payload` of this or an older version wrote; missing fields get their
    defaults."""
    payload = _LOAD(orjson.loads(data))
    assert isinstance(payload, Payload)  # noqa: S101 - what the loader below makes
    return payload


def _json_default(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"a payload cannot hold a {type(value).__name__}")


def _loader_of(hint: Any) -> Load | None:
    """What builds a value of the type `hint` from JSON; None when JSON gives that type already."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [_loader_of(argument) for argument in arguments if argument is not type(None)]
        return inner and _optional_loader(inner)
    if origin is tuple:
        item = _loader_of(arguments[0])
        return tuple if item is None else _tuple_loader(item)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_loader(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return datetime.fromisoformat if hint is datetime else None


def _optional_loader(inner: Load) -> Load:
    return lambda value: None if value is None else inner(value)


def _tuple_loader(item: Load) -> Load:
    return lambda value: tuple([item(element) for element in value])


def _dataclass_loader(kind: type) -> Load:
    hints = get_type_hints(kind)
    names = {member.name for member in dataclasses.fields(kind)}
    loaders = [(name, loader) for name in names if (loader := _loader_of(hints[name]))]

    def load_instance(value: dict[str, Any]) -> Any:
        if not value.keys() <= names:  # written by a newer version
            value = {name: part for name, part in value.items() if name in names}
        for name, loader in loaders:
            if name in value:
                value[name] = loader(value[name])
        return kind(**value)

    return load_instance


_LOAD = _dataclass_loader(Payload)
