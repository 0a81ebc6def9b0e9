"""What is sealed for each record: the texts, and all that an outcome is rebuilt from."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One record's texts. `document` is the policies' input, to judge again by; None where no
    policy decided."""

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


def dump(payload: Payload) -> bytes:
    """JSON, UTF-8. Raises TypeError for what JSON cannot say."""
    return orjson.dumps(payload, default=_plain)


def load(data: bytes) -> Payload:
    """What `dump` wrote, also by an older version: fields that are missing get their default."""
    found = _LOAD(orjson.loads(data))
    assert isinstance(found, Payload)  # noqa: S101 - what the loader below makes
    return found


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"a payload cannot hold a {type(value).__name__}")


def _loader(hint: Any) -> Load | None:
    """How a value of this type is made again from JSON; None: it is what JSON gives."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [_loader(one) for one in arguments if one is not type(None)]
        return inner and _optional(inner)
    if origin is tuple:
        item = _loader(arguments[0])
        return tuple if item is None else _items(item)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_loader(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return datetime.fromisoformat if hint is datetime else None


def _optional(inner: Load) -> Load:
    return lambda value: None if value is None else inner(value)


def _items(item: Load) -> Load:
    return lambda value: tuple([item(one) for one in value])


def _dataclass_loader(kind: type) -> Load:
    hints = get_type_hints(kind)
    names = {one.name for one in dataclasses.fields(kind)}
    loaders = [(name, loader) for name in names if (loader := _loader(hints[name]))]

    def load_one(value: dict[str, Any]) -> Any:
        if not value.keys() <= names:
            value = {name: one for name, one in value.items() if name in names}
        for name, loader in loaders:
            if name in value:
                value[name] = loader(value[name])
        return kind(**value)

    return load_one


_LOAD = _dataclass_loader(Payload)
