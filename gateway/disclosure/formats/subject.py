"""The input of machine-readable marks, and the interface of their formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

IPTC_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedText:
    """A text to be marked. `source_type` is a term of IPTC_VOCABULARY, `producer` the provider's
    name for authorities, `content_hash` that of `model.disclosure.Disclosure`."""

    message_id: str
    decision_id: str
    avatar: str
    language: str
    at: datetime
    source_type: str
    content_hash: str
    producer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFormat:
    """A format of marks that travel beside the text. `build` returns plain JSON."""

    name: str
    build: Callable[[MarkedText], Mapping[str, Any]]


def source_type(*, edited: bool, by_human: bool = False) -> str:
    """The IPTC term for a text that a person wrote, a model generated, or a model generated and a
    person edited."""
    if by_human:
        return "digitalCreation"
    return "compositeWithTrainedAlgorithmicMedia" if edited else "trainedAlgorithmicMedia"
