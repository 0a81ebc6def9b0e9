from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("86095742719 !", "DE", "DE_TAX_ID", "86095742719"),
        ("Steuer-ID: 86 095 742 719", "de", "DE_TAX_ID", "86 095 742 719"),
        ("Steuernummer 181/815/08155", "de", "DE_TAX_NUMBER", "181/815/08155"),
        ("15070649C103 !", "de", "DE_SOCIAL_SECURITY", "15070649C103"),
        ("Rentenversicherungsnummer 15 070649 C 103", "en", "DE_SOCIAL_SECURITY",
         "15 070649 C 103"),
        ("Krankenversichertennummer A123456780", "de", "DE_HEALTH_INSURANCE", "A123456780"),
        ("mein Personalausweis L01X00T47", "de", "DE_ID_CARD", "L01X00T47"),
        ("Reisepass Nr. C01X00T478", "de", "DE_PASSPORT", "C01X00T478"),
        ("Führerschein B072RRE2I55", "de", "DE_DRIVER_LICENSE", "B072RRE2I55"),
        ("Amtsgericht Köln, HRB 12345", "de", "DE_HANDELSREGISTER", "HRB 12345"),
        ("USt-IdNr. DE136695976", "de", "DE_VAT_ID", "DE136695976"),
        ("DE 136 695 976 !", "fr", "DE_VAT_ID", "DE 136 695 976"),
        ("Kennzeichen B-MW 1234", "de", "DE_PLATE", "B-MW 1234"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Steuer-ID: 86 095 742 718", "de"),
        ("86095742719 !", "de"),
        ("Rentenversicherungsnummer 15070649C104", "de"),
        ("Krankenversichertennummer A123456781", "de"),
        ("L01X00T47 !", "de"),
        ("der Ausweis von Kfzhandlr", "de"),
        ("USt-IdNr. DE136695978", "de"),
        ("HRB 12345 !", "en"),
        ("das ist B-MW 1234", "de"),
        ("Saison 2023/2024/20255", "de"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
