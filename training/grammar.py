"""Our own sentences, from small grammars, one file for each language.

A line `$slot = a | b` defines a slot; a line `labels: template` is a sentence. `clean` means no
label. Every other label also implies `toxicity`, except `self_harm` and `sexual_explicit` when they
stand alone. A sentence that is listed twice is drawn from twice as often.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("sentences")
QUOTED = FOLDER / "quoted"
LANGUAGES = ("en", "fr", "es", "de", "zh", "ar")
_SLOT = re.compile(r"\$([a-z]+)")


@dataclass(frozen=True, slots=True)
class Template:
    """One line of a grammar; `times` counts its repetitions."""

    language: str
    labels: frozenset[str]
    text: str
    slots: dict[str, tuple[str, ...]]
    times: int = 1

    @property
    def weight(self) -> int:
        """The number of sentences to draw: more for templates with slots, up to a limit."""
        return self.times * min(12, 2 + 5 * len(_SLOT.findall(self.text)))

    def all(self) -> list[str]:
        """Every sentence of a template whose slots hold no slots, in the order of the values."""
        names = list(dict.fromkeys(_SLOT.findall(self.text)))
        choices = itertools.product(*(self.slots[name] for name in names))
        return [self._filled(dict(zip(names, values, strict=True))) for values in choices]

    def _filled(self, chosen: dict[str, str]) -> str:
        return _SLOT.sub(lambda match: chosen[match.group(1)], self.text)

    def draw(self, random_: random.Random) -> str:
        text = self.text
        for _ in range(3):  # a slot may hold a slot; nothing is deeper
            text = _SLOT.sub(lambda match: random_.choice(self.slots[match.group(1)]), text)
        return text


def templates(language: str, *, folder: Path = FOLDER) -> list[Template]:
    """Every template of one language, in the order of the file."""
    slots: dict[str, tuple[str, ...]] = {}
    lines: list[tuple[str, str]] = []
    for line in (folder / f"{language}.txt").read_text("utf-8").splitlines():
        if line.startswith("$"):
            name, _, values = line[1:].partition(" = ")
            slots[name] = tuple(value.strip() for value in values.split("|"))
        elif line and not line.startswith("#"):
            labels, _, text = line.partition(": ")
            lines.append((labels, text))
    return [
        Template(language, frozenset(labels.split()) - {"clean"}, text, slots, times)
        for (labels, text), times in Counter(lines).items()
    ]


def sentences(
    *, seed: int, scale: float = 1.0, folder: Path = FOLDER
) -> Iterator[tuple[str, str, frozenset[str], int]]:
    """Yield (language, text, labels, template number): distinct sentences, the same for the same
    seed."""
    number = 0
    for language in LANGUAGES:
        for template in templates(language, folder=folder):
            number += 1
            random_ = random.Random(f"{seed} {language} {template.text}")  # noqa: S311
            drawn = {template.draw(random_) for _ in range(max(1, int(template.weight * scale)))}
            for text in sorted(drawn):
                yield language, text, template.labels, number
