from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pii.message import ScannedText
from gateway.pii.recognizers.de.address import led, postcode, street

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("de", "Lindenstraße 12, 10115 Berlin"),
        ("de", "Drubinstraße 47-26\n06690 Groß-Gerau"),
        ("de", "Murat-Heinrich-Allee 7740, 24158 Ochsenfurt"),
        ("de", "Unter den Linden 77, 10117 Berlin"),
        ("de", "Platz der Republik 1, 11011 Berlin"),
        ("de", "Straße des 17. Juni 135, 10623 Berlin"),
        ("de", "Am Kupfergraben 5, 10117 Berlin"),
        ("de", "Kärntner Straße 38, 1010 Wien"),
        ("de", "Mitterlehnerstr. 53, A-4740 Sankt Pölten"),
        ("de", "Bahnhofstrasse 21, 8001 Zürich"),
        ("de", "Hämmerlegasse 8, 8762 Hall in Tirol"),
        ("de", "hauptstr. 5 50667 köln"),
        ("de", "berliner straße 5 50667 köln"),
        ("de", "LINDENSTRASSE 12"),
        ("de", "Rädelplatz 5/8"),
        ("de", "Kastanienweg 3 b"),
        ("de", "Berliner Straße 4a"),
        ("de", "Hauptstr.5"),
        ("en", "Lindenstraße 12, 10115 Berlin"),
        ("en", "lindenstraße 12"),
    ],
)
def test_streets(find: Find, place: str, address: str) -> None:
    assert find(f"ich wohne hier: {address}", place) == [("STREET_ADDRESS", address)]


@pytest.mark.parametrize("city", ["10115 Berlin", "D-50667 Köln", "A-8010 Graz", "80331 münchen"])
def test_postcodes_with_their_city(find: Find, city: str) -> None:
    assert find(f"ich bin in {city} ", "de") == [("POSTCODE_CITY", city)]


@pytest.mark.parametrize(
    "text",
    ["Ich bin auf Parkplatz 3", "Platz 1 in der Tabelle", "Im Jahr 2020 wohnte ich dort",
     "Der Weg 2 ist lang", "im Park 3 Leute", "Auf dem Heimweg 2 Katzen", "Straße 5",
     "Die Allee 3 Meter breit", "Sebring 1958", "12000 Menschen", "25000 Euro", "Am Montag 3 Uhr",
     "Lindenstraße 5 Uhr früh", "Spielstr. 3,50 billiger", "instr 5"],
)  # fmt: skip
def test_others(find: Find, text: str) -> None:
    assert find(text, "de") == []


@pytest.mark.parametrize("text", ["at Alexanderplatz 3 times", "the Ring 2 of fire", "12000 Essen"])
def test_what_is_told_in_german_alone(find: Find, text: str) -> None:
    found = find(text, "en")
    assert [one for one in found if one[0] == "STREET_ADDRESS"] == []


PIECES = ("straße", "str.", "Linden", "Am ", "weg", " ", "12", ", ", "10115 ", "Berlin", "-", "ß")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_what_its_gate_keeps_away_does_not_match(text: str) -> None:
    for rule in (street(), led(), postcode()):
        message = ScannedText(text, frozenset({"de"}))
        assert rule.gate.opens(message) or not list(rule.hits(message, 5))
