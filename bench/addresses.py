"""Street addresses of countries with an address format of their own, made up by Faker, in sentences
of their language."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from faker import Faker

from bench.figure import Figure
from bench.identities import Found, is_whole

SEED = 20261129
_EACH = 200  # addresses of each country


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The addresses of one country. `sentences` hold the whole address, on one line or two;
    `streets` hold its first line alone, with the number, in a text about where somebody lives."""

    name: str
    locale: str
    language: str
    sentences: tuple[str, ...]
    streets: tuple[str, ...]


PLACES = (
    *(
        Place(
            name=name,
            locale=locale,
            language="de",
            sentences=("{}", "Schick es an: {} bitte", "Meine Adresse ist {}.", "Hallo! {}"),
            streets=("Ich wohne {} im dritten Stock", "Treffpunkt: {}"),
        )
        for name, locale in (("Germany", "de_DE"), ("Austria", "de_AT"), ("Switzerland", "de_CH"))
    ),
    Place(
        name="Italy",
        locale="it_IT",
        language="it",
        sentences=("{}", "Spedisci a: {} grazie", "Il mio indirizzo è {}.", "Ciao! {}"),
        streets=("Abito in {} al terzo piano", "Ci vediamo in {} stasera"),
    ),
)


def cases(place: Place, count: int) -> Iterator[tuple[str, str]]:
    """Pairs of sentence and address, alternately the whole address and the street alone."""
    fake = Faker(place.locale)
    fake.seed_instance(SEED)
    draw = random.Random(SEED)  # noqa: S311 - the same draw every time
    for index in range(count):
        whole = fake.address()
        if index % 4 == 3:
            yield draw.choice(place.streets), whole.split("\n")[0]
        else:
            address = whole if draw.random() < 0.5 else whole.replace("\n", ", ")
            yield draw.choice(place.sentences), address


def recall(found: Found) -> Figure:
    """The share of addresses that is stripped whole, in the worst country."""
    shares = {
        place.name: sum(
            is_whole(found, sentence, address, place.language)
            for sentence, address in cases(place, _EACH)
        )
        / _EACH
        for place in PLACES
    }
    worst = min(shares, key=lambda name: shares[name])
    return Figure(
        key="pii.address_recall",
        value=shares[worst],
        unit="recall",
        bar=0.90,
        aim=0.98,
        n=_EACH * len(PLACES),
        spread=(shares[worst], max(shares.values())),
        lower_is_better=False,
        note="street addresses of Faker's, whole and street alone; bar and aim set for this room; "
        + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()),
    )
