from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import PolicyInvalid
from gateway.model.decision import Facts
from gateway.model.finding import Finding, Stage
from gateway.model.text import Mapped
from gateway.policy.engine.signals import MAX_FINDINGS, PhraseMatcher, SignalDetector
from gateway.policy.packs.phrases import read_patterns
from gateway.policy.packs.source import DataFile, load_snapshot
from gateway.text.reader import TextReader

Make = Callable[..., Facts]


def _file(name: str, patterns: list[str], where: str = "text", language: str = "en") -> DataFile:
    return DataFile(
        f"{name}.phrases.yaml",
        {"list": name, "in": [where], "languages": {language: patterns}},
    )


PHRASES = [
    _file("creator.promise", ["i promise", "no"]),
    _file("creator.asked", ["are you (?:real|human)"], "human"),
    _file("creator.promise", ["je promets"], language="fr"),
]


@pytest.fixture
def detector(reader: TextReader) -> SignalDetector:
    return SignalDetector(phrases=PHRASES, read=reader)


async def _found(detector: SignalDetector, facts: Facts) -> tuple[Finding, ...]:
    return (await detector.detect(facts.submission, facts.read)).findings


async def test_findings_point_into_the_submitted_text(
    detector: SignalDetector, make_facts: Make
) -> None:
    text = "Léa:\u200b I  pr\u00f3mise!"
    (found,) = await _found(detector, make_facts(text))
    assert text[found.start : found.end] == "I  pr\u00f3mise"
    assert (found.stage, found.kind, found.source) == (
        Stage.SIGNALS,
        "creator.promise",
        "en:i promise",
    )
    assert not found.in_human_text


async def test_the_human_is_searched_for_other_lists(
    detector: SignalDetector, make_facts: Make
) -> None:
    question = "hey, are you REAL?"
    (found,) = await _found(detector, make_facts("Hello!", human_text=question))
    assert found.kind == "creator.asked"
    assert found.in_human_text
    assert question[found.start : found.end] == "are you REAL"
    assert await _found(detector, make_facts("are you real?")) == ()
    assert await _found(detector, make_facts("Hi", human_text="i promise")) == ()


async def test_neighbours_are_all_found(detector: SignalDetector, make_facts: Make) -> None:
    found = await _found(detector, make_facts("no no no"))
    assert [(one.start, one.end) for one in found] == [(0, 2), (3, 5), (6, 8)]


async def test_underscores_are_spaces(detector: SignalDetector, make_facts: Make) -> None:
    assert len(await _found(detector, make_facts("_I_promise_"))) == 1


async def test_languages_are_all_tried(detector: SignalDetector, make_facts: Make) -> None:
    (found,) = await _found(detector, make_facts("je promets", language="en"))
    assert found.source == "fr:je promets"


async def test_a_list_is_found_a_bounded_number_of_times(
    detector: SignalDetector, make_facts: Make
) -> None:
    assert len(await _found(detector, make_facts("no " * 2_000))) == MAX_FINDINGS


async def test_long_texts_are_searched_to_their_end(
    detector: SignalDetector, make_facts: Make
) -> None:
    text = "words and more words. " * 2_000 + "I promise."
    (found,) = await _found(detector, make_facts(text))
    assert text[found.start : found.end] == "I promise"


async def test_the_detection_names_its_lists(
    detector: SignalDetector, reader: TextReader, make_facts: Make
) -> None:
    facts = make_facts()
    first = await detector.detect(facts.submission, facts.read)
    other = SignalDetector(phrases=PHRASES[:1], read=reader)
    second = await other.detect(facts.submission, facts.read)
    assert first.stage is Stage.SIGNALS is detector.stage
    assert first.models[0].id == "phrases"
    assert first.models[0].sha256 != second.models[0].sha256


async def test_without_phrases_nothing_is_found(reader: TextReader, make_facts: Make) -> None:
    detector = SignalDetector(phrases=[], read=reader)
    await detector.warm()
    assert await _found(detector, make_facts("i promise", human_text="are you real")) == ()
    await detector.close()


async def test_each_detector_looks_for_its_own_phrases(
    detector: SignalDetector, reader: TextReader, make_facts: Make
) -> None:
    other = SignalDetector(phrases=[_file("creator.other", ["hello"])], read=reader)
    assert await _found(detector, make_facts("hello")) == ()
    assert detector.identity != other.identity
    assert [one.kind for one in await _found(other, make_facts("hello"))] == ["creator.other"]
    with pytest.raises(PolicyInvalid):
        SignalDetector(phrases=[_file("creator.other", ["(a"])], read=reader)
    assert len(await _found(other, make_facts("hello"))) == 1


async def test_many_at_once(detector: SignalDetector, make_facts: Make) -> None:
    await detector.warm()
    facts = [make_facts("I promise" if number % 2 else "hi") for number in range(20)]
    found = await asyncio.gather(*(_found(detector, one) for one in facts))
    assert [len(one) for one in found] == [0, 1] * 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["alpha", "beta", "gamma delta", "жук", "好的"]), max_size=6),
    st.sampled_from([" ", ", ", "\n", " - ", "; "]),
)
def test_all_patterns_together_find_what_each_finds_alone(words: list[str], gap: str) -> None:
    files = [
        _file("creator.latin", ["alpha", "beta|alphabet", "gamma delta"]),
        _file("creator.cyrillic", ["жук"], language="ru"),
        _file("creator.han", ["好的"], language="zh"),
    ]
    text = gap.join(words)
    mapped = Mapped(text, tuple(range(len(text) + 1)))
    patterns = read_patterns(files)
    together = PhraseMatcher(patterns, in_human_text=False).findings(mapped)
    alone = [
        finding
        for pattern in patterns
        for finding in PhraseMatcher([pattern], in_human_text=False).findings(mapped)
    ]
    assert set(together) == set(alone)
    assert len(together) == len(words)


def _examples(shipped: Path) -> list[Path]:
    return sorted(shipped.rglob("examples.yaml"))


def test_the_shipped_phrases_find_their_examples(shipped: Path, reader: TextReader) -> None:
    all_patterns = read_patterns(load_snapshot(shipped).phrases)
    assert _examples(shipped)
    wrong = []
    for file in _examples(shipped):
        examples = yaml.safe_load(file.read_text(encoding="utf-8"))
        patterns = [one for one in all_patterns if one.list == examples["list"]]
        matcher = PhraseMatcher(patterns, in_human_text=False)
        for expected, kind in ((True, "hits"), (False, "misses")):
            for language, sentences in examples[kind].items():
                wrong += [
                    f"{examples['list']} {kind} {language}: {sentence}"
                    for sentence in sentences
                    if bool(matcher.findings(reader(sentence, None).folded)) is not expected
                ]
    assert wrong == []
