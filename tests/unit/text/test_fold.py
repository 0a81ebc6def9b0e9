from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.fold import Fold
from gateway.text.lexicon import load
from gateway.text.tables import build
from gateway.text.tracked import Tracked

FOLD = Fold(build(), load())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ÉTÉ à Noël", "ete a noel"),
        ("Straße ŒUVRE Łódź Ærø", "strasse oeuvre lodz aero"),
        ("İstanbul IŞIK ığ", "istanbul isik ig"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Ёлка Йод", "елка йод"),
        ("أَهْلًا ٱلسلام مـــوسى", "اهلا السلام موسي"),
        ("שָׁלוֹם", "שלום"),
        ("がぎ 각 हिन्दी", "がぎ 각 हिन्दी"),
        ("Đặng", "dang"),
    ],
)
def test_case_and_accents(text: str, expected: str) -> None:
    assert FOLD(Tracked.of(text), Counter()).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k.1.l.l", "kill"),
        ("F*U*C*K", "fuck"),
        ("b@$tard", "bastard"),
        ("n 1 g h t", "night"),
        ("s-t-u-u-u-u-p-i-d", "stupid"),
        ("k111lll", "kill"),
    ],
)
def test_several_ways_of_garbling_at_once(text: str, expected: str) -> None:
    assert FOLD(Tracked.of(text), Counter()).text == expected


def test_offsets_pass_through_every_step() -> None:
    mapped = FOLD(Tracked.of("œuf É.T.0.I.L.E!"), Counter()).mapped()
    start = mapped.text.index("etoile")
    assert mapped.to_original(start, start + 6) == (4, 15)
    assert mapped.to_original(0, 2) == (0, 1)
