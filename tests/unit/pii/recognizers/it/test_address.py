from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pii.message import ScannedText
from gateway.pii.recognizers.it.address import street

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("it", "Via Roma 12, 20121 Milano (MI)"),
        ("it", "Viale Goffredo, 19 Appartamento 0\n13031, Arborio (VC)"),
        ("it", "via della Conciliazione 5, 00193 Roma"),
        ("it", "Piazza del Colosseo, 1, 00184 Roma"),
        ("it", "Strada Taliercio, 47\n56011, Gabella (PI)"),
        ("it", "Via Elisa, 991 Appartamento 84\n39053, Cornedo All'Isarco (BZ)"),
        ("it", "via xx settembre 14, 10121 torino"),
        ("it", "C.so Buenos Aires 7, 20124 Milano"),
        ("it", "via Garibaldi n. 7"),
        ("it", "Piazza San Marco 1"),
        ("it", "corso Vittorio Emanuele II 45"),
        ("it", "p.zza Duomo 3/a"),
        ("en", "Via Roma 12, 20121 Milano"),
        ("en", "Piazza San Marco 1"),
    ],
)
def test_streets(find: Find, place: str, address: str) -> None:
    assert find(f"abito in {address}", place) == [("STREET_ADDRESS", address)]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("it", "Vado via Marco 2 volte"),
        ("it", "corso Python 3"),
        ("it", "la strada 66 è lunga"),
        ("it", "in piazza 3 persone"),
        ("en", "I saw it via Twitter 3 times"),
        ("en", "Sent via iPhone 6"),
        ("en", "paid via PayPal 20 dollars"),
        ("fr", "vu via Facebook 2"),
    ],
)
def test_others(find: Find, place: str, text: str) -> None:
    assert find(text, place) == []


PIECES = (
    "via ",
    "Roma",
    " ",
    "12",
    ", ",
    "20121 ",
    "Milano",
    "corso ",
    "del ",
    "n. ",
    "snc",
    "p.zza ",
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_what_its_gate_keeps_away_does_not_match(text: str) -> None:
    rule, message = street(), ScannedText(text, frozenset({"it"}))
    assert rule.gate.opens(message) or not list(rule.hits(message, 5))
