from __future__ import annotations

import pytest

from gateway.pii.names import person_in


def seen(text: str, found: str) -> str | None:
    """What is left of `found`, which a model took for a name in `text`."""
    start = text.index(found)
    span = person_in(text, start, start + len(found))
    return None if span is None else text[slice(*span)]


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("John Smith called", "John Smith", "John Smith"),
        ("I saw Jean-Luc O'Brien", "Jean-Luc O'Brien", "Jean-Luc O'Brien"),
        ("with Ronald McDonald today", "Ronald McDonald", "Ronald McDonald"),
        ("Anne DeLuca wrote", "Anne DeLuca", "Anne DeLuca"),
        ("Carrie Fisher's book", "Carrie Fisher's", "Carrie Fisher"),
        ("Ana Dias\nUnit", "Ana Dias\nUnit", "Ana Dias"),
        ("RT: Ada Byron https://t.co/x", "RT: Ada Byron https://t.co/x", "Ada Byron"),
        ("Ada Byron, ", "Ada Byron, ", "Ada Byron"),
    ],
)
def test_what_no_name_holds_is_cut_away(text: str, found: str, name: str) -> None:
    assert seen(text, found) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("thanks @lea_m for this", "lea_m"),
        ("#Glasgow is wet", "Glasgow"),
        ("jsmith99 said", "jsmith99"),
        ("i don need it", "don"),
        ("it is ClimateChange", "ClimateChange"),
        ("at Passauer Strasse tonight", "Passauer Strasse"),
        ("12 Gordon Terrace", "Gordon Terrace"),
        ("in the rue de Victor Hugo", "Victor Hugo"),
        ("29 Lindenhof, ", "Lindenhof"),
        ("at Spinatsch 94", "Spinatsch"),
        ("J! ?", "J! ?"),
    ],
)
def test_what_is_no_name_is_dropped(text: str, found: str) -> None:
    assert seen(text, found) is None


def test_signs_alone_are_no_name() -> None:
    assert person_in("\n\n@@##", 0, 6) is None
    assert person_in("…" * 10_000, 0, 10_000) is None
