"""Notices, positions, marks and templates are enumerated in model/disclosure.py; whoever else
writes them down (policies, schemas, wording, formats) writes these and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from gateway.disclosure.formats import EMBEDDED, FORMATS
from gateway.disclosure.wording import NOTICES, TEMPLATES, load_wording
from gateway.model.disclosure import (
    MarkFormatName,
    NoticeKind,
    NoticePosition,
    ReplacementTemplate,
)
from gateway.policy.packs.circumstances import MEASURES, TOLD
from gateway.policy.packs.legal import _TIMED, LEGAL_NOTICES
from gateway.policy.packs.source import load_snapshot

VOCABULARIES: dict[str, type[StrEnum]] = {
    "notice": NoticeKind,
    "position": NoticePosition,
    "template": ReplacementTemplate,
    "formats": MarkFormatName,
    "marks": MarkFormatName,
}
LITERAL = re.compile(r'"(notice|position|template|formats)":\s*("[^"]*"|\[[^\]]*\])')


def _named(value: Any) -> Iterator[tuple[str, str]]:
    """(key, word) of each such parameter in a JSON value."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in VOCABULARIES and isinstance(item, str | list):
                words = [item] if isinstance(item, str) else item
                yield from ((key, word) for word in words)
            else:
                yield from _named(item)


def test_the_policies_write_no_other_words(shipped: Path) -> None:
    snapshot = load_snapshot(shipped)
    words = set(_named([file.value for file in snapshot.data_files]))
    for module in (*snapshot.modules, *snapshot.tests):
        for key, literal in LITERAL.findall(module.text):
            words |= set(_named({key: json.loads(literal)}))
    assert {key for key, _ in words} == set(VOCABULARIES)
    for key, word in words:
        assert word in tuple(VOCABULARIES[key]), (key, word)


def test_the_schema_has_a_clock_for_each_notice_that_waits(shipped: Path) -> None:
    schema = json.loads((shipped / "schemas/input.schema.json").read_text(encoding="utf-8"))
    since = next(iter(_properties(schema, "since_s")))
    assert set(since["required"]) == set(since["properties"]) == set(MEASURES)
    for notice in _TIMED:
        assert ("told" if notice in TOLD else notice) in MEASURES


def _properties(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        for item in value.values():
            yield from _properties(item, name)


def test_laws_ask_for_notices_that_are_known() -> None:
    assert set(LEGAL_NOTICES) <= set(NoticeKind)
    assert set(_TIMED) <= set(LEGAL_NOTICES)


def test_each_word_can_be_carried_out() -> None:
    wording = load_wording()
    assert tuple(NoticeKind) == NOTICES
    assert tuple(ReplacementTemplate) == TEMPLATES
    for language in wording.notices:
        assert set(wording.notices[language]) == set(NoticeKind)
        assert set(wording.templates[language]) == set(ReplacementTemplate)
    assert {*EMBEDDED, *(form.name for form in FORMATS)} == set(MarkFormatName)


@pytest.mark.parametrize(
    "vocabulary", dict.fromkeys(VOCABULARIES.values()), ids=lambda one: one.__name__
)
def test_plain_text_is_what_leaves(vocabulary: type[StrEnum]) -> None:
    """Policies, payloads and the log compare and store them as text."""
    for word in vocabulary:
        assert json.dumps(word) == f'"{word}"' == json.dumps(word.value)
