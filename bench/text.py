"""Reading: its cost, and how often it recognises the language of a short message."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import median

from bench.figure import Figure, cpu_interleaved, labelled_data
from bench.messages import MESSAGES
from gateway.text.reader import TextReader

_TIMES = 60  # over all messages, in each round
_SAMPLE = 3_000  # messages
_NOISE = re.compile(r"@user|@url|https?://\S+|@\w+|\bRT\b|&\w+;")
_WORD = re.compile(r"[^\W\d_]+")


def measure() -> Iterator[Figure]:
    reader = TextReader()
    yield from _cost(reader)
    yield _language(reader, "en", _english())
    yield _language(reader, "fr", _french())


def _cost(reader: TextReader) -> Iterator[Figure]:
    garbled = [_garble(message) for message in MESSAGES]
    taken = cpu_interleaved([lambda: _read(reader, MESSAGES), lambda: _read(reader, garbled)])
    reads = _TIMES * len(MESSAGES)
    for key, seconds, note in (
        ("text.read_us", taken[0], "one plain 20-word message, its language detected"),
        ("text.read_evasive_us", taken[1], "the same in seven kinds of garbling at once"),
    ):
        micros = [1e6 * second / reads for second in seconds]
        yield Figure(
            key=key,
            value=median(micros),
            unit="µs CPU",
            bar=300,
            aim=100,
            n=reads * len(micros),
            spread=(min(micros), max(micros)),
            note=f"{note}; bar 300, aim 100, set for this room",
        )


def _read(reader: TextReader, messages: Sequence[str]) -> None:
    for _ in range(_TIMES):
        for message in messages:
            reader(message, None)


def _garble(message: str) -> str:
    """Garble every third word, each in another way."""
    ways = (
        "\u200b".join,
        lambda word: word.translate(str.maketrans("aeo", "аео")),
        lambda word: word.translate(str.maketrans("aeio", "4310")),
        lambda word: "".join(chr(ord(char) + 0xFEE0) if char.isalnum() else char for char in word),
        ".".join,
        lambda word: word + word[-1] * 4,
        lambda word: "".join(
            chr(0x1D41A + ord(char) - 97) if char.isascii() and char.islower() else char
            for char in word
        ),
    )
    words = message.split(" ")
    for turn, at in enumerate(range(0, len(words), 3)):
        words[at] = ways[turn % len(ways)](words[at])
    return " ".join(words)


def _language(reader: TextReader, language: str, lines: Iterator[str]) -> Figure:
    sample = list(islice(lines, _SAMPLE))
    right = sum(reader(line, None).language == language for line in sample)
    return Figure(
        key=f"text.language_{language}",
        value=right / len(sample),
        unit="share",
        bar=0.95,
        aim=0.98,
        n=len(sample),
        lower_is_better=False,
        note="social messages of three words or more; a few are in other languages than labelled",
    )


def _english() -> Iterator[str]:
    for name in ("twitter", "reddit", "youtube"):
        lines = labelled_data(f"pii/social.{name}.txt").read_text("utf-8").splitlines()
        yield from islice(_usable(lines), _SAMPLE // 3)


def _french() -> Iterator[str]:
    with labelled_data("toxicity/train.mlma-fr.csv").open(encoding="utf-8", newline="") as file:
        yield from _usable([row["tweet"] for row in csv.DictReader(file)])


def _usable(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        said = _NOISE.sub("", line)
        if len(_WORD.findall(said)) >= 3:
            yield said
