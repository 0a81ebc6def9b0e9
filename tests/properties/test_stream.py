"""However a text comes in pieces, and whenever they come, nothing leaks that the whole would not
have shown, and what is not held up by time is cut alike."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.messages import direct
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.submission import StreamPart
from gateway.pii.detector import PiiDetector
from gateway.pii.recognizers import all_rules, placeholders_of
from gateway.pii.recognizers.generic.number_words import number_words
from gateway.pii.redaction import make_redactor
from gateway.pipeline.stream.hold_back import (
    CheckWhole,
    Command,
    Event,
    FinishStream,
    HoldBack,
    JudgeSegment,
    ReleaseText,
    SegmentPassed,
    TextAppended,
    TextEnded,
    TimePassed,
    WholeChecked,
)
from gateway.pipeline.stream.segments import soft_end
from gateway.text.reader import TextReader
from tests.properties.test_pii import VALUES

REDACT = make_redactor(b"k" * 32, placeholders_of(all_rules()))
READ = TextReader()
ORDER = Obligation(kind=ObligationKind.REDACT, rules=("r",), params={"kinds": ["*"]})
PLAIN = (
    "bonjour", "très", "bien", "voilà", "merci", "ensemble", "demain", "quelque", "chose",
    "vraiment,", "content", "avec", "toi", "pour", "sûr", "donc,", "alors", "encore",
)  # fmt: skip
CODED = (
    "john&#64;example.com", "jean&commat;example&period;org", "jean%2Edupont%40example.org",
    "0612<b></b>345678", "06 12 <i>34</i> 56 78", "06 12 3<!-- -->4 56 78",
    "4111 11**11** 1111 1111", "john\\u0040example.com",
)  # fmt: skip
SAID = (
    "null eins sieben sechs eins zwei drei vier fünf sechs sieben", "jean małpa gmail kropka com",
    "zero sei uno due tre quattro cinque sei sette otto nove", "jean chiocciola gmail punto com",
    "電話 一三八，零零一三，八零零零", "zhang艾特qq点com", "john at gmail period com",
    "hong 골뱅이 naver 닷 컴",
    "routing number 021000021 account number 123456789012", "Hauptstraße 12, 10115 Berlin",
    "Straße des 17. Juni 135, 10623 Berlin", "Piazza della Repubblica 12, 20124 Milano MI",
)  # fmt: skip
ENDS = (". ", " ! ", "… ", "\n", " ? ")
PLACEHOLDER = regex.compile(r"\[[^\]\n]*\]")

Piece = tuple[str, float]


class House:
    """The real detector and redactor, as a judge that always publishes."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._detector = PiiDetector()
        self._runner.run(self._detector.warm())

    def strip(self, context: str, text: str) -> str:
        part = StreamPart(id="s", number=0, fresh=len(context))
        said = direct(context + text, language="fr")
        read = READ(said.text, "fr")
        found = self._runner.run(self._detector.detect(said, read))
        object.__setattr__(said, "stream", part)
        return REDACT(said, read, [found], [ORDER]).text

    def close(self) -> None:
        self._runner.run(self._detector.close())
        self._runner.close()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def play(
    house: House, pieces: Sequence[Piece], *, slow: int = 0
) -> tuple[list[str], list[JudgeSegment]]:
    """What is released of `pieces` (text, seconds before it), when a verdict comes `slow` events
    late."""
    core, now = HoldBack(language="fr"), 0.0
    released: list[str] = []
    judged: list[JudgeSegment] = []
    waiting: list[tuple[int, Event]] = []

    def carry_out(commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case JudgeSegment(context=context, text=text):
                    judged.append(command)
                    waiting.append((slow, SegmentPassed(house.strip(context, text))))
                case CheckWhole():
                    waiting.append((slow, WholeChecked(stands=True)))
                case ReleaseText(text=text):
                    released.append(text)
                case FinishStream(reason=reason):
                    assert reason == "stop"

    def handle(event: Event) -> None:
        carry_out(core.handle(event, now))
        for index, (left, verdict) in enumerate(waiting):
            waiting[index] = (left - 1, verdict)
        while waiting and waiting[0][0] < 0:
            carry_out(core.handle(waiting.pop(0)[1], now))

    for text, gap in pieces:
        comes = now + gap
        while (due := core.due_in(now)) is not None and now + due <= comes:
            now += due + 0.001
            handle(TimePassed())
        now = max(now, comes)
        handle(TextAppended(text))
    handle(TextEnded())
    while waiting:
        carry_out(core.handle(waiting.pop(0)[1], now))
    assert core.is_done
    return released, judged


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Plain words, values among them, sentences that end here and there."""
    said = []
    for _ in range(draw(st.integers(1, 6))):
        words = draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=12))
        words[0] = words[0].capitalize()
        if draw(st.booleans()):
            words.insert(
                draw(st.integers(1, len(words))), draw(st.sampled_from((*VALUES, *CODED, *SAID)))
            )
        said.append(" ".join(words) + draw(st.sampled_from(ENDS)))
    return "".join(said)


@st.composite
def texts_in_pieces(draw: st.DrawFn, gaps: st.SearchStrategy[float]) -> list[Piece]:
    text = draw(texts())
    cuts = draw(st.lists(st.integers(1, max(1, len(text) - 1)), max_size=40, unique=True))
    edges = [0, *sorted(cuts), len(text)]
    return [(text[a:b], draw(gaps)) for a, b in itertools.pairwise(edges)]


def whole(pieces: Sequence[Piece]) -> str:
    return "".join(text for text, _ in pieces)


LETTERS = [
    (letter, 0.0) for letter in "Bonjour M. Dupont. Merci ! Voilà 3.14 et 06 12 34 56 78. Encore "
]


def left(text: str) -> list[str]:
    """The words of a text without its placeholders, each in its plainest form."""
    words = regex.findall(r"\w+", PLACEHOLDER.sub(" ", text))
    return sorted(words)


def leaked(whole: str, streamed: str) -> list[str]:
    """Words that the stream shows and the whole does not."""
    allowed = left(whole)
    found = []
    for word in left(streamed):
        if word in allowed:
            allowed.remove(word)
        else:
            found.append(word)
    return found


@settings(max_examples=150, deadline=None)
@given(
    pieces=texts_in_pieces(st.sampled_from((0.0, 0.0, 0.05, 0.3, 0.8, 2.0))),
    slow=st.integers(0, 3),
)
def test_nothing_leaks_however_it_comes(house: House, pieces: list[Piece], slow: int) -> None:
    released, _ = play(house, pieces, slow=slow)
    assert leaked(house.strip("", whole(pieces)), "".join(released)) == []


@pytest.mark.parametrize("value", [*VALUES, *CODED, *SAID])
def test_nothing_leaks_letter_by_letter(house: House, value: str) -> None:
    text = f"Bonjour toi, voilà quelque chose pour demain {value} et merci encore. Bien sûr. Merci"
    for gap in (0.0, 0.1, 0.9):
        released, _ = play(house, [(letter, gap) for letter in text])
        assert leaked(house.strip("", text), "".join(released)) == []


# Words that sentences are full of: a number of such alone is none.
EVERYDAY = {"un", "uno", "um", "sei"}


def test_no_text_is_cut_beside_a_number_that_is_said() -> None:
    for said in number_words().keys() - EVERYDAY:
        text = f"so here is a plain text with {said} in the middle of it and some words more"
        cut = soft_end(text)
        assert cut is None or said in text[cut:], said


@settings(max_examples=60, deadline=None)
@given(pieces=texts_in_pieces(st.just(0.0)))
@example(pieces=LETTERS)
def test_without_haste_it_is_cut_alike(house: House, pieces: list[Piece]) -> None:
    assert play(house, pieces) == play(house, [(whole(pieces), 0.0)])


@settings(max_examples=100, deadline=None)
@given(texts())
def test_what_is_judged_is_the_whole_text_in_order(house: House, text: str) -> None:
    _, judged = play(house, [(letter, 0.2) for letter in text])
    assert "".join("".join(one.text.split()) for one in judged) == "".join(text.split())
    assert [one.number for one in judged] == list(range(len(judged)))
