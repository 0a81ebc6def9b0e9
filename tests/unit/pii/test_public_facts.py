from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.model.finding import Detection, Finding, Stage
from gateway.model.text import ReadText
from gateway.pii.public_facts import without_public_facts

FACTS = (
    "Léa Martin",
    "Née à Lyon",
    "contact@lea.fr",
    "Booking : 06 12 34 56 78",
    "https://www.twitch.tv/lea",
    "SIRET 732 829 320 00074",
)


def detection(text: str, value: str, kind: str, **more: bool) -> Detection:
    start = text.index(value)
    finding = Finding(
        stage=Stage.PII,
        kind=kind,
        score=0.9,
        start=start,
        end=start + len(value),
        source="test",
        **more,
    )
    return Detection(stage=Stage.PII, findings=(finding,))


@pytest.mark.parametrize(
    ("value", "kind", "left"),
    [
        ("contact@lea.fr", "EMAIL_ADDRESS", []),
        ("Contact@Lea.fr", "EMAIL_ADDRESS", []),
        ("other@lea.fr", "EMAIL_ADDRESS", ["other@lea.fr"]),
        ("my.contact@lea.fr", "EMAIL_ADDRESS", ["my.contact@lea.fr"]),
        ("ontact@lea.fr", "EMAIL_ADDRESS", ["ontact@lea.fr"]),
        ("contact@lea.f", "EMAIL_ADDRESS", ["contact@lea.f"]),
        ("06.12.34.56.78", "PHONE_NUMBER", []),
        ("+33 6 12 34 56 78", "PHONE_NUMBER", []),
        ("06 12 34 56 79", "PHONE_NUMBER", ["06 12 34 56 79"]),
        ("zéro six douze", "PHONE_NUMBER", ["zéro six douze"]),
        ("twitch.tv/lea", "URL", []),
        ("https://twitch.tv/lea/", "URL", []),
        ("https://twitch.tv/leandra", "URL", ["https://twitch.tv/leandra"]),
        ("https://twitch.tv", "URL", ["https://twitch.tv"]),
        ("73282932000074", "FR_SIRET", []),
        ("732829320", "FR_SIREN", ["732829320"]),
        ("Merci Léa", "PERSON", ["Merci"]),
        ("Léa", "PERSON", []),
        ("Léa Durand", "PERSON", ["Durand"]),
        ("Lyon", "LOCATION", []),
        ("Paris", "LOCATION", ["Paris"]),
    ],
)
def test_what_is_public_is_spared_and_nothing_more(
    reading: Callable[..., ReadText], value: str, kind: str, left: list[str]
) -> None:
    text = f"… {value} !"
    spared = without_public_facts(detection(text, value, kind), reading(text), FACTS)
    assert [text[one.start : one.end] for one in spared.findings] == left


def test_the_deny_list_comes_first(reading: Callable[..., ReadText]) -> None:
    found = detection("Léa Martin", "Léa Martin", "DENY_LIST")
    assert without_public_facts(found, reading("Léa Martin"), FACTS) == found


def test_findings_in_the_humans_message_are_not_ours_to_spare(
    reading: Callable[..., ReadText],
) -> None:
    found = detection("contact@lea.fr", "contact@lea.fr", "EMAIL_ADDRESS", in_human_text=True)
    assert without_public_facts(found, reading("x"), FACTS) == found


def test_without_facts_nothing_changes(reading: Callable[..., ReadText]) -> None:
    found = detection("contact@lea.fr", "contact@lea.fr", "EMAIL_ADDRESS")
    assert without_public_facts(found, reading("contact@lea.fr"), ()) is found
