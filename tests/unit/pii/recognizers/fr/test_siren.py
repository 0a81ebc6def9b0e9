from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("place", "text", "found"),
    [
        ("fr", "732 829 320", [("FR_SIREN", "732 829 320")]),
        ("fr", "voici 732829320 merci", [("FR_SIREN", "732829320")]),
        ("en", "732 829 320", []),
        ("en", "my SIREN is 732829320", [("FR_SIREN", "732829320")]),
        ("en", "VAT FR44732829320", [("FR_SIREN", "FR44732829320")]),
        ("fr", "VAT FR45732829320", []),
        ("fr", "732 829 321", []),
        ("fr", "111 111 111", []),
        ("fr", "732 829 320 00074", [("FR_SIRET", "732 829 320 00074")]),
        ("en", "73282932000074", [("FR_SIRET", "73282932000074")]),
        ("fr", "La Poste 356 000 000 49837", [("FR_SIRET", "356 000 000 49837")]),
    ],
)
def test_businesses(find: Find, place: str, text: str, found: list[tuple[str, str]]) -> None:
    assert find(text, place) == found


def test_a_siret_needs_both_checksums(find: Find) -> None:
    assert "FR_SIRET" not in [kind for kind, _ in find("732 829 320 00075", "fr")]
