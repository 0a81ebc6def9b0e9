"""What is found is stripped whole, and nothing else changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.messages import direct
from gateway.model.disclosure import Redaction
from gateway.model.finding import Detection, Finding, Stage
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.text import ReadText
from gateway.pii.detector import PiiDetector
from gateway.pii.public_facts import without_public_facts
from gateway.pii.recognizers import all_rules, placeholders_of
from gateway.pii.redaction import MODES, make_redactor
from gateway.text.reader import TextReader

REDACT = make_redactor(b"k" * 32, placeholders_of(all_rules()))
READ = TextReader()
VALUES = (
    "jean.dupont@example.org", "j.o+x@mail.example.co.uk", "john at gmail dot com",
    "jean arobase free point fr", "06 12 34 56 78", "0612345678", "+33 (0)6 12 34 56 78",
    "O6 12 34 56 78", "4111 1111 1111 1111", "FR76 3000 6000 0112 3456 7890 189",
    "2 95 10 99 126 111 93", "732 829 320 00074", "192.168.10.25", "731-83-4418",
    "https://example.com/a?b=1", "AB-123-CD", "12 rue de la Paix", "75002 Paris",
    "zéro six douze trente-quatre cinquante-six soixante-dix-huit",
    "sk-proj-a1b2c3d4e5f6a7b8c9d0e1f2",
)  # fmt: skip
# Nothing in here can be mistaken for a part of a value.
WORDS = ("mot", "très", "ok", "« oui »", "🙂", "👨‍👩‍👧", "merci !", "(voilà)", "漢字", "\n", "…")
HIDDEN = ("\u200b", "\u2060", "\ufeff")


@pytest.fixture(scope="module")
def detector() -> Iterator[PiiDetector]:
    made = PiiDetector()
    asyncio.run(made.warm())
    yield made
    asyncio.run(made.close())


def strip(text: str, read: ReadText, detection: Detection, mode: str) -> Redaction:
    order = Obligation(
        kind=ObligationKind.REDACT, rules=("r",), params={"kinds": ["*"], "mode": mode}
    )
    return REDACT(direct(text, language="fr"), read, [detection], [order])


@st.composite
def hidden_in(draw: st.DrawFn, value: str) -> str:
    """The value, perhaps with an invisible character somewhere inside."""
    at = draw(st.integers(0, len(value)))
    return value[:at] + draw(st.sampled_from(("", "", *HIDDEN))) + value[at:]


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text of words and values in turn, and its words."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
    pieces = []
    for word in words:
        pieces.append(word)
        if draw(st.booleans()):
            pieces.append(draw(hidden_in(draw(st.sampled_from(VALUES)))))
            pieces.append("mot")
    return " ".join(pieces), [piece for piece in pieces if piece in WORDS]


@settings(max_examples=150, deadline=None)
@given(message=messages(), mode=st.sampled_from(MODES))
def test_no_part_of_a_value_is_left_and_the_words_stay(
    detector: PiiDetector, message: tuple[str, list[str]], mode: str
) -> None:
    text, words = message
    read = READ(text, "fr")
    detection = asyncio.run(detector.detect(direct(text, language="fr"), read))
    redaction = strip(text, read, detection, mode)
    left = outside(redaction)
    assert not any(char.isdigit() or char in "@/" for char in left), left
    for piece in ("jean", "john", "gmail", "example", "rue", "Paris", "zéro", "huit", "sk-"):
        assert piece not in left
    clean_words = [READ(word, "fr").clean.text.strip() for word in words]
    position = 0
    for word in clean_words:
        position = left.index(word, position) + len(word)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.text(
        st.sampled_from("aé\u0301\u200b\u200d👨👩🏽1\ufe0f\u20e3ﬁ Å가\u1100\u1161"), max_size=20
    ),
    spans=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
    mode=st.sampled_from(MODES),
)
def test_any_spans_are_stripped_and_the_rest_stays_as_it_is(
    text: str, spans: list[tuple[int, int]], mode: str
) -> None:
    read = READ(text, None)
    spans = [(min(a, b), max(a, b)) for a, b in spans if max(a, b) <= len(text) and a != b]
    detection = Detection(
        stage=Stage.PII,
        findings=tuple(
            Finding(stage=Stage.PII, kind="X", score=0.5, start=start, end=end, source="s")
            for start, end in spans
        ),
    )
    redaction = strip(text, read, detection, mode)
    left = outside(redaction)
    covered: set[int] = set()
    for start, end in spans:
        covered.update(range(*read.clean.from_original(start, end)))
    allowed = [char for at, char in enumerate(read.clean.text) if at not in covered]
    assert Counter(left) <= Counter(allowed)
    assert is_subsequence(left, read.clean.text)
    if not spans:
        assert redaction.text == read.clean.text


@settings(max_examples=100, deadline=None)
@given(value=st.sampled_from(VALUES), other=st.sampled_from(VALUES))
def test_a_public_fact_spares_itself_alone(detector: PiiDetector, value: str, other: str) -> None:
    text = f"mot {value} mot {other} mot"
    read = READ(text, "fr")
    detection = asyncio.run(detector.detect(direct(text, language="fr"), read))
    spared = without_public_facts(detection, read, (value,))
    assert set(spared.findings) <= set(detection.findings)
    left = {text[one.start : one.end] for one in spared.findings}
    assert value not in left
    if other != value and other in {text[one.start : one.end] for one in detection.findings}:
        assert (other in left) or _same_number(value, other)


def _same_number(one: str, other: str) -> bool:
    digits = ["".join(char for char in text if char.isdigit())[-8:] for text in (one, other)]
    return digits[0] == digits[1] or "O6" in one + other or "zéro" in one + other


def outside(redaction: Redaction) -> str:
    """The redacted text without what was put in."""
    pieces = []
    position = 0
    for one in redaction.replacements:
        assert redaction.text.startswith(one.replacement, one.at)
        pieces.append(redaction.text[position : one.at])
        position = one.at + len(one.replacement)
    pieces.append(redaction.text[position:])
    return "".join(pieces)


def is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in part)
